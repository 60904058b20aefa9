/**
 * Runs a program on a terminal of its own, which `script` of util-linux makes.
 *
 * @module
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { locateProgram } from "../../src/lib/program.ts";

const script = await locateProgram("script", Deno.env.get("PATH") ?? "");
/** Whether there can be a terminal. */
export const HAS_TERMINALS = script !== null;
/** For the names of tests that need one. */
export const SKIPPED = HAS_TERMINALS ? "" : " (skipped: no script)";

/** The caches of this process: the children may have other home folders. */
const DENO_FOLDER = Deno.env.get("DENO_DIR") ?? join(Deno.env.get("HOME") ?? "/", ".cache", "deno");

/**
 * Runs a command line, and presses keys whenever the terminal shows the next text.
 *
 * @returns what the terminal showed, followed by its settings as stty prints them.
 */
export async function onTerminal(
  words: readonly string[],
  env: Readonly<Record<string, string>>,
  steps: readonly (readonly [sees: string, types: string])[] = [],
): Promise<{ code: number; shown: string }> {
  const command = words.map((word) => `'${word}'`).join(" ");
  const child = new Deno.Command(script!, {
    // stty tells whether the terminal is as it was.
    args: ["-qec", `stty cols 200 rows 50; ${command}; code=$?; stty -a; exit $code`, "/dev/null"],
    stdin: "piped",
    stdout: "piped",
    stderr: "null",
    // Empty counts as unset: whoever runs the tests may have set it.
    env: { TERM: "xterm", NO_COLOR: "", DENO_DIR: DENO_FOLDER, ...env },
  }).spawn();
  const keys = child.stdin.getWriter();
  const limit = setTimeout(() => child.kill("SIGKILL"), 60_000);
  let shown = "";
  let [from, next] = [0, 0];
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    shown += text;
    for (
      let step = steps[next];
      step !== undefined && shown.indexOf(step[0], from) >= 0;
      step = steps[next]
    ) {
      from = shown.indexOf(step[0], from) + step[0].length;
      next++;
      await keys.write(new TextEncoder().encode(step[1]));
    }
  }
  const { code } = await child.status;
  clearTimeout(limit);
  await keys.close().catch(() => {});
  assert.equal(next, steps.length, `it does not show ${steps[next]?.[0]}, but ${shown}`);
  return { code, shown };
}
