/**
 * A write that was interrupted, for tests.
 *
 * @module
 */

import { type Journal, journalWrite, writeJournal } from "../../../src/delivery/proxies/journal.ts";
import { MemoryFiles } from "./memory_files.ts";

/** The content before the write. */
export const OLD = "# a\nweight = 1\n# b\n";
/** The content after it. */
export const NEW = '# a\ntarget_hashrate = "450TH/s"\n# b\n';

export const TARGET = "/proxy/pools.toml";
export const JOURNAL = "/state/routing-1.json";

/** The journal while it is under way. */
export const WRITE: Journal = { write: journalWrite(5, OLD, NEW), reload: null };

/** What a process killed after `count` bytes leaves: nothing has been cut yet. */
export function torn(before: string, after: string, count: number): string {
  return after.slice(0, count) + before.slice(count);
}

/** A disk with the proxy's file, or without, and its journal. */
export async function diskWith(content: string | null, journal: Journal): Promise<MemoryFiles> {
  const files = new MemoryFiles(TARGET);
  files.folders.add("/proxy");
  if (content !== null) files.setText(TARGET, content);
  await writeJournal(files, JOURNAL, TARGET, journal);
  return files;
}
