/**
 * What the scripts share: printing, and options that are whole numbers.
 *
 * @module
 */

import { UsageError } from "../src/lib/args.ts";
import { printable } from "../src/lib/printable.ts";
import { writeText } from "../src/lib/text_stream.ts";

/** Prints a line, or several, on stdout. */
export function say(text: string): void {
  writeText(Deno.stdout, `${printable(text)}\n`);
}

/** Prints a headline on stdout. */
export function sayTitle(text: string): void {
  say(`\n── ${text} ${"─".repeat(Math.max(0, 90 - text.length))}`);
}

/** Prints a line on stderr. */
export function complain(text: string): void {
  writeText(Deno.stderr, `${printable(text)}\n`);
}

/**
 * The value of an option that takes a whole number.
 *
 * @param option as the user types it, `--windows`.
 * @throws {UsageError}
 */
export function wholeNumber(option: string, text: unknown, least = 0, most = Infinity): number {
  const value = /^\d{1,15}$/.test(String(text)) ? Number(text) : NaN;
  if (value >= least && value <= most) return value;
  const upTo = most === Infinity ? "" : ` to ${most}`;
  throw new UsageError(`${option} must be a whole number from ${least}${upTo}; it is ${text}`);
}
