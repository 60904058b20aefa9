/**
 * Text as gzip.
 *
 * @module
 */

import { FileTooLargeError } from "./bounded_file.ts";

const MAGIC = [0x1f, 0x8b] as const;

/** Compresses text. */
export async function gzip(text: string): Promise<Uint8Array<ArrayBuffer>> {
  const stream = new Blob([text]).stream().pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/**
 * The text of a file that may be compressed.
 *
 * @throws {FileTooLargeError} if the text has more than `maxBytes`.
 * @throws {TypeError} if it starts like gzip and is damaged.
 */
export async function gunzip(bytes: Uint8Array<ArrayBuffer>, maxBytes: number): Promise<string> {
  if (!MAGIC.every((byte, i) => bytes[i] === byte)) return new TextDecoder().decode(bytes);
  const decoder = new TextDecoder();
  let [text, length] = ["", 0];
  for await (const chunk of new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))) {
    length += chunk.length;
    if (length > maxBytes) throw new FileTooLargeError(maxBytes);
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}
