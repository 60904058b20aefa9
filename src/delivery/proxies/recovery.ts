/**
 * Recovery from an interrupted write (spec, section 6).
 *
 * @module
 */

import { RoutingError } from "./errors.ts";
import type { Files } from "./files.ts";
import { type Journal, keepJournal, readJournal, writeJournal } from "./journal.ts";
import { readTarget, replaceContent, syncTarget } from "./target_file.ts";
import { classify } from "./torn_write.ts";

/**
 * The result of a recovery:
 * - `none`: no write was interrupted
 * - `not-started`: the file still has the old content
 * - `finished`: the file already had the new content
 * - `completed`: the file was torn and now has the new content
 * - `restored`: the file was torn, the new content could not be written, and now it has the old one
 * - `operators-edit`: the file was edited since; it stays as it is, and the journal with both contents is kept
 * - `file-missing`: the file is missing (perhaps a volume is not mounted yet); the journal stays
 * - `journal-damaged`: the journal cannot be parsed and is set aside; the file stays as it is
 *
 * With `dryRun`, what recovery would do.
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
  /** Where the journal was set aside for inspection; `null` if it was not. */
  readonly keptPath: string | null;
}

/** Options of {@linkcode recoverWrite}. */
export interface RecoverWriteOptions {
  /** The proxy's file. */
  readonly targetPath: string;
  readonly journalPath: string;
  /** Changes nothing and reports what would be done. */
  readonly dryRun: boolean;
  readonly nowMs: number;
}

/** The result of {@linkcode recoverWrite}. */
export interface RecoveredWrite {
  readonly recovery: Recovery;
  /** The journal after the recovery; with `dryRun`, as it would be. */
  readonly journal: Journal;
  /** With `dryRun`, the content that a torn file would get; otherwise `null`. */
  readonly wouldBe: string | null;
}

/**
 * Recovers from an interrupted write: completes a torn file, and leaves a file alone that was edited since.
 *
 * @throws {RoutingError} if the journal or the file cannot be read or written; the next run tries again
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

  // A reload may have been pending in the damaged journal; an unneeded one does no harm.
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
      // The killed process may not have synced it.
      if (!dryRun) await syncTarget(files, targetPath);
      return settle("finished", owed);
    case "torn": {
      const contents = { before: beforeBytes!, after: afterBytes! };
      const failure = dryRun ? null : await replaceContent(files, targetPath, contents);
      return settle(failure === null ? "completed" : "restored", owed, { wouldBe: after.text });
    }
    case "foreign":
      // The write may have been complete before the edit: then the proxy has not been told of either.
      return settle("operators-edit", owed, { keptPath: await keep() });
  }
}
