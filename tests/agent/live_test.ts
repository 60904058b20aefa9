import assert from "node:assert/strict";
import { LogRecorder } from "../support/log_recorder.ts";
import { runLive } from "../../scripts/scene/live_run.ts";

Deno.test("runDaemon() processes every window once, at its first block, and routes as an independent computation expects", async () => {
  const log = new LogRecorder();
  const windows = await runLive({ windows: 4, blockTimeMs: 30, minuteMs: 1000, patient: true, log });

  const firstBlocks = windows.map(({ window }) => window.firstBlock);
  for (const [i, { window }] of windows.slice(0, -1).entries()) {
    assert.equal(firstBlocks[i + 1], window.lastBlock + 1);
  }
  for (const { routed, expected } of windows) assert.equal(routed, expected);
  assert.ok(
    new Set(windows.map(({ routed }) => routed)).size > 1,
    "the budgets are made to change the routing",
  );
  for (const { delayMs } of windows.slice(1)) {
    assert.ok(delayMs !== null && delayMs < 10_000, String(delayMs));
  }
  assert.deepEqual(log.events("error"), []);
  assert.equal(log.events().filter((event) => event === "Window completed").length, windows.length - 1);
});
