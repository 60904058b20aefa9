/**
 * Takes the secrets out of a hotkey file's bytes before the rest becomes a text: a text cannot be overwritten.
 *
 * @module
 */

import { bytesOffHeap } from "./bytes_off_heap.ts";

/** The keys whose values are secret. */
const SECRET_KEYS = ["secretPhrase", "secretSeed", "privateKey"] as const;
/** One of {@linkcode SECRET_KEYS}. */
export type SecretKey = typeof SECRET_KEYS[number];

/** A file without its secrets. */
export interface SeparatedFile {
  /** The file with an `x` for each byte of a secret; JSON if the file is. */
  readonly text: string;
  /** The texts of the secrets in UTF-8, without white space around. Whoever takes them overwrites them. */
  readonly secrets: ReadonlyMap<SecretKey, Uint8Array>;
}

const code = (char: string): number => char.charCodeAt(0);
const [QUOTE, BACKSLASH, COLON, MASK] = [code('"'), code("\\"), code(":"), code("x")];
const OPENING = [code("{"), code("[")];
const CLOSING = [code("}"), code("]")];
const WHITE_SPACE = [code(" "), code("\t"), code("\n"), code("\r")];
const PLAIN_ESCAPES = [QUOTE, BACKSLASH, code("/")];
/** What a letter stands for after a backslash. */
const ESCAPES = new Map([["b", "\b"], ["f", "\f"], ["n", "\n"], ["r", "\r"], ["t", "\t"]].map(
  ([letter, char]) => [code(letter!), code(char!)] as const,
));
/** Makes a text that is no JSON remain so. */
const NOT_JSON = 0;
/** For a character that occurs in no secret. */
const NO_SECRET = 0xff;

/**
 * Separates the secrets of a JSON object from the rest, and overwrites the bytes. Where a key occurs twice, the last value
 * counts, as in JSON.
 *
 * @param bytes in UTF-8.
 */
export function separateSecrets(bytes: Uint8Array): SeparatedFile {
  const secrets = new Map<SecretKey, Uint8Array>();
  let depth = 0;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at]!;
    if (OPENING.includes(byte)) depth++;
    if (CLOSING.includes(byte)) depth--;
    if (byte !== QUOTE) continue;
    const end = endOfString(bytes, at + 1);
    const key = secretKeyOf(bytes.subarray(at + 1, end));
    at = end;
    const colonAt = nextToken(bytes, end + 1);
    if (key === undefined || bytes[colonAt] !== COLON) continue;
    const valueAt = nextToken(bytes, colonAt + 1);
    if (bytes[valueAt] !== QUOTE) continue;
    at = endOfString(bytes, valueAt + 1);
    const value = bytes.subarray(valueAt + 1, at);
    if (depth === 1) {
      secrets.get(key)?.fill(0);
      secrets.set(key, trimmed(unescaped(value)));
    }
    value.fill(isJsonString(value) ? MASK : NOT_JSON);
  }
  const text = new TextDecoder().decode(bytes);
  bytes.fill(0);
  return { text, secrets };
}

/** The place of the quote that ends a string, or the end of the bytes. */
function endOfString(bytes: Uint8Array, start: number): number {
  let at = start;
  while (at < bytes.length && bytes[at] !== QUOTE) at += bytes[at] === BACKSLASH ? 2 : 1;
  return Math.min(at, bytes.length);
}

function nextToken(bytes: Uint8Array, start: number): number {
  let at = start;
  while (WHITE_SPACE.includes(bytes[at]!)) at++;
  return at;
}

function secretKeyOf(name: Uint8Array): SecretKey | undefined {
  const bytes = unescaped(name);
  return SECRET_KEYS.find((key) =>
    bytes.length === key.length && bytes.every((byte, index) => byte === code(key[index]!))
  );
}

/** Whether bytes may stand between the quotes of a string of JSON. */
function isJsonString(string: Uint8Array): boolean {
  for (let at = 0; at < string.length; at++) {
    const byte = string[at]!;
    if (byte < 0x20) return false;
    if (byte !== BACKSLASH) continue;
    const escaped = string[++at]!;
    if (escaped === code("u")) {
      const digits = string.subarray(at + 1, at + 5);
      if (digits.length < 4 || digits.some((digit) => hexDigit(digit) === null)) return false;
    } else if (!ESCAPES.has(escaped) && !PLAIN_ESCAPES.includes(escaped)) return false;
  }
  return true;
}

/** The bytes that a string of JSON stands for. */
function unescaped(string: Uint8Array): Uint8Array {
  const bytes = bytesOffHeap(string.length);
  let length = 0;
  for (let at = 0; at < string.length; at++) {
    let byte = string[at]!;
    if (byte === BACKSLASH) {
      byte = string[++at]!;
      if (byte === code("u")) {
        byte = hexNumber(string.subarray(at + 1, at + 5));
        at += 4;
      } else byte = ESCAPES.get(byte) ?? byte;
    }
    bytes[length++] = byte;
  }
  return bytes.subarray(0, length);
}

/** Four hexadecimal digits that stand for an ASCII character. */
function hexNumber(digits: Uint8Array): number {
  let number = 0;
  for (const digit of digits) number = number * 16 + (hexDigit(digit) ?? NO_SECRET);
  return digits.length === 4 && number < 0x80 ? number : NO_SECRET;
}

function trimmed(bytes: Uint8Array): Uint8Array {
  let [start, end] = [0, bytes.length];
  while (start < end && WHITE_SPACE.includes(bytes[start]!)) start++;
  while (start < end && WHITE_SPACE.includes(bytes[end - 1]!)) end--;
  return bytes.subarray(start, end);
}

/**
 * Decodes hexadecimal digits, with or without `0x` before them.
 *
 * @returns the bytes, of which one too few comes of an odd number of digits; `null` if something else is among the digits.
 */
export function decodeHex(
  text: Uint8Array,
): { readonly bytes: Uint8Array; readonly digitCount: number } | null {
  const hasPrefix = text[0] === code("0") && (text[1]! | 0x20) === code("x");
  const digits = text.subarray(hasPrefix ? 2 : 0);
  const bytes = bytesOffHeap(digits.length >> 1);
  for (const [index, char] of digits.entries()) {
    const digit = hexDigit(char);
    if (digit === null) {
      bytes.fill(0);
      return null;
    }
    if (index >> 1 < bytes.length) bytes[index >> 1]! |= index % 2 === 0 ? digit << 4 : digit;
  }
  return { bytes, digitCount: digits.length };
}

function hexDigit(char: number): number | null {
  if (char >= code("0") && char <= code("9")) return char - code("0");
  const letter = (char | 0x20) - code("a");
  return letter >= 0 && letter < 6 ? letter + 10 : null;
}
