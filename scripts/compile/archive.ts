/**
 * Archives whose bytes depend on nothing but their files.
 *
 * @module
 */

import { runTool } from "./run_tool.ts";

/** An archive cannot be made or read. */
export class ArchiveToolError extends Error {
  override readonly name = "ArchiveToolError";
}

/**
 * Packs files of a folder into a gzipped ustar archive.
 *
 * @param names relative to the folder; regular files, sorted.
 * @param mtimeSeconds since 1970, for all files.
 * @throws {ArchiveToolError}
 */
export async function makeArchive(
  folder: string,
  names: readonly string[],
  mtimeSeconds = 0,
): Promise<Uint8Array<ArrayBuffer>> {
  const { success, stdout, errorText } = await runTool("tar", [
    "--create",
    ...["--format=ustar", `--mtime=@${mtimeSeconds}`, "--owner=0", "--group=0", "--numeric-owner"],
    ...["--directory", folder, "--", ...names],
  ]);
  if (!success) throw new ArchiveToolError(`Cannot pack ${folder}: ${errorText}`);
  const compressed = new Blob([stdout]).stream().pipeThrough(new CompressionStream("gzip"));
  return await new Response(compressed).bytes();
}
