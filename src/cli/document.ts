/**
 * Result documents: what programs read on stdout.
 *
 * @module
 */

/**
 * A result as it is printed: keys in snake_case as in the log, bigints as text, `undefined` left out.
 * Keys that are data (hotkeys, paths) stand in values, never in keys.
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

function snakeCase(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
