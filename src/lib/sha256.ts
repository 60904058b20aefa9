/**
 * SHA-256.
 *
 * @module
 */

import { createHash } from "node:crypto";

const BUFFER_BYTES = 64 * 1024;

/** The hash of bytes, in hexadecimal. */
export async function sha256Hex(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}

/** The hash of a file, in hexadecimal, without having all of it in memory. */
export async function sha256HexOfFile(path: string): Promise<string> {
  const hash = createHash("sha256");
  using file = await Deno.open(path);
  // One buffer for all of it: a new one for each piece would stay in memory until the next garbage collection.
  const buffer = new Uint8Array(BUFFER_BYTES);
  for (let size = await file.read(buffer); size !== null; size = await file.read(buffer)) {
    hash.update(buffer.subarray(0, size));
  }
  return hash.digest("hex");
}
