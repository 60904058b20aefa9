/**
 * The folder in which the program is built: always the same path, because paths end up in the result.
 *
 * @module
 */

import { join } from "node:path";
import { runTool } from "./run_tool.ts";

const BUILD_FOLDER = "/tmp/ih-miner-build";

/** The parts of the checkout that go into the program. */
const SOURCES = ["deno.json", "deno.lock", "main.ts", "src"] as const;

/** The build folder. Other builds wait until it is disposed of. */
export interface BuildFolder extends Disposable {
  /** The copied sources, with a `node_modules` folder that esbuild can read. */
  readonly sources: string;
  /** For the bundle: a folder without any Deno or npm configuration above it. */
  readonly bundle: string;
  /** For intermediate files. */
  readonly scratch: string;
}

/** The build folder cannot be used. */
export class BuildFolderError extends Error {
  override readonly name = "BuildFolderError";
}

/**
 * Copies the sources of a checkout and installs the packages of its lock file, so that the checkout itself needs no
 * `node_modules`.
 *
 * @param root The checkout.
 * @throws {BuildFolderError} when the folder belongs to another user or the packages cannot be installed.
 */
export async function prepareBuildFolder(root: string): Promise<BuildFolder> {
  await claim(BUILD_FOLDER);
  const lock = await Deno.open(join(BUILD_FOLDER, "lock"), { write: true, create: true });
  try {
    // Builds that run at the same time take turns.
    await lock.lock(true);
    const folder: BuildFolder = {
      sources: join(BUILD_FOLDER, "sources"),
      bundle: join(BUILD_FOLDER, "bundle"),
      scratch: join(BUILD_FOLDER, "scratch"),
      [Symbol.dispose]: () => lock.close(),
    };
    for (const path of [folder.sources, folder.bundle, folder.scratch]) {
      await Deno.remove(path, { recursive: true }).catch(ignoreNotFound);
      await Deno.mkdir(path);
    }
    for (const name of SOURCES) await copy(join(root, name), join(folder.sources, name));
    await installPackages(folder.sources);
    return folder;
  } catch (error) {
    lock.close();
    throw error;
  }
}

async function claim(path: string): Promise<void> {
  await Deno.mkdir(path, { mode: 0o700 }).catch((error) => {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
  });
  const { isDirectory, uid, mode } = await Deno.lstat(path);
  if (!isDirectory || uid !== Deno.uid() || (mode! & 0o022) !== 0) {
    throw new BuildFolderError(
      `Cannot build in ${path}: it must be a folder that this user owns and no other user can write; remove it`,
    );
  }
}

async function copy(from: string, to: string): Promise<void> {
  const { isDirectory } = await Deno.stat(from);
  if (!isDirectory) return await Deno.copyFile(from, to);
  await Deno.mkdir(to);
  for await (const { name } of Deno.readDir(from)) await copy(join(from, name), join(to, name));
}

async function installPackages(sources: string): Promise<void> {
  const args = ["install", "--quiet", "--frozen", "--node-modules-dir=auto"];
  const { success, errorText } = await runTool(Deno.execPath(), args, { cwd: sources });
  if (!success) throw new BuildFolderError(`Cannot install the packages of deno.lock:\n${errorText}`);
}

function ignoreNotFound(error: unknown): void {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
}
