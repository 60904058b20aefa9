/**
 * What `--version` says about a build.
 *
 * @module
 */

import type { BuildInfo } from "../../src/version.ts";
import { runTool } from "./run_tool.ts";

/** The agent's files. When one of them has changes, the commit does not describe the build. */
const SOURCES = ["main.ts", "src", "deno.json", "deno.lock"];

/**
 * Reads the commit from git.
 *
 * @param root The checkout.
 * @returns `commit` and `commitDate` are `null` without git or without a commit, as in a source archive.
 */
export async function readBuildInfo(root: string): Promise<BuildInfo> {
  const commit = await git(root, ["log", "-1", "--format=%H %cs"]);
  // Git also finds a repository in a parent folder, for example when an archive was unpacked in another checkout.
  const isRoot = await git(root, ["rev-parse", "--show-prefix"]) === "";
  if (commit === null || commit === "" || !isRoot) return { commit: null, commitDate: null };
  const [hash = "", date = ""] = commit.split(" ");
  const changes = await git(root, ["status", "--porcelain", "--", ...SOURCES]);
  return { commit: changes === "" ? hash.slice(0, 12) : `${hash.slice(0, 12)}-modified`, commitDate: date };
}

async function git(root: string, args: readonly string[]): Promise<string | null> {
  try {
    const { success, text } = await runTool("git", ["-C", root, ...args]);
    return success ? text : null;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}
