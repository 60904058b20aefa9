import assert from "node:assert/strict";
import { type SettledWindow, settleWindow } from "../../../src/agent/jobs/window_transition.ts";
import type { BlockRef } from "../../../src/chain/types.ts";
import { epochStart, windowAt } from "../../../src/auction/protocol/windows.ts";

const NETUID = 89;
const TEMPO = 360;
const EPOCH_START = epochStart(NETUID, TEMPO, 8_000_000);
/** Windows of one validation epoch, found from the epoch start: index 0 begins 60 blocks before it. */
const WINDOW_0 = windowAt(EPOCH_START - 60, EPOCH_START);

const ref = (number: number): BlockRef => ({ number, hash: `0x${number.toString(16).padStart(64, "0")}` });

/** Runs the transition on a fake clock: `heads[i]` is the best head after i+1 sleeps, the last one stays. */
async function run(
  start: number,
  heads: (number | Error)[],
): Promise<SettledWindow & { sleeps: number; failures: unknown[]; waits: number[] }> {
  let nowMs = 0;
  let sleeps = 0;
  const failures: unknown[] = [];
  const waits: number[] = [];
  const look = (): Promise<number> => {
    const head = heads[Math.min(sleeps, heads.length) - 1]!;
    return head instanceof Error ? Promise.reject(head) : Promise.resolve(head);
  };
  const settled = await settleWindow({
    head: ref(start),
    epochStartBlock: EPOCH_START,
    bestHeadNumber: look,
    bestHead: async () => ref(await look()),
    sleep: (ms) => {
      nowMs += ms;
      sleeps++;
      return Promise.resolve();
    },
    monotonicMs: () => nowMs,
    onWait: (_next, seconds) => waits.push(seconds),
    onLookFailed: (error) => failures.push(error),
  });
  return { ...settled, sleeps, failures, waits };
}

Deno.test("settleWindow() processes the current window at once when the next one is far", async () => {
  const result = await run(WINDOW_0.lastBlock - 3, []); // next window in 4 blocks, 48 s
  assert.deepEqual(result.window, WINDOW_0);
  assert.equal(result.wait, "none");
  assert.equal(result.sleeps, 0);
});

Deno.test("settleWindow() waits from three blocks before the next window, and processes that window", async () => {
  const start = WINDOW_0.lastBlock - 2; // 36 s
  const result = await run(start, [start, start, start + 1, start + 2, start + 3]);
  assert.deepEqual(result.waits, [36]);
  assert.equal(result.wait, "came");
  assert.equal(result.waitRounds, 5);
  assert.equal(result.window.firstBlock, WINDOW_0.lastBlock + 1);
  assert.deepEqual(result.head, ref(start + 3));
});

Deno.test("settleWindow() processes the current window after 48 rounds without the next one", async () => {
  const start = WINDOW_0.lastBlock;
  const result = await run(start, [start]);
  assert.equal(result.wait, "timed-out");
  assert.equal(result.waitRounds, 48);
  assert.equal(result.sleeps, 48);
  assert.deepEqual(result.window, WINDOW_0);
});

Deno.test("settleWindow() keeps waiting when the head goes back a block", async () => {
  const start = WINDOW_0.lastBlock - 1;
  const result = await run(start, [start + 1, start, start + 1, start + 2]);
  assert.equal(result.wait, "came");
  assert.equal(result.waitRounds, 4);
});

Deno.test("settleWindow() crosses the 61-block window at the end of an epoch with the epoch start it began with", async () => {
  const window5 = windowAt(WINDOW_0.firstBlock - 1, EPOCH_START);
  assert.equal(window5.index, 5);
  assert.equal(window5.lastBlock - window5.firstBlock, 60);
  const result = await run(window5.lastBlock, [window5.lastBlock + 1]);
  assert.equal(result.window.index, 0);
  assert.deepEqual(result.window, WINDOW_0);
});

Deno.test("settleWindow() survives looks that fail, and gives up on time when each one hangs", async () => {
  const start = WINDOW_0.lastBlock;
  const lost = new Error("connection lost");
  const result = await run(start, [lost, lost, start + 1]);
  assert.equal(result.wait, "came");
  assert.deepEqual(result.failures, [lost, lost]);

  let nowMs = 0;
  const hanging = await settleWindow({
    head: ref(start),
    epochStartBlock: EPOCH_START,
    bestHeadNumber: () => {
      nowMs += 20_000;
      return Promise.reject(lost);
    },
    bestHead: () => Promise.reject(lost),
    sleep: (ms) => {
      nowMs += ms;
      return Promise.resolve();
    },
    monotonicMs: () => nowMs,
  });
  assert.equal(hanging.wait, "timed-out");
  assert.equal(nowMs, 63_000);
});
