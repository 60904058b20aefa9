/**
 * Whether a state folder can be one, for a run that must not make it.
 *
 * @module
 */

import { dirname } from "node:path";

/**
 * Looks at a folder, or where it would be made, and writes nothing: whether it may be written, only writing shows.
 *
 * @throws {Error} with the reason why the folder cannot be used.
 */
export async function refuseImpossibleFolder(path: string): Promise<void> {
  const found = await nearest(path);
  if (!(await Deno.stat(found)).isDirectory) throw new Error(`${found} is not a folder`);
}

/** The path itself, or the nearest one above it that there is. */
async function nearest(path: string): Promise<string> {
  try {
    await Deno.stat(path);
    return path;
  } catch (error) {
    const isMissing = error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory;
    if (!isMissing || dirname(path) === path) throw error;
    return await nearest(dirname(path));
  }
}
