/**
 * The folder the program is built in: always the same path, because paths end up in the bytes.
 *
 * @module
 */

import { join } from "node:path";

/** A fixed path, so that the same tree gives the same bytes wherever the checkout is. */
const BUILD_FOLDER = "/tmp/ih-miner-build";

/** What of the checkout goes into the program. */
const SOURCES = ["deno.json", "deno.lock", "main.ts", "src"] as const;

/** A build folder that this process alone uses until it is disposed of. */
export interface BuildFolder extends Disposable {
  /** The copied sources, with a `node_modules` folder that esbuild can read. */
  readonly sources: string;
  /** For the bundle: a folder without any Deno or npm configuration above it. */
  readonly bundle: string;
  /** For everything else that is made on the way. */
  readonly scratch: string;
}

/** The build folder cannot be used. */
export class BuildFolderError extends Error {
  override readonly name = "BuildFolderError";
}

/**
 * Copies the sources of a checkout and installs their packages as the lock file says, from Deno's cache where it
 * has them.
 *
 * The checkout itself stays without `node_modules`.
 *
 * @param root The checkout.
 * @throws {BuildFolderError} when the folder belongs to somebody else or the packages cannot be installed.
 */
export async function prepareBuildFolder(root: string): Promise<BuildFolder> {
  await claim(BUILD_FOLDER);
  const lock = await Deno.open(join(BUILD_FOLDER, "lock"), { write: true, create: true });
  try {
    // Two builds at once take turns.
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
      `Cannot build in ${path}: it is not a folder that this user owns and nobody else can write; remove it`,
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
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["install", "--quiet", "--frozen", "--node-modules-dir=auto"],
    cwd: sources,
    stdout: "null",
    stderr: "piped",
  }).output();
  if (success) return;
  throw new BuildFolderError(
    `Cannot install the packages of deno.lock:\n${new TextDecoder().decode(stderr).trim()}`,
  );
}

function ignoreNotFound(error: unknown): void {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
}
