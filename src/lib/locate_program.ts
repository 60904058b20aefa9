/**
 * Where a program is.
 *
 * @module
 */

/**
 * The full path of a program, so that it can be run without an environment: a word with a slash is taken relative to
 * the current folder, any other is looked for on the search path.
 *
 * @param program the first word of the command
 * @param searchPath the value of `PATH`; empty when unset
 * @returns `null` when there is no such executable file
 */
export async function locateProgram(program: string, searchPath: string): Promise<string | null> {
  const candidates = program.startsWith("/")
    ? [program]
    : program.includes("/")
    ? [`${Deno.cwd()}/${program}`]
    : searchPath.split(":").filter((folder) => folder !== "").map((folder) => `${folder}/${program}`);
  for (const candidate of candidates) {
    try {
      const { isFile, mode } = await Deno.stat(candidate);
      if (isFile && (mode === null || (mode & 0o111) !== 0)) return candidate;
    } catch (error) {
      const isAbsent = error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory ||
        error instanceof Deno.errors.PermissionDenied;
      if (!isAbsent) throw error;
    }
  }
  return null;
}
