/**
 * Writing text to a stream such as `Deno.stdout`.
 *
 * @module
 */

/** The destination of a text, such as `Deno.stderr`. */
export interface TextStream {
  /** Returns how many bytes were taken. */
  writeSync(bytes: Uint8Array): number;
}

/** Writes a whole text, also where the stream takes a part at a time, as a full pipe does. */
export function writeText(stream: TextStream, text: string): void {
  let rest = new TextEncoder().encode(text);
  while (rest.length > 0) rest = rest.subarray(stream.writeSync(rest));
}
