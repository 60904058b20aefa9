/**
 * What the next start does about a write that was interrupted (spec, section 6).
 *
 * @module
 */

import { RoutingError } from "./errors.ts";
import type { Files } from "./files.ts";
import { type Journal, keepJournal, readJournal, writeJournal } from "./journal.ts";
import { readTarget, replaceContent, syncTarget } from "./target_file.ts";
import { classify } from "./torn_write.ts";

/**
 * What recovery did about an interrupted write:
 * - `none`: there was none
 * - `not-started`: the file still has the old content
 * - `finished`: the file already had the new content
 * - `completed`: the file was torn and now has the new content
 * - `restored`: the file was torn, the new content could not be written, and now it has the old one
 * - `operators-edit`: somebody else has written the file since; it is left as it is, and both contents are kept
 * - `file-missing`: the file is not there (a volume not mounted yet?); the journal waits for it
 * - `journal-damaged`: the journal cannot be read and is set aside; the file is left as it is
 *
 * With `dryRun` it is what recovery would do.
 */
export type RecoveryOutcome =
  | "none"
  | "not-started"
  | "finished"
  | "completed"
  | "restored"
  | "operators-edit"
  | "file-missing"
  | "journal-damaged";

/** The result of a recovery. */
export interface Recovery {
  readonly outcome: RecoveryOutcome;
  /** Where the journal was set aside, for a person to look at; `null`: it was not. */
  readonly keptPath: string | null;
}

/** Options of {@linkcode recoverWrite}. */
export interface RecoverWriteOptions {
  /** The proxy's file. */
  readonly targetPath: string;
  readonly journalPath: string;
  /** Change nothing, say what would be done. */
  readonly dryRun: boolean;
  readonly nowMs: number;
}

/** What {@linkcode recoverWrite} leaves behind. */
export interface RecoveredWrite {
  readonly recovery: Recovery;
  /** What the journal says now; with `dryRun`, would say. */
  readonly journal: Journal;
  /** With `dryRun`: the content a torn file would be given; otherwise `null`. */
  readonly wouldBe: string | null;
}

/**
 * Ends a write that was interrupted: completes a torn file, and leaves alone one that somebody else has written.
 *
 * @throws {RoutingError} when the journal or the file cannot be read or written; the next run tries again
 */
export async function recoverWrite(files: Files, options: RecoverWriteOptions): Promise<RecoveredWrite> {
  const { targetPath, dryRun, nowMs } = options;
  const journal = await readJournal(files, options.journalPath);
  const settle = async (
    outcome: RecoveryOutcome,
    settled: Journal,
    { keptPath = null, wouldBe = null }: { keptPath?: string | null; wouldBe?: string | null } = {},
  ): Promise<RecoveredWrite> => {
    if (!dryRun) await writeJournal(files, options.journalPath, targetPath, settled);
    return { recovery: { outcome, keptPath }, journal: settled, wouldBe: dryRun ? wouldBe : null };
  };
  const keep = async (): Promise<string | null> =>
    dryRun ? null : await keepJournal(files, options.journalPath);

  // Whether the damaged journal owed a reload is not known; one too many does no harm.
  if (journal === "damaged") {
    return settle("journal-damaged", { write: null, reload: { sinceMs: nowMs } }, {
      keptPath: await keep(),
    });
  }
  if (journal.write === null) {
    return { recovery: { outcome: "none", keptPath: null }, journal, wouldBe: null };
  }
  const { old: before, new: after, startedAtMs } = journal.write;
  let content: Uint8Array;
  try {
    content = await readTarget(files, targetPath);
  } catch (error) {
    if (!(error instanceof RoutingError && error.kind === "missing")) throw error;
    return { recovery: { outcome: "file-missing", keptPath: null }, journal, wouldBe: null };
  }
  const owed: Journal = { write: null, reload: journal.reload ?? { sinceMs: startedAtMs } };
  const [beforeBytes, afterBytes] = [before.text, after.text].map((text) => new TextEncoder().encode(text));
  switch (classify(content, beforeBytes!, afterBytes!)) {
    case "old":
      return settle("not-started", { write: null, reload: journal.reload });
    case "new":
      // Whether the killed process had come to syncing it is not known.
      if (!dryRun) await syncTarget(files, targetPath);
      return settle("finished", owed);
    case "torn": {
      const contents = { before: beforeBytes!, after: afterBytes! };
      const failure = dryRun ? null : await replaceContent(files, targetPath, contents);
      return settle(failure === null ? "completed" : "restored", owed, { wouldBe: after.text });
    }
    case "foreign":
      // The write may have been whole before the edit came: the proxy has then not been told of either.
      return settle("operators-edit", owed, { keptPath: await keep() });
  }
}
