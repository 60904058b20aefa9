/** The schedule of the one-file program while the host's clock steps. */

import assert from "node:assert/strict";
import { waitFor } from "../../scripts/e2e/processes.ts";
import { freePort } from "../../scripts/scene/free_port.ts";
import { FakeTime, hasFaketime } from "../support/fake_time.ts";
import { forEachProgram, Stage } from "./stage.ts";

/** A minute and the guard's patience, on a busy machine. */
const TICK_MS = 90_000;

forEachProgram("the schedule of the one-file program while the clock steps", (program) => {
  for (const hours of [-10, 10]) {
    Deno.test({
      name: `${program.name} goes on with its schedule when the clock steps by ${hours} h`,
      ignore: !hasFaketime,
      fn: async () => {
        await using at = await Stage.open(program, { hasBid: true });
        const port = freePort();
        await at.configure(`[http]\nlisten = "127.0.0.1:${port}"\n`);
        const runs = async (): Promise<number> => {
          const { jobs } = await (await fetch(`http://127.0.0.1:${port}/api/status`)).json();
          return jobs.find(({ job }: { job: string }) => job === "auction").runs;
        };
        const clock = new FakeTime(at.rig.folder);
        await clock.set(0);
        await using agent = at.start({ env: clock.env });
        await waitFor("the first run", async () => await runs().catch(() => 0) > 0, TICK_MS);
        await clock.set(hours * 3_600);
        const before = await runs();
        await waitFor("a tick", async () => await runs() > before, TICK_MS);
        agent.kill("SIGTERM");
        assert.equal((await agent.status).code, 0);
      },
    });
  }
});
