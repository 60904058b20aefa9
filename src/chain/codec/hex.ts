/**
 * Bytes as nodes write them. Pure.
 *
 * @module
 */

/** The bytes of `0x` and hex; `null` for anything else. */
export function bytesOfHex(text: unknown): Uint8Array<ArrayBuffer> | null {
  if (typeof text !== "string" || !text.startsWith("0x")) return null;
  try {
    return Uint8Array.fromHex(text.slice(2));
  } catch {
    return null;
  }
}

/** `0x` and lowercase hex. */
export function hexOf(bytes: Uint8Array): `0x${string}` {
  return `0x${bytes.toHex()}`;
}
