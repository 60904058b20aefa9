import assert from "node:assert/strict";
import { LogRecorder } from "../support/log_recorder.ts";
import { startMockNode } from "../chain/mock_node.ts";
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

Deno.test("HeadWatcher ignores heads without a number, and nothing is thrown elsewhere", async () => {
  const deep = JSON.parse("[".repeat(20_000) + "]".repeat(20_000));
  await using node = startMockNode({
    chain_getBlockHash: () => `0x${"00".repeat(32)}`,
    chain_subscribeNewHeads: (_params, session) => {
      for (const number of [{ toString: 1, valueOf: 2 }, deep, null, true, "", "x"]) {
        session.notify("1", { number });
      }
      session.notify("1", { number: "0x2a" });
      return "1";
    },
  });
  const heads: number[] = [];
  const watcher = new HeadWatcher({
    log: new LogRecorder(),
    onHead: (blockNumber) => heads.push(blockNumber),
  });
  watcher.follow({ endpoints: [node.url], expectedGenesisHash: undefined });
  await until(() => watcher.headNumber === 42);
  assert.deepEqual(heads, [42]);
  await watcher.stop();
});

async function until(holds: () => boolean): Promise<void> {
  const startMs = performance.now();
  while (!holds()) {
    assert.ok(performance.now() - startMs < 20_000, "it never came");
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
