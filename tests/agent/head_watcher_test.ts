import assert from "node:assert/strict";
import { LogRecorder } from "../support/log_recorder.ts";
import { HeadWatcher } from "../../src/agent/head_watcher.ts";
import { startSimulator } from "../../src/simulator/mod.ts";

Deno.test("HeadWatcher passes a node over whose head does not fit, and follows the next one", async () => {
  await using behind = await startSimulator({ startBlock: 1_000, timestamps: "clock" });
  await using current = await startSimulator({ startBlock: 9_000, timestamps: "clock" });
  const heads: number[] = [];
  const failures: unknown[] = [];
  const watcher = new HeadWatcher({
    log: new LogRecorder(),
    onHead: (blockNumber) => heads.push(blockNumber),
    onFailure: ({ kind }) => failures.push(kind),
  });
  watcher.passOver();
  watcher.follow({ endpoints: [behind.url, current.url], expectedGenesisHash: undefined });
  await until(() => watcher.headNumber === 1_000);
  watcher.passOver();
  await until(() => watcher.headNumber === 9_000);
  assert.deepEqual([heads, failures], [[1_000, 9_000], ["stale-head"]]);
  await watcher.stop();
});

async function until(holds: () => boolean): Promise<void> {
  const startMs = performance.now();
  while (!holds()) {
    assert.ok(performance.now() - startMs < 20_000, "it never came");
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
