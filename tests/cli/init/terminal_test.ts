/** `ih-miner init` as a program on a terminal of its own, which `script` of util-linux makes. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { locateProgram } from "../../../src/lib/program.ts";

const MAIN = fileURLToPath(new URL("../../../main.ts", import.meta.url));
/** The caches of this process: the children have other home folders. */
const DENO_FOLDER = Deno.env.get("DENO_DIR") ?? join(Deno.env.get("HOME") ?? "/", ".cache", "deno");
const script = await locateProgram("script", Deno.env.get("PATH") ?? "");
const skipped = script === null ? " (skipped: no script)" : "";

/** Runs a command line on a terminal, and presses a key whenever it shows the next text. */
async function onTerminal(
  words: readonly string[],
  env: Record<string, string>,
  steps: readonly (readonly [sees: string, types: string])[],
): Promise<{ code: number; shown: string }> {
  const command = words.map((word) => `'${word}'`).join(" ");
  const child = new Deno.Command(script!, {
    // stty tells whether the terminal is as it was.
    args: ["-qec", `stty cols 200 rows 50; ${command}; code=$?; stty -a; exit $code`, "/dev/null"],
    stdin: "piped",
    stdout: "piped",
    stderr: "null",
    env: { TERM: "xterm", DENO_DIR: DENO_FOLDER, ...env },
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

Deno.test({
  name:
    `init takes the first key of each question, and Ctrl-C gives the terminal back and exits with 130${skipped}`,
  ignore: script === null,
  fn: async () => {
    const folder = await Deno.makeTempDir({ prefix: "ih-miner-terminal-" });
    try {
      const init = [Deno.execPath(), "run", "-A", "--quiet", MAIN, "init", join(folder, "config.toml")];
      const steps = [["Network", "\r"], ["(netuid)", "\r"], ["Folder", "\x03"]] as const;
      const { code, shown } = await onTerminal(init, { HOME: folder, NO_COLOR: "1" }, steps);
      assert.equal(code, 130);
      assert.match(shown, /ended; nothing was written/);
      assert.match(shown, / icanon /);
      assert.match(shown, / echo /);
      await assert.rejects(Deno.stat(join(folder, "config.toml")), Deno.errors.NotFound);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

Deno.test({
  name: `init colours its questions, but not where NO_COLOR is set${skipped}`,
  ignore: script === null,
  fn: async () => {
    const folder = await Deno.makeTempDir({ prefix: "ih-miner-terminal-" });
    try {
      const init = [Deno.execPath(), "run", "-A", "--quiet", MAIN, "init", join(folder, "config.toml")];
      const cyan = "\x1b[36m";
      for (const [env, isColoured] of [[{}, true], [{ NO_COLOR: "1" }, false]] as const) {
        const { shown } = await onTerminal(init, { HOME: folder, ...env }, [["Network", "\r"], [
          "netuid",
          "\x03",
        ]]);
        assert.equal(shown.includes(cyan), isColoured, JSON.stringify(shown));
      }
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
