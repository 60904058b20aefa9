/**
 * What `--version` says about a build.
 *
 * @module
 */

import type { BuildInfo } from "../../src/version.ts";

/** The agent's files; a change in any of them makes a build that its commit does not describe. */
const SOURCES = ["main.ts", "src", "deno.json", "deno.lock"];

/**
 * Reads the commit from git.
 *
 * @param root The checkout.
 * @returns `commit` and `commitDate` are `null` where there is no git or no commit: a source archive, say.
 */
export async function readBuildInfo(root: string): Promise<BuildInfo> {
  const commit = await git(root, ["log", "-1", "--format=%H %cs"]);
  // Git finds the repository of a folder above, too: an unpacked archive in somebody's own checkout.
  const isRoot = await git(root, ["rev-parse", "--show-prefix"]) === "";
  if (commit === null || commit === "" || !isRoot) return { commit: null, commitDate: null };
  const [hash = "", date = ""] = commit.split(" ");
  const changes = await git(root, ["status", "--porcelain", "--", ...SOURCES]);
  return { commit: changes === "" ? hash.slice(0, 12) : `${hash.slice(0, 12)}-modified`, commitDate: date };
}

async function git(root: string, args: readonly string[]): Promise<string | null> {
  try {
    const { success, stdout } = await new Deno.Command("git", {
      args: ["-C", root, ...args],
      stdout: "piped",
      stderr: "null",
    }).output();
    return success ? new TextDecoder().decode(stdout).trim() : null;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}
