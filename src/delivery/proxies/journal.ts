/**
 * What makes a write in place survive a crash: before it starts, the old and the new content are kept in the state
 * folder; and a reload that is owed to the proxy is kept there until the signal is given (spec, section 6).
 *
 * One small JSON file per proxy file, itself replaced atomically, is always in one of these states:
 *
 * | file | `write` | `reload` | means |
 * |---|---|---|---|
 * | absent | | | nothing is under way |
 * | present | set | any | the proxy's file is being written; it is old, new or torn |
 * | present | null | set | the file is written, the reload is owed |
 *
 * @module
 */

import { createHash } from "node:crypto";
import { dirname, join } from "node:path";
import { RoutingError } from "./errors.ts";
import { type Files, writeAtomically } from "./files.ts";
import { reasonOf } from "./target_file.ts";

const FORMAT = "ih-miner/routing-journal/1";

/** A content of the proxy's file. */
interface Content {
  /** Lowercase hex, of the UTF-8 bytes. */
  readonly sha256: string;
  readonly text: string;
}

/** The journal of one proxy file. */
export interface Journal {
  /** A write that was begun and not known to be finished. */
  readonly write: { readonly startedAtMs: number; readonly old: Content; readonly new: Content } | null;
  /** A reload owed to the proxy, since when (milliseconds since 1970). */
  readonly reload: { readonly sinceMs: number } | null;
}

/** Nothing under way. */
const EMPTY_JOURNAL: Journal = { write: null, reload: null };

/** Where the journal of a proxy's file lies. */
export function journalPath(stateDirectory: string, targetPath: string): string {
  return join(stateDirectory, `routing-${sha256(targetPath).slice(0, 32)}.json`);
}

/** Fills in hashes for {@linkcode Journal.write}. */
export function journalWrite(
  startedAtMs: number,
  before: string,
  after: string,
): NonNullable<Journal["write"]> {
  const content = (text: string): Content => ({ sha256: sha256(text), text });
  return { startedAtMs, old: content(before), new: content(after) };
}

/**
 * Reads a journal.
 *
 * @returns `"damaged"` when the file is there and is not a journal whose hashes agree
 * @throws {RoutingError} `state-folder` when the file cannot be read
 */
export async function readJournal(files: Files, path: string): Promise<Journal | "damaged"> {
  const bytes = await inStateFolder(
    path,
    async () => await files.kindOf(path) === "missing" ? null : await files.read(path),
  );
  if (bytes === null) return EMPTY_JOURNAL;
  try {
    const { format, write, reload } = JSON.parse(new TextDecoder().decode(bytes));
    const isIntact = format === FORMAT &&
      (write === null ||
        [write.old, write.new].every((content) => content.sha256 === sha256(content.text))) &&
      (reload === null || Number.isFinite(reload.sinceMs));
    return isIntact ? { write, reload } : "damaged";
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError) return "damaged";
    throw error;
  }
}

/**
 * Replaces a journal; an empty one is removed. It is on the disk when this returns.
 *
 * @param targetPath the proxy's file, kept in the journal for people
 * @throws {RoutingError} `state-folder`
 */
export async function writeJournal(
  files: Files,
  path: string,
  targetPath: string,
  journal: Journal,
): Promise<void> {
  await inStateFolder(path, async () => {
    if (journal.write === null && journal.reload === null) {
      await files.remove(path);
      await files.syncFolder(dirname(path));
      return;
    }
    await files.makeFolder(dirname(path), 0o700);
    const text = JSON.stringify({ format: FORMAT, path: targetPath, ...journal });
    await writeAtomically(files, path, new TextEncoder().encode(text));
  });
}

/**
 * Copies a journal beside itself, for a person to look at.
 *
 * @returns the copy's path
 * @throws {RoutingError} `state-folder`
 */
export async function keepJournal(files: Files, path: string): Promise<string> {
  const keptPath = path.replace(/\.json$/, ".kept.json");
  await inStateFolder(keptPath, async () => await writeAtomically(files, keptPath, await files.read(path)));
  return keptPath;
}

async function inStateFolder<T>(path: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw new RoutingError(
      "state-folder",
      path,
      `Cannot use the journal ${path}: ${
        reasonOf(error)
      }; the state folder has to be writable for the user ` +
        "ih-miner runs as, see [state] directory",
      { cause: error },
    );
  }
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
