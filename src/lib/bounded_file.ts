/**
 * Reads files that somebody else writes: never more of one than a limit.
 *
 * @module
 */

/** A file is larger than its reader allows. The message says how large it may be. */
export class FileTooLargeError extends Error {
  override readonly name = "FileTooLargeError";

  constructor(readonly maxBytes: number) {
    super(`it is larger than ${maxBytes} bytes`);
  }
}

/**
 * The content of a file.
 *
 * @throws {FileTooLargeError} if there is more than `maxBytes` of it.
 * @throws {Error} of `Deno.errors` if it cannot be read.
 */
export async function readBounded(path: string, maxBytes: number): Promise<Uint8Array<ArrayBuffer>> {
  using file = await Deno.open(path);
  return await readOpen(file, maxBytes);
}

/**
 * The rest of an open file, which stays open.
 *
 * @throws {FileTooLargeError} if there is more than `maxBytes` of it.
 */
export async function readOpen(file: Deno.FsFile, maxBytes: number): Promise<Uint8Array<ArrayBuffer>> {
  // A file that is being written, or made by the kernel, has more than its size says.
  const { size } = await file.stat();
  let bytes = new Uint8Array(Math.min(size, maxBytes) + 1);
  let length = 0;
  while (true) {
    const count = await file.read(bytes.subarray(length));
    if (count === null) return bytes.subarray(0, length);
    length += count;
    if (length > maxBytes) throw new FileTooLargeError(maxBytes);
    if (length === bytes.length) {
      const larger = new Uint8Array(Math.min(2 * length, maxBytes) + 1);
      larger.set(bytes);
      bytes = larger;
    }
  }
}
