/**
 * Result documents: the JSON that other programs read from stdout.
 *
 * @module
 */

import { printable } from "./printable.ts";

/**
 * Converts a result for printing: keys in snake_case as in the log, bigints as text, `undefined` left out.
 * Every key is converted, so data such as hotkeys and paths must be in values.
 */
export function toDocument(value: unknown): unknown {
  if (typeof value === "bigint") return value.toString();
  if (Array.isArray(value)) return value.map(toDocument);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, item]) => item !== undefined)
      .map(([key, item]) => [snakeCase(key), toDocument(item)]),
  );
}

/** The text of a result document, which ends with a line feed and has no raw control characters. */
export function documentText(value: unknown): string {
  return `${printable(JSON.stringify(toDocument(value), null, 2))}\n`;
}

/** Converts the keys of a printed result back to camelCase; former bigints stay text. */
export function fromDocument(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(fromDocument);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [camelCase(key), fromDocument(item)]));
}

function camelCase(key: string): string {
  return key.replace(/_([a-z])/g, (_match, letter: string) => letter.toUpperCase());
}

function snakeCase(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
