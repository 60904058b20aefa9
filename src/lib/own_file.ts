/**
 * Opens files that only the agent writes: with mode 0600, and never through a symbolic link, which would have it write into
 * somebody else's file.
 *
 * @module
 */

const OWN_MODE = 0o600;

/**
 * Opens a file for reading and writing; a missing one is created.
 *
 * @throws {Error} if the name is a symbolic link.
 * @throws {Error} of `Deno.errors` if it cannot be opened.
 */
export async function openOwn(path: string): Promise<Deno.FsFile> {
  await refuseLink(path);
  const file = await Deno.open(path, { read: true, write: true, create: true, mode: OWN_MODE });
  try {
    // It may have been put there meanwhile.
    await refuseLink(path);
    return file;
  } catch (error) {
    file.close();
    throw error;
  }
}

/** Creates a file in the place of whatever has its name, and writes it. */
export async function writeAnew(path: string, bytes: Uint8Array): Promise<void> {
  await Deno.remove(path).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  });
  await Deno.writeFile(path, bytes, { createNew: true, mode: OWN_MODE });
}

async function refuseLink(path: string): Promise<void> {
  try {
    if (!(await Deno.lstat(path)).isSymlink) return;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return;
    throw error;
  }
  throw new Error(`Cannot write ${path}: it is a symbolic link, which the agent never makes; remove it`);
}
