/**
 * Command-line arguments: the one place that knows `parseArgs` of `node:util` (a stand-in for `@std/cli`).
 *
 * @module
 */

import { parseArgs, type ParseArgsConfig } from "node:util";

/** The options a command understands, as `node:util` describes them. */
export type OptionSpecs = NonNullable<ParseArgsConfig["options"]>;

/** Wrong usage of the command line; the message says what and, where it can, what instead. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** What {@link parseArguments} found. */
export interface ParsedArguments {
  readonly values: Readonly<Record<string, string | boolean | undefined>>;
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
    return { values: values as ParsedArguments["values"], positionals };
  } catch (error) {
    if (error instanceof TypeError) throw new UsageError(error.message, { cause: error });
    throw error;
  }
}
