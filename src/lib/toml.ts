/**
 * Reading TOML: the one door to the TOML library, with errors that name the file and the place in it.
 *
 * Editing a file that belongs to somebody else is `toml_edit.ts`.
 *
 * @module
 */

import { parse, TomlDocument } from "@decimalturn/toml-patch";
import { tomlMistake } from "./toml_mistakes.ts";

/** A node of the library's concrete syntax tree at the top level of a document. */
export type TomlBlock = TomlDocument["cst"][number];

/** A table as parsed: an object without prototype, so that a key such as `__proto__` is a key like any other. */
export type TomlTable = Record<string, unknown>;

/** Whether a parsed value is a table. */
export function isTable(value: unknown): value is TomlTable {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Date);
}

/** A text that is not TOML. */
export class TomlError extends Error {
  override readonly name = "TomlError";
  /** The file, or whatever the caller named the text. */
  readonly source: string;
  /** Line, from 1. */
  readonly line: number;
  /** Column in UTF-16 code units, from 1. */
  readonly column: number;
  /** What is wrong there, without place and file, and without anything of the text, which may hold secrets. */
  readonly reason: string;

  constructor(place: { source: string; line: number; column: number; reason: string }) {
    super(
      `Cannot parse ${place.source} as TOML: line ${place.line}, column ${place.column}: ${place.reason}; ` +
        "correct that line",
    );
    this.source = place.source;
    this.line = place.line;
    this.column = place.column;
    this.reason = place.reason;
  }
}

/** Options of {@linkcode parseToml}. */
export interface ParseTomlOptions {
  /** The file's path, for messages. */
  readonly source: string;
  /**
   * `"when-needed"`: integers are numbers, and bigints beyond 2^53. `"always"`: integers are bigints, which
   * tells `5` from `5.0`.
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
  return located(source, () => parse(text, { integersAsBigInt: bigintIntegers === "always" || "asNeeded" }));
}

/**
 * The syntax tree of a TOML text. Its `loc` lines count from 1 and columns from 0, in UTF-16 code units.
 *
 * @throws {TomlError} when the text is not TOML
 */
export function parseTomlTree(text: string, options: { source: string }): readonly TomlBlock[] {
  return located(options.source, () => [...new TomlDocument(text).cst]);
}

/** A key such as `0.45` that was meant as a decimal and that TOML reads as two nested keys. */
export interface UnquotedDecimalKey {
  /** The key as written, `0.45`. */
  readonly key: string;
  /** The names of the table it stands in, `["workers", "worker_sizes"]`. */
  readonly table: readonly string[];
  /** Line, from 1. */
  readonly line: number;
  /** Column, from 1. */
  readonly column: number;
}

/**
 * Finds keys that look like decimals and are not quoted. `0.45 = 2` is valid TOML, but means a table `0` with a
 * key `45`; whoever expects a decimal as a key (spec, section 9: `worker_sizes`) can say so by this list.
 *
 * @throws {TomlError} when the text is not TOML
 */
export function findUnquotedDecimalKeys(text: string, options: { source: string }): UnquotedDecimalKey[] {
  const found: UnquotedDecimalKey[] = [];
  type Value = Extract<TomlBlock, { type: "KeyValue" }>["value"];
  const visitValue = (value: Value, table: readonly string[]): void => {
    if (value.type === "InlineTable") { for (const entry of value.items) visit(entry.item, table); }
    if (value.type === "InlineArray") {
      for (const entry of value.items) visitValue(entry.item as Value, table);
    }
  };
  const visit = (block: TomlBlock, table: readonly string[]): void => {
    if (block.type === "Table" || block.type === "TableArray") {
      for (const row of block.items) visit(row, block.key.item.value);
    } else if (block.type === "KeyValue") {
      const { key, value } = block;
      if (/^\d+\s*\.\s*\d+$/.test(key.raw)) {
        const { line, column } = key.loc.start;
        found.push({ key: key.value.join("."), table, line, column: column + 1 });
      }
      visitValue(value, [...table, ...key.value]);
    }
  };
  for (const block of parseTomlTree(text, options)) visit(block, []);
  return found;
}

/** Runs a parse and gives the library's error (its class is not exported) our shape. */
function located<T>(source: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    const { message, line, column } = error as Error & { line?: unknown; column?: unknown };
    if (typeof line !== "number" || typeof column !== "number") throw error;
    // Above the reason stand a headline and, unless the line is empty, that line with a mark below it.
    const [, , mark = "", ...below] = message.split("\n");
    const reason = /^ *\^$/.test(mark) ? below.join("\n") : message.split("\n").slice(1).join("\n");
    throw new TomlError({ source, line, column: column + 1, reason: tomlMistake(reason) });
  }
}
