import assert from "node:assert/strict";
import { join } from "node:path";
import { freePort } from "../../scripts/scene/free_port.ts";
import { Agent } from "../support/agent.ts";
import { setScene } from "../support/scene.ts";

/** Where Debian's package `faketime` puts it. */
const LIBRARY = `/usr/lib/${Deno.build.arch}-linux-gnu/faketime/libfaketimeMT.so.1`;
const isThere = await Deno.stat(LIBRARY).then(() => true, () => false);
if (!isThere) globalThis.console.log(`skipped: the test of a clock that steps, there is no ${LIBRARY}`);

Deno.test({
  name: "ih-miner CONFIG goes on with its schedule when the clock steps back by three hours",
  ignore: !isThere,
  fn: async () => {
    await using stage = await setScene();
    const { rig } = stage;
    const [port, offset] = [freePort(), join(rig.folder, "offset")];
    await Deno.writeTextFile(rig.configPath, `[http]\nlisten = "127.0.0.1:${port}"\n`, { append: true });
    await Deno.writeTextFile(offset, "+0");
    const agent = new Agent(rig.configPath, {
      LD_PRELOAD: LIBRARY,
      FAKETIME_TIMESTAMP_FILE: offset,
      FAKETIME_CACHE_DURATION: "1",
      FAKETIME_DONT_FAKE_MONOTONIC: "1",
    });
    await agent.seen("Auction results computed");
    const runs = async (): Promise<number> => {
      const status = await (await fetch(`http://127.0.0.1:${port}/api/status`)).json();
      return status.jobs.find(({ job }: { job: string }) => job === "auction").runs;
    };
    await Deno.writeTextFile(offset, "-10800");
    // A tick that was due at once may still come.
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    const before = await runs();
    const deadline = performance.now() + 90_000;
    while (await runs() === before) {
      assert.ok(performance.now() < deadline, "no tick came");
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
    assert.equal((await agent.stop()).code, 0);
  },
});
