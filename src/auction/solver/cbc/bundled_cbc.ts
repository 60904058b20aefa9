/**
 * Unpacks the validators' program that the one-file program carries, and keeps it sound.
 *
 * It goes to `solver/` in the state folder, into a folder that is named after its content and appears whole or not at
 * all. So neither a kill nor another agent with the same state folder can leave half a program there.
 *
 * @module
 */

import { openOwn } from "../../../lib/own_file.ts";
import { dirname, join } from "node:path";
import { asError } from "../../../lib/errors.ts";
import { ProgramStartError } from "../../../lib/program.ts";
import { sha256Hex, sha256HexOfFile } from "../../../lib/sha256.ts";
import { within } from "../../../lib/within.ts";
import { BUILD, type BundledFile } from "../../../version.ts";
import { ARCHIVE_NAME, packedCommand, packedMode, readArchive } from "./pack.ts";
import { CbcError, identifyCbc, isValidatorBuild } from "./program.ts";

/** What became of the bundled program. */
export type BundledCbc =
  | { readonly kind: "ready"; readonly command: readonly string[] }
  /** A sentence with the remedy. */
  | { readonly kind: "unusable"; readonly problem: string };

/** Unpacks the bundled program into a state folder; `null` when none is bundled. */
export type UnpackCbc = (stateDirectory: string) => Promise<BundledCbc | null>;

/** The bundled program. */
export interface CbcPack {
  readonly files: readonly BundledFile[];
  /** Reads the archive with these files. */
  readonly readArchive: () => Promise<Uint8Array<ArrayBuffer>>;
}

/** What this program carries; `null` when it was built without, or runs from source. */
const BUNDLED: CbcPack | null = BUILD?.solver === undefined ? null : {
  files: BUILD.solver.files,
  readArchive: () => Deno.readFile(new URL(`./${ARCHIVE_NAME}`, import.meta.url)),
};

/** The folder in the state folder. */
const FOLDER_NAME = "solver";
/** Agents that unpack at the same time take turns by a kernel lock on this file. */
const LOCK_NAME = ".lock";
/** An agent that was stopped in the middle does not release it. */
const LOCK_PATIENCE_MS = 10_000;
/** Folders that are being unpacked begin with it. */
const UNFINISHED = ".unpack-";
/** An unfinished folder this old was left behind. */
const LEFT_BEHIND_MS = 60 * 60_000;
/** Until an unusable program is tried again: a full disk shall not be filled again every minute. */
const RETRY_AFTER_MS = 10 * 60_000;
/** For the first run: under emulation it takes 0.7 s. */
const TRY_LIMIT_MS = 30_000;
/** A process that was started during the unpacking can hold the new file open for a moment ("Text file busy"). */
const START_TRIES = 3;
const START_PAUSE_MS = 100;

const ELSEWHERE = "set [state] directory to another folder";
const COPY_AGAIN = "copy the ih-miner program to this host again, and check its disk";
const INSTALL = "run scripts/install-cbc.sh and set [solver] cbc";

/** The bundled program cannot be used; the message is a sentence with the remedy. */
class UnusableError extends Error {}

/** Looks after the bundled program. What it has found sound, it looks at again only when a file has changed. */
export class CbcUnpacker {
  readonly #pack: CbcPack | null;
  readonly #nowMs: () => number;
  /** By folder. */
  readonly #known = new Map<
    string,
    { readonly result: BundledCbc; readonly traces: string; readonly atMs: number }
  >();

  /** @param nowMs a clock that never goes back. */
  constructor(pack: CbcPack | null = BUNDLED, nowMs: () => number = () => performance.now()) {
    this.#pack = pack;
    this.#nowMs = nowMs;
  }

  /**
   * Makes the program ready: unpacks it where it is missing or damaged, tries it, and removes older versions.
   *
   * Any failure is part of the result. An unusable program is tried again after ten minutes.
   */
  readonly unpack: UnpackCbc = async (stateDirectory) => {
    if (this.#pack === null) return null;
    const { files } = this.#pack;
    const root = join(stateDirectory, FOLDER_NAME);
    const folder = join(root, await versionOf(files));
    const known = this.#known.get(folder);
    const isRecent = known !== undefined &&
      (known.result.kind === "ready" || this.#nowMs() - known.atMs < RETRY_AFTER_MS);
    if (isRecent && known.traces === await tracesOf(files, folder)) return known.result;

    const result = await makeReady(this.#pack, root, folder);
    this.#known.set(folder, { result, traces: await tracesOf(files, folder), atMs: this.#nowMs() });
    return result;
  };
}

/** The unpacker of this process. */
export const { unpack: unpackBundledCbc } = new CbcUnpacker();

async function makeReady(pack: CbcPack, root: string, folder: string): Promise<BundledCbc> {
  try {
    const isUsable = (): Promise<boolean> => isSound(pack.files, folder);
    if (!await isUsable()) {
      await alone(root, async () => {
        // Another agent may have been faster.
        if (!await isUsable()) await unpack(pack, root, folder);
      });
    }
    const command = packedCommand(pack.files, folder);
    await tryOut(command, folder);
    // What cannot be removed is in nobody's way.
    await removeOthers(root, folder).catch(() => {});
    return { kind: "ready", command };
  } catch (error) {
    if (error instanceof UnusableError) return { kind: "unusable", problem: error.message };
    throw error;
  }
}

/** Works while no other agent unpacks in a folder. */
async function alone(root: string, work: () => Promise<void>): Promise<void> {
  using lock = await openLock(join(root, LOCK_NAME)).catch(() => null);
  // Without the lock, two agents may replace each other's files, which their next start repairs.
  if (lock !== null) await within(LOCK_PATIENCE_MS, lock.lock(true));
  await work();
}

async function openLock(path: string): Promise<Deno.FsFile> {
  await Deno.mkdir(dirname(path), { recursive: true, mode: 0o700 });
  return await openOwn(path);
}

async function versionOf(files: readonly BundledFile[]): Promise<string> {
  const list = files.map(({ path, sha256 }) => `${sha256}  ${path}\n`).join("");
  return `cbc-${(await sha256Hex(new TextEncoder().encode(list))).slice(0, 16)}`;
}

/** Whether the folder and each file are as they were unpacked: content, kind, and permission bits. */
async function isSound(files: readonly BundledFile[], folder: string): Promise<boolean> {
  try {
    const { isDirectory, mode } = await Deno.lstat(folder);
    if (!isDirectory || (mode! & 0o077) !== 0) return false;
    for (const file of files) {
      const path = join(folder, file.path);
      const { isFile, mode } = await Deno.lstat(path);
      if (!isFile || (mode! & 0o777) !== packedMode(file)) return false;
      if (await sha256HexOfFile(path) !== file.sha256) return false;
    }
    return true;
  } catch {
    // Missing, or unreadable: unpacking says what is wrong there.
    return false;
  }
}

/** What tells without reading the files that they have not been changed. */
async function tracesOf(files: readonly BundledFile[], folder: string): Promise<string> {
  const paths = [folder, ...files.map(({ path }) => join(folder, path))];
  const stats = await Promise.all(paths.map((path) => Deno.lstat(path).catch(() => null)));
  return JSON.stringify(
    stats.map((stat) => stat && [stat.ino, stat.mode, stat.size, stat.mtime, stat.ctime]),
  );
}

/** @throws {UnusableError} */
async function unpack({ files, readArchive: read }: CbcPack, root: string, folder: string): Promise<void> {
  const cannot = `Cannot unpack the validators' solver into ${folder}`;
  const contents = await readArchive(await read()).catch((error) => {
    throw new UnusableError(`${cannot}: ${asError(error).message}; ${COPY_AGAIN}`);
  });
  const unfinished = join(root, `${UNFINISHED}${crypto.randomUUID()}`);
  try {
    await Deno.mkdir(unfinished, { recursive: true, mode: 0o700 });
    for (const file of files) {
      const path = join(unfinished, file.path);
      await Deno.mkdir(dirname(path), { recursive: true, mode: 0o700 });
      await Deno.writeFile(path, contents.get(file.path) ?? new Uint8Array(), { mode: packedMode(file) });
    }
    if (!await isSound(files, unfinished)) {
      throw new UnusableError(`${cannot}: what was written differs from what was packed; ${COPY_AGAIN}`);
    }
    await giveToOwner(root);
    await moveIntoPlace(files, unfinished, folder);
  } catch (error) {
    if (error instanceof UnusableError) throw error;
    throw new UnusableError(`${cannot}: ${whyNotWritten(error, contents)}`);
  } finally {
    await Deno.remove(unfinished, { recursive: true }).catch(() => {});
  }
}

/** Root may unpack for the agent's user, with `ih-miner check`: then the program is that user's. */
async function giveToOwner(root: string): Promise<void> {
  if (Deno.uid() !== 0) return;
  const { uid, gid } = await Deno.stat(dirname(root));
  await giveAll(root, uid, gid);
}

async function giveAll(path: string, uid: number | null, gid: number | null): Promise<void> {
  await Deno.chown(path, uid, gid);
  if (!(await Deno.lstat(path)).isDirectory) return;
  for await (const { name } of Deno.readDir(path)) await giveAll(join(path, name), uid, gid);
}

/** Renames the folder. A damaged one in its place is removed; a sound one of another agent stays. */
async function moveIntoPlace(
  files: readonly BundledFile[],
  unfinished: string,
  folder: string,
): Promise<void> {
  try {
    await Deno.rename(unfinished, folder);
  } catch {
    if (await isSound(files, folder)) return;
    await moveAway(folder);
    await Deno.rename(unfinished, folder);
  }
}

/** Removes a folder or file; until its last part is gone, it has another name. */
async function moveAway(path: string): Promise<void> {
  const aside = join(dirname(path), `${UNFINISHED}${crypto.randomUUID()}`);
  try {
    await Deno.rename(path, aside);
    await Deno.remove(aside, { recursive: true });
  } catch (error) {
    // Another agent was faster.
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

function whyNotWritten(error: unknown, contents: ReadonlyMap<string, Uint8Array>): string {
  const code = error instanceof Error && "code" in error ? error.code : null;
  if (code === "ENOSPC" || code === "EDQUOT") {
    const bytes = contents.values().reduce((sum, { length }) => sum + length, 0);
    return `the disk is full; make room for ${Math.ceil(bytes / 1e6)} MB there, or ${ELSEWHERE}`;
  }
  return `${asError(error).message}; make it a folder that this user can write, or ${ELSEWHERE}`;
}

/** @throws {UnusableError} when the program does not run here. */
async function tryOut(command: readonly string[], folder: string): Promise<void> {
  const cannot = `Cannot run the validators' solver in ${folder}`;
  let build: Awaited<ReturnType<typeof identifyCbc>>;
  try {
    build = await identify(command, folder);
  } catch (error) {
    if (!(error instanceof CbcError)) throw error;
    throw new UnusableError(`${cannot}: ${whyNotRun(error)}`);
  }
  if (isValidatorBuild(build)) return;
  throw new UnusableError(`${cannot}: it is another build; build ih-miner again with --solver`);
}

/** @throws {CbcError} */
async function identify(
  command: readonly string[],
  folder: string,
): ReturnType<typeof identifyCbc> {
  for (let i = 1;; i++) {
    try {
      return await identifyCbc(command, { folder, timeLimitMs: TRY_LIMIT_MS });
    } catch (error) {
      if (startErrorOf(error) === null || i === START_TRIES) throw error;
      await new Promise((resolve) => setTimeout(resolve, START_PAUSE_MS));
    }
  }
}

function whyNotRun(error: CbcError): string {
  const cause = startErrorOf(error);
  if (cause instanceof Deno.errors.PermissionDenied) {
    return "programs may not run there, because its file system is mounted noexec or a security policy forbids it; " +
      `mount it with exec, ${ELSEWHERE}, or ${INSTALL}`;
  }
  // Where another machine is emulated, the C library takes a program for this one for a script, which then fails.
  const why = cause === null ? error.message : asError(cause).message;
  return `${why}; install the library it lacks, if any (libstdc++6), or use the ih-miner built for this machine's ` +
    `architecture (this one is for ${Deno.build.arch})`;
}

/** The operating system's error when a program could not be started; `null` for other errors. */
function startErrorOf(error: unknown): unknown {
  const start = error instanceof CbcError ? error.cause : null;
  return start instanceof ProgramStartError ? start.cause : null;
}

/** Removes older versions and what was left behind. */
async function removeOthers(root: string, folder: string): Promise<void> {
  for await (const { name } of Deno.readDir(root)) {
    const path = join(root, name);
    if (path === folder || name === LOCK_NAME) continue;
    const { mtime } = await Deno.lstat(path).catch(() => ({ mtime: null }));
    // A clock that was set back leaves times in the future, which must not last until they are reached.
    const isUnderWay = name.startsWith(UNFINISHED) && mtime !== null &&
      Math.abs(Date.now() - mtime.getTime()) < LEFT_BEHIND_MS;
    if (!isUnderWay) await Deno.remove(path, { recursive: true });
  }
}
