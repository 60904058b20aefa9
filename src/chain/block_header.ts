/**
 * What a node says a block's header is.
 *
 * @module
 */

/** The block's number, which nodes write in hexadecimal; `null` if it is not a header with one. */
export function headerNumber(header: unknown): number | null {
  if (typeof header !== "object" || header === null || !("number" in header)) return null;
  const { number } = header;
  // Only text can be converted: an object may make the conversion fail.
  if (typeof number !== "string" || !/^0x[\da-f]{1,14}$/i.test(number)) return null;
  const value = Number(number);
  return Number.isSafeInteger(value) ? value : null;
}
