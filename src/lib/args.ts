/**
 * Command-line arguments: wraps `parseArgs` of `node:util`.
 *
 * @module
 */

import { parseArgs, type ParseArgsConfig } from "node:util";

/** The options of a command, as `node:util` describes them. */
export type OptionSpecs = NonNullable<ParseArgsConfig["options"]>;

/** The command line is wrong; the message says what is wrong and, where possible, what to write instead. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

export interface ParsedArguments {
  readonly values: Readonly<Record<string, string | boolean | undefined>>;
  /** The options that may be repeated; the others are in `values`. */
  readonly lists: Readonly<Record<string, readonly string[] | undefined>>;
  readonly positionals: readonly string[];
}

/**
 * Parses arguments strictly: an unknown option or a missing value is an error.
 *
 * @throws {UsageError}
 */
export function parseArguments(args: readonly string[], options: OptionSpecs): ParsedArguments {
  try {
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true });
    const [lists, single] = [true, false].map((isList) =>
      Object.fromEntries(Object.entries(values).filter(([, value]) => Array.isArray(value) === isList))
    );
    return {
      values: single as ParsedArguments["values"],
      lists: lists as ParsedArguments["lists"],
      positionals,
    };
  } catch (error) {
    if (error instanceof TypeError) throw new UsageError(error.message, { cause: error });
    throw error;
  }
}
