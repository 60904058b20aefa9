/**
 * Checks a state folder for a run that must not create it.
 *
 * @module
 */

import { dirname } from "node:path";

/**
 * Checks a folder, or the place where it would be created. It writes nothing, so it cannot tell whether the folder is
 * writable.
 *
 * @throws {Error} if the folder is impossible.
 */
export async function refuseImpossibleFolder(path: string): Promise<void> {
  const found = await nearest(path);
  if (!(await Deno.stat(found)).isDirectory) throw new Error(`${found} is not a folder`);
}

/** The path itself, or its nearest existing parent. */
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
