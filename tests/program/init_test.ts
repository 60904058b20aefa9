/** `init` of the one-file program on a terminal, up to the commands that it names. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { HAS_TERMINALS, onTerminal, SKIPPED } from "../support/on_terminal.ts";
import { forEachProgram, Stage } from "./stage.ts";

const CLEAR = "\x15";

forEachProgram("init of the one-file program", (program) => {
  Deno.test({
    name: `${program.name} sets itself up on a terminal, and check finds everything there${SKIPPED}`,
    ignore: !HAS_TERMINALS,
    fn: async () => {
      await using at = await Stage.open(program);
      const [target, pools] = [join(at.empty, "config.toml"), join(at.empty, "proxy", "pools.toml")];
      await Deno.mkdir(join(at.empty, "proxy"));
      const env = { HOME: at.empty, IH_MINER_CACHE: at.cache };
      const { code, shown } = await onTerminal([program.path, "init", target], env, [
        ["Network", `${CLEAR}finey\r`],
        ["not a known name", `${CLEAR}${at.simulator.url}\r`],
        ["(netuid)", "\r"],
        ["Folder", `${CLEAR}${join(at.rig.folder, "wallets")}\r`],
        ["Wallet", "\r"],
        ["Hotkey", "\r"],
        ["Price", `${CLEAR}1.02\r`],
        ["Workers you offer", "0.45x2,0.25x3\r"],
        ["What routes", "\r"],
        ["Its file", `${pools}\r`],
        ["Write a first one?", "\r"],
        ["The pool in it", "\r"],
        ["Address of the subnet", "subnet.example.org:9332\r"],
        ["Your own pool", "farm.1@pool.example.net:3333\r"],
        [`Write ${pools}`, "\r"],
      ]);
      assert.equal(code, 0, shown);
      assert.match(shown, / icanon /);
      const words = program.isScript ? ["ih-miner", target] : [program.path, target];
      assert.ok(shown.includes(`\n  ${words[0]} check ${words[1]}\r\n  ${words.join(" ")}\r\n`), shown);
      assert.ok((await Deno.readTextFile(pools)).includes(`"sn89auction.${at.rig.hotkey}.worker1"`));
      const checked = await at.run(["check", target], { env });
      assert.equal(checked.code, 0, checked.out);
      const bid = await at.run([target, "--once", "commitment"], { env });
      assert.equal(bid.code, 0, bid.err);
      const auction = await at.run([target, "--once", "auction"], { env });
      assert.equal(auction.code, 0, auction.err);
    },
  });
});
