/**
 * Telling what an interrupted write left from what somebody else wrote (spec, section 6).
 *
 * @module
 */

/** The content of a proxy's file next to an interrupted write. */
export type ContentState = "old" | "new" | "torn" | "foreign";

/**
 * Tells what an interrupted `writeInPlace` (`files.ts`) left from what somebody else wrote.
 *
 * The write runs from the start to the end, then sets the length, then syncs. Killed in between, it leaves the
 * start of the new content and the rest of the old one. After a power cut the disk may have any of the blocks, new
 * or old, and blocks never filled, which read as zeros. So a file is torn when its length is one that the write can
 * leave, and each of its blocks is the start of the new block, then the old one, then zeros. An edit by hand is
 * `foreign` by that unless it repeats our own change, and then nothing is lost by finishing it. What the write
 * never leaves is foreign, too: a file shorter than both contents, an empty one.
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
