import assert from "node:assert/strict";
import { ChainProgress } from "../../src/agent/chain_progress.ts";

const WINDOW = { index: 2, firstBlock: 100, lastBlock: 159 };

Deno.test("ChainProgress.endOfMs() is the window's end by the block time from the highest block on", () => {
  const progress = new ChainProgress();
  assert.equal(progress.endOfMs(WINDOW), Infinity);
  progress.note(110, { monotonicMs: 5_000, nowMs: 0 });
  assert.equal(progress.endOfMs(WINDOW), 5_000 + 50 * 12_000);
  progress.note(150, { monotonicMs: 600_000, nowMs: 0 });
  assert.equal(progress.endOfMs(WINDOW), 600_000 + 10 * 12_000);
});

Deno.test("ChainProgress does not take a block that it has seen, or a lower one, for progress", () => {
  const progress = new ChainProgress();
  progress.note(150, { monotonicMs: 0, nowMs: 0 });
  for (const blockNumber of [150, 149, 20]) {
    progress.note(blockNumber, { monotonicMs: 90_000, nowMs: 90_000 });
  }
  assert.equal(progress.endOfMs(WINDOW), 120_000);
  assert.match(progress.stalledError().message, /no block beyond 150 since 1970-01-01T00:00:00.000Z/);
});
