/**
 * Reading TOML: wraps the TOML library, with errors that name the file and the position in it. `toml_edit.ts`
 * edits files that belong to other programs.
 *
 * @module
 */

import { parse, TomlDocument } from "@decimalturn/toml-patch";
import { tomlMistake } from "./toml_mistakes.ts";

/** A node of the library's concrete syntax tree at the top level of a document. */
export type TomlBlock = TomlDocument["cst"][number];

/** A parsed table: an object without prototype, so that `__proto__` is an ordinary key. */
export type TomlTable = Record<string, unknown>;

export function isTable(value: unknown): value is TomlTable {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Date);
}

/** A text is not TOML. */
export class TomlError extends Error {
  override readonly name = "TomlError";

  /**
   * @param source the file, or what the caller calls the text.
   * @param line from 1.
   * @param column from 1, in UTF-16 code units.
   * @param reason what is wrong, without position, file or any of the text, which may hold secrets.
   */
  constructor(
    readonly source: string,
    readonly line: number,
    readonly column: number,
    readonly reason: string,
  ) {
    super(`Cannot parse ${source} as TOML: line ${line}, column ${column}: ${reason}; correct that line`);
  }
}

/** Options of {@linkcode parseToml}. */
export interface ParseTomlOptions {
  /** The file's path, for messages. */
  readonly source: string;
  /**
   * `"when-needed"`: integers are numbers, and bigints beyond 2^53. `"always"`: integers are bigints, which
   * distinguishes `5` from `5.0`.
   *
   * @default "when-needed"
   */
  readonly bigintIntegers?: "when-needed" | "always";
}

/**
 * Parses a TOML text (TOML 1.1; LF or CRLF; a leading byte order mark is skipped).
 *
 * @throws {TomlError} when the text is not TOML
 */
export function parseToml(text: string, options: ParseTomlOptions): TomlTable {
  const { source, bigintIntegers = "when-needed" } = options;
  const integersAsBigInt = bigintIntegers === "always" || "asNeeded";
  return located(source, text, (part) => parse(part, { integersAsBigInt }));
}

/**
 * The syntax tree of a TOML text. Its `loc` lines count from 1 and columns from 0, in UTF-16 code units.
 *
 * @throws {TomlError} when the text is not TOML
 */
export function parseTomlTree(text: string, options: { source: string }): readonly TomlBlock[] {
  return located(options.source, text, (part) => [...new TomlDocument(part).cst]);
}

/** A key such as `0.45` that was meant as a decimal but that TOML reads as two nested keys. */
export interface UnquotedDecimalKey {
  /** The key as written, `0.45`. */
  readonly key: string;
  /** The table that holds it, `["workers", "worker_sizes"]`. */
  readonly table: readonly string[];
  /** From 1. */
  readonly line: number;
}

/**
 * Finds unquoted keys that look like decimals. `0.45 = 2` is valid TOML, but means a table `0` with a key
 * `45`. Callers that expect decimals as keys (spec, section 9: `worker_sizes`) report them from this list.
 *
 * @throws {TomlError} when the text is not TOML
 */
export function findUnquotedDecimalKeys(text: string, options: { source: string }): UnquotedDecimalKey[] {
  const found: UnquotedDecimalKey[] = [];
  type Value = Extract<TomlBlock, { type: "KeyValue" }>["value"];
  const visitValue = (value: Value, table: readonly string[]): void => {
    if (value.type === "InlineTable") value.items.forEach(({ item }) => visit(item, table));
    if (value.type === "InlineArray") value.items.forEach(({ item }) => visitValue(item as Value, table));
  };
  const visit = (block: TomlBlock, table: readonly string[]): void => {
    if (block.type === "Table" || block.type === "TableArray") {
      block.items.forEach((row) => visit(row, block.key.item.value));
    } else if (block.type === "KeyValue") {
      const { key, value } = block;
      if (/^\d+\s*\.\s*\d+$/.test(key.raw)) {
        found.push({ key: key.value.join("."), table, line: key.loc.start.line });
      }
      visitValue(value, [...table, ...key.value]);
    }
  };
  parseTomlTree(text, options).forEach((block) => visit(block, []));
  return found;
}

/** Parses a text and converts the library's error, whose class is not exported. */
function located<T>(source: string, text: string, run: (text: string) => T): T {
  try {
    return run(text);
  } catch (error) {
    if (!isLocated(error)) throw new TomlError(source, failingLine(text, run), 1, tomlMistake(""));
    const { message, line, column } = error;
    // The reason follows a headline and, unless the line is empty, that line with a mark below it.
    const [, , mark = "", ...below] = message.split("\n");
    const reason = /^ *\^$/.test(mark) ? below.join("\n") : message.split("\n").slice(1).join("\n");
    throw new TomlError(source, line, column + 1, tomlMistake(reason));
  }
}

interface LibraryError extends Error {
  readonly line: number;
  readonly column: number;
}

function isLocated(error: unknown): error is LibraryError {
  const { line, column } = error as Partial<LibraryError>;
  return typeof line === "number" && typeof column === "number";
}

/** The line, from 1, at which the library fails while it words its error: the first one up to which a text makes it fail so. */
function failingLine(text: string, run: (text: string) => unknown): number {
  const lines = text.split("\n");
  const failsUpTo = (count: number): boolean => {
    try {
      run(lines.slice(0, count).join("\n"));
      return false;
    } catch (error) {
      return !isLocated(error);
    }
  };
  let [good, failing] = [0, lines.length];
  while (failing - good > 1) {
    const middle = Math.floor((good + failing) / 2);
    if (failsUpTo(middle)) failing = middle;
    else good = middle;
  }
  return failing;
}
