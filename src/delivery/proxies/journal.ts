/**
 * The journal that makes a write in place survive a crash: it keeps the old and the new content from before the write until
 * after it, and a pending reload until the proxy has been told (spec, section 6).
 *
 * It is one small JSON file per proxy file, replaced atomically, and always in one of these states:
 *
 * | file | `write` | `reload` | means |
 * |---|---|---|---|
 * | absent | | | nothing is pending |
 * | present | set | any | the proxy's file is being written; it is old, new or torn |
 * | present | null | set | the file is written, the reload is pending |
 *
 * @module
 */

import { createHash } from "node:crypto";
import { dirname, join } from "node:path";
import { RoutingError } from "./errors.ts";
import { type Files, MAX_PROXY_FILE_BYTES, writeAtomically } from "./files.ts";
import { reasonOf } from "./target_file.ts";

const FORMAT = "ih-miner/routing-journal/1";

/** The largest journal: it holds a proxy's file twice, and JSON writes some characters as six. */
export const MAX_JOURNAL_BYTES = 13 * MAX_PROXY_FILE_BYTES;

/** A version of the proxy's file. */
interface Content {
  /** Of the UTF-8 bytes, in lowercase hex. */
  readonly sha256: string;
  readonly text: string;
}

/** The journal of one proxy file. */
export interface Journal {
  /** A write that began and may not have finished. */
  readonly write: { readonly startedAtMs: number; readonly old: Content; readonly new: Content } | null;
  /** The pending reload. */
  readonly reload: { readonly sinceMs: number } | null;
}

const EMPTY_JOURNAL: Journal = { write: null, reload: null };

/** The path of the journal of a proxy's file. */
export function journalPath(stateDirectory: string, targetPath: string): string {
  return join(stateDirectory, `routing-${sha256(targetPath).slice(0, 32)}.json`);
}

/** Creates {@linkcode Journal.write} with its hashes. */
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
 * @returns `"damaged"` if the file exists but is not a journal with matching hashes
 * @throws {RoutingError} `state-folder` if the file cannot be read
 */
export async function readJournal(files: Files, path: string): Promise<Journal | "damaged"> {
  const bytes = await inStateFolder(
    path,
    async () => await files.kindOf(path) === "missing" ? null : await files.read(path, MAX_JOURNAL_BYTES),
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
 * Replaces a journal, or removes it if it is empty. Resolves when it is on the disk.
 *
 * @param targetPath the proxy's file, recorded for people
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
 * Copies a journal to a file beside it, for inspection.
 *
 * @returns the copy's path
 * @throws {RoutingError} `state-folder`
 */
export async function keepJournal(files: Files, path: string): Promise<string> {
  const keptPath = path.replace(/\.json$/, ".kept.json");
  await inStateFolder(
    keptPath,
    async () => await writeAtomically(files, keptPath, await files.read(path, MAX_JOURNAL_BYTES)),
  );
  return keptPath;
}

async function inStateFolder<T>(path: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw new RoutingError(
      "state-folder",
      path,
      `Cannot use the journal ${path}: ${reasonOf(error)}; make the state folder writable for the user ` +
        "that ih-miner runs as, see [state] directory",
      { cause: error },
    );
  }
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
