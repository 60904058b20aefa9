/**
 * What somebody has to type to run this program again.
 *
 * @module
 */

import { locateProgram } from "../../lib/program.ts";

const NAME = "ih-miner";

/**
 * The program's name where the shell finds this very file under it, else the file's path, as a word of a shell. From source,
 * the name.
 *
 * @param searchPath the value of `PATH`; empty when unset.
 * @param file the running program; `null` from source.
 */
export async function ownCommand(
  searchPath: string,
  file: string | null = Deno.build.standalone ? Deno.execPath() : null,
): Promise<string> {
  if (file === null) return NAME;
  const found = await locateProgram(NAME, searchPath);
  return found !== null && await Deno.realPath(found) === await Deno.realPath(file) ? NAME : shellWord(file);
}

/** A path as one word of a shell. */
export function shellWord(path: string): string {
  return /^[\w@%+=:,./-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`;
}
