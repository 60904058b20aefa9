/**
 * Text as gzip.
 *
 * @module
 */

const MAGIC = [0x1f, 0x8b] as const;

/** Compresses text. */
export async function gzip(text: string): Promise<Uint8Array<ArrayBuffer>> {
  const stream = new Blob([text]).stream().pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/**
 * The text of a file that may be compressed.
 *
 * @throws {TypeError} if it starts like gzip and is damaged.
 */
export async function gunzip(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  if (!MAGIC.every((byte, i) => bytes[i] === byte)) return new TextDecoder().decode(bytes);
  return await new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).text();
}
