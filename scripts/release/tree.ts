/**
 * Reads the checkout that a release is made from.
 *
 * @module
 */

import { runTool } from "../compile/run_tool.ts";

/** A clean checkout. */
export interface Tree {
  /** When the commit was made. */
  readonly date: Date;
  /** The same, since 1970. */
  readonly seconds: number;
  /** Name and address. */
  readonly author: string;
  /** The files of the commit, sorted. */
  readonly files: readonly string[];
}

/** The checkout cannot be released. */
export class TreeError extends Error {
  override readonly name = "TreeError";
}

/** So many changed files are named. */
const MOST_NAMED = 5;

/**
 * Reads the commit of a checkout.
 *
 * @throws {TreeError} when it is no git checkout, or has changes or files that are not in the commit.
 */
export async function readTree(root: string): Promise<Tree> {
  const changes = (await git(root, "status", "--porcelain")).split("\n").filter((line) => line !== "");
  if (changes.length > 0) {
    const more = changes.length > MOST_NAMED ? `\n  and ${changes.length - MOST_NAMED} more` : "";
    throw new TreeError(
      `The tree is not clean; commit these files, or take them away:\n  ${
        changes.slice(0, MOST_NAMED).join("\n  ")
      }${more}`,
    );
  }
  const [seconds = "", author = ""] = (await git(root, "log", "-1", "--format=%ct%n%an <%ae>")).split("\n");
  const files = (await git(root, "ls-files", "-z")).split("\0").filter((path) => path !== "").sort();
  return { date: new Date(Number(seconds) * 1000), seconds: Number(seconds), author, files };
}

async function git(root: string, ...args: string[]): Promise<string> {
  const { success, text, errorText } = await runTool("git", ["-C", root, ...args]).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new TreeError("git is missing; a release is made from a commit");
  });
  if (!success) throw new TreeError(`git ${args[0]} failed in ${root}: ${errorText}`);
  return text;
}
