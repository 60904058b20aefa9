/**
 * Distinguishes a torn write from an edit by someone else (spec, section 6).
 *
 * @module
 */

/** The content of a proxy's file next to an interrupted write. */
export type ContentState = "old" | "new" | "torn" | "foreign";

/**
 * Classifies the content of a file after an interrupted `writeInPlace` (`files.ts`).
 *
 * The write goes from start to end, then sets the length, then syncs. A kill in between leaves the start of the new content
 * and the rest of the old one. After a power cut, each block on the disk may be new, old, or never written, which reads as
 * zeros. So a file is torn if the write can leave its length, and each of its blocks is the start of the new block, then
 * the old one, then zeros. Any other content is foreign, including a file shorter than both contents. An edit by hand is
 * foreign too, unless it repeats the agent's own change, and then completing it loses nothing.
 */
export function classify(content: Uint8Array, before: Uint8Array, after: Uint8Array): ContentState {
  if (isEqual(content, before)) return "old";
  if (isEqual(content, after)) return "new";
  const { length } = content;
  const possible = after.length < before.length
    ? length === before.length || length === after.length
    : length >= before.length && length <= after.length;
  if (!possible) return "foreign";
  for (let start = 0; start < length; start += BLOCK_BYTES) {
    if (!isTornBlock(content, start, Math.min(start + BLOCK_BYTES, length), before, after)) return "foreign";
  }
  return "torn";
}

/** The smallest unit that disks write. */
const BLOCK_BYTES = 512;

function isTornBlock(
  content: Uint8Array,
  start: number,
  end: number,
  before: Uint8Array,
  after: Uint8Array,
): boolean {
  let at = start;
  while (at < end && content[at] === after[at]) at++;
  while (at < end && content[at] === before[at]) at++;
  while (at < end && content[at] === 0) at++;
  return at === end;
}

/** Whether two contents are the same, byte for byte. */
export function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}
