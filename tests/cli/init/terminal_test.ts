/** `ih-miner init` as a program on a terminal of its own. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { HAS_TERMINALS, onTerminal, SKIPPED } from "../../support/on_terminal.ts";

const MAIN = fileURLToPath(new URL("../../../main.ts", import.meta.url));

Deno.test({
  name:
    `init takes the first key of each question, and Ctrl-C gives the terminal back and exits with 130${SKIPPED}`,
  ignore: !HAS_TERMINALS,
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
  name: `init takes a line feed for Enter, and both for one${SKIPPED}`,
  ignore: !HAS_TERMINALS,
  fn: async () => {
    const folder = await Deno.makeTempDir({ prefix: "ih-miner-terminal-" });
    try {
      const init = [Deno.execPath(), "run", "-A", "--quiet", MAIN, "init", join(folder, "config.toml")];
      const steps = [["Network", "\n"], ["(netuid)", "\x15x\r\n"], [
        "must be a whole number",
        "\x03",
      ]] as const;
      const { code, shown } = await onTerminal(init, { HOME: folder, NO_COLOR: "1" }, steps);
      assert.equal(code, 130);
      assert.doesNotMatch(shown, /is empty/);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

Deno.test({
  name: `init colours its questions, but not where NO_COLOR is set or the terminal is a dumb one${SKIPPED}`,
  ignore: !HAS_TERMINALS,
  fn: async () => {
    const folder = await Deno.makeTempDir({ prefix: "ih-miner-terminal-" });
    try {
      const init = [Deno.execPath(), "run", "-A", "--quiet", MAIN, "init", join(folder, "config.toml")];
      const cyan = "\x1b[36m";
      for (
        const [env, isColoured] of [[{}, true], [{ NO_COLOR: "1" }, false], [
          { TERM: "dumb" },
          false,
        ]] as const
      ) {
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

Deno.test({
  name: `init goes on with its question after Ctrl-Z and fg${SKIPPED}`,
  ignore: !HAS_TERMINALS,
  fn: async () => {
    const folder = await Deno.makeTempDir({ prefix: "ih-miner-terminal-" });
    try {
      // A shell gives the terminal its usual mode while the program is stopped.
      const line = `${Deno.execPath()} run -A --quiet ${MAIN} init ${join(folder, "config.toml")}; ` +
        "stty sane; echo stopped; fg";
      const { code, shown } = await onTerminal(["bash", "-m", "-c", line], { HOME: folder, NO_COLOR: "1" }, [
        ["Network", "\x1a"],
        ["stopped\r\n", ""],
        // The question comes again.
        ["Network", "\r"],
        ["(netuid)", "\x03"],
      ]);
      assert.equal(code, 130);
      assert.match(shown, / icanon /);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
