/**
 * The files of a release, and laying them out so that an archive of them depends on nothing but their content.
 *
 * @module
 */

import { dirname, join } from "node:path";

/** A file of an archive or a package. */
export interface ReleaseFile {
  /** Relative to the archive's or the host's root. */
  readonly path: string;
  /** The path of the file to copy, or the content. */
  readonly from: string | Uint8Array;
  readonly executable?: boolean;
}

/** Writes the files below a folder, with fixed modes and times, whatever the umask and the clock are. */
export async function layOut(
  folder: string,
  files: readonly ReleaseFile[],
  mtimeSeconds: number,
): Promise<void> {
  const folders = new Set([folder]);
  for (const { path, from, executable } of files) {
    const to = join(folder, path);
    for (let up = dirname(to); up.length > folder.length; up = dirname(up)) folders.add(up);
    await Deno.mkdir(dirname(to), { recursive: true });
    if (typeof from === "string") await Deno.copyFile(from, to);
    else await Deno.writeFile(to, from);
    await Deno.chmod(to, executable === true ? 0o755 : 0o644);
    await Deno.utime(to, mtimeSeconds, mtimeSeconds);
  }
  for (const path of folders) {
    await Deno.chmod(path, 0o755);
    await Deno.utime(path, mtimeSeconds, mtimeSeconds);
  }
}

/** A text as the content of a file. */
export function textFile(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
