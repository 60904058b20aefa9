/**
 * Bytes for secrets, in a file without a library: the parser of hotkey files needs them, too.
 *
 * @module
 */

/** Zeroed bytes outside of the heap of JavaScript, which keeps small arrays in itself and moves them about. */
export function bytesOffHeap(length: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(new ArrayBuffer(length));
}
