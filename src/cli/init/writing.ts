/**
 * Writes the files of `ih-miner init`: all of them or none.
 *
 * @module
 */

import { dirname } from "node:path";
import { MAX_CONFIG_BYTES } from "../../config/load.ts";
import { type Files, osFiles, writeInPlace } from "../../delivery/proxies/files.ts";
import { describeError } from "../../lib/errors.ts";
import { tryFile, tryFolder } from "../../operator/check/access.ts";

/** A file to write. */
export interface NewFile {
  readonly path: string;
  readonly text: string;
  /** Whether there is one to replace; if not, there must be none. */
  readonly exists: boolean;
}

/** Why a file can be neither created nor replaced at this path; `null`: it can. */
export async function whyNotWritable(path: string): Promise<string | null> {
  const file = await tryFile(path, true);
  const access = file.kind === "missing" ? await tryFolder(dirname(path)) : file;
  switch (access.kind) {
    case "usable":
      return null;
    case "unusable":
      return access.reason;
    case "denied":
    case "missing":
      return `this user may not write ${"at" in access ? `in ${access.at}` : "it"}`;
  }
}

/**
 * Writes all files or none: when one fails, or the signal comes before the last is written, new files and folders are
 * removed again and replaced files get their old content back.
 *
 * @throws the signal's reason.
 * @throws {Error} that names the file that failed.
 */
export async function writeAllOrNone(
  files: readonly NewFile[],
  signal: AbortSignal,
  os: Files = osFiles,
): Promise<void> {
  const undo: (() => Promise<void>)[] = [];
  try {
    for (const file of files) {
      await write(file, undo, os);
      signal.throwIfAborted();
    }
  } catch (error) {
    // What cannot be undone stays; the first error says more than the ones that follow from it.
    for (const step of undo.reverse()) await step().catch(() => {});
    throw error;
  }
}

async function write(
  { path, text, exists }: NewFile,
  undo: (() => Promise<void>)[],
  os: Files,
): Promise<void> {
  try {
    if (exists) {
      const before = await os.read(path, MAX_CONFIG_BYTES);
      undo.push(() => writeInPlace(os, path, before));
    } else {
      for (const folder of await missingFolders(dirname(path), os)) {
        await os.makeFolder(folder, 0o755);
        undo.push(() => os.remove(folder));
      }
      (await os.open(path, { createMode: 0o644 })).close();
      undo.push(() => os.remove(path));
    }
    await writeInPlace(os, path, new TextEncoder().encode(text));
  } catch (error) {
    throw new Error(`Cannot write ${path}: ${describeError(error).message}`, { cause: error });
  }
}

/** The folders that a path needs and that are missing, from the top. */
async function missingFolders(path: string, os: Files): Promise<string[]> {
  if (await os.kindOf(path) !== "missing" || dirname(path) === path) return [];
  return [...await missingFolders(dirname(path), os), path];
}
