/**
 * Reads text as the validators' Python does: `str.strip()`, `int()` and string comparison, where JavaScript differs (white
 * space, digits of other scripts, underscores, digit limits, order).
 *
 * @module
 */

import { ProtocolError } from "./errors.ts";

/** CPython refuses to convert more decimal digits (`sys.int_info.default_max_str_digits`). */
export const MAX_DECIMAL_DIGITS = 4300;

// `trim()` removes U+FEFF, which Python keeps, and keeps U+001C to U+001F and U+0085, which Python removes.
const SPACE = "\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";
const OUTER_SPACE = new RegExp(`^[${SPACE}]+|[${SPACE}]+$`, "g");
const ANY_SPACE = new RegExp(`^[${SPACE}]$`);
const DECIMAL_DIGIT = /^\p{Nd}$/u;
const DECIMAL_DIGITS = /^\p{Nd}*$/u;

// int() skips only ASCII white space, after other white space has been converted to spaces.
const DECIMAL_INTEGER = /^[\t-\r ]*([+-]?)(\d+(?:_\d+)*)[\t-\r ]*$/;
const HEX_INTEGER = /^[\t-\r ]*([+-]?)(?:0x_?)?([\da-f]+(?:_[\da-f]+)*)[\t-\r ]*$/i;

/** `str.strip()`: the text without leading and trailing white space. */
export function stripSpace(text: string): string {
  return text.replace(OUTER_SPACE, "");
}

/** Whether every character is a decimal digit of any script (Unicode category Nd); true for the empty text. */
export function isDecimalDigits(text: string): boolean {
  return DECIMAL_DIGITS.test(text);
}

/** Converts decimal digits of any script to ASCII digits; other characters stay. */
export function toAsciiDigits(text: string): string {
  return text.replace(/[^\0-\x7f]/gu, (character) => {
    if (!DECIMAL_DIGIT.test(character)) return character;
    // Unicode encodes the digits 0 to 9 of a script contiguously, so the position in the run is the value.
    const codePoint = character.codePointAt(0)!;
    let first = codePoint;
    while (DECIMAL_DIGIT.test(String.fromCodePoint(first - 1))) first--;
    return String((codePoint - first) % 10);
  });
}

/**
 * `int(text, base)`: surrounding white space, one sign, digits of any script, single underscores between digits, and
 * in base 16 an optional `0x`.
 *
 * @returns the integer, or `null` if Python raises ValueError.
 */
export function readPythonInteger(text: string, base: 10 | 16 = 10): bigint | null {
  const ascii = toAsciiDigits(text).replace(/[^\0-\x7f]/gu, (c) => ANY_SPACE.test(c) ? " " : "?");
  const match = (base === 10 ? DECIMAL_INTEGER : HEX_INTEGER).exec(ascii);
  if (match === null) return null;
  const digits = match[2]!.replaceAll("_", "");
  if (base === 10 && digits.length > MAX_DECIMAL_DIGITS) return null;
  const magnitude = BigInt(base === 10 ? digits : `0x${digits}`);
  return match[1] === "-" ? -magnitude : magnitude;
}

/**
 * {@linkcode readPythonInteger} in base 10 for text that must be an integer.
 *
 * @param what names the value in the error, such as `"worker count"`.
 * @throws {ProtocolError} if the text is not an integer.
 */
export function parsePythonInteger(text: string, what: string): bigint {
  const value = readPythonInteger(text);
  if (value === null) {
    throw new ProtocolError(`Cannot read the ${what}: ${quote(text)} is not an integer`);
  }
  return value;
}

/** Compares text by code point, as Python does; JavaScript's `<` compares UTF-16 code units. */
export function compareByCodePoint(a: string, b: string): number {
  const left = [...a];
  const right = [...b];
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const difference = left[i]!.codePointAt(0)! - right[i]!.codePointAt(0)!;
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}

/** Quotes foreign text for a message, cut after 60 characters. */
export function quote(text: string): string {
  const characters = [...text];
  return JSON.stringify(characters.length > 60 ? `${characters.slice(0, 60).join("")}…` : text);
}
