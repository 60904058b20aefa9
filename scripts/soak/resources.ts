/**
 * What a process holds, from `/proc`.
 *
 * @module
 */

import type { Sample } from "./slope.ts";

/** Memory and handles of a process; `null` when it has ended. */
export type Holdings = Pick<Sample, "rssMb" | "files" | "threads" | "children">;

/** Reads what a process holds now. */
export function holdingsOf(pid: number): Holdings | null {
  const folder = `/proc/${pid}`;
  try {
    const status = Deno.readTextFileSync(`${folder}/status`);
    const rssKb = field(status, "VmRSS");
    if (rssKb === null) return null;
    const tasks = [...Deno.readDirSync(`${folder}/task`)].map(({ name }) => name);
    return {
      rssMb: rssKb * 1024 / 1e6,
      files: [...Deno.readDirSync(`${folder}/fd`)].length,
      threads: tasks.length,
      children: tasks.reduce((sum, task) => sum + childCount(`${folder}/task/${task}/children`), 0),
    };
  } catch (error) {
    // The process, or one of its threads, ended meanwhile.
    if (
      error instanceof Deno.errors.NotFound ||
      (error instanceof Error && /ESRCH|os error 3/.test(error.message))
    ) {
      return null;
    }
    throw error;
  }
}

function childCount(path: string): number {
  return Deno.readTextFileSync(path).split(" ").filter((pid) => pid !== "").length;
}

function field(status: string, name: string): number | null {
  const found = new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(status);
  return found === null ? null : Number(found[1]);
}
