import assert from "node:assert/strict";
import { type AskedCommitment, readCommitmentAnswer } from "../../../src/agent/jobs/commitment_answer.ts";

const ASKED: AskedCommitment = {
  netuid: 89,
  hotkey: "5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty",
  text: "2;b;BTC,1=0.45:2",
  workerCount: 2,
  force: false,
  dryRun: false,
  endpoints: ["wss://node.example/key"],
};
const HASH = `0x${"ab".repeat(32)}`;
const WINDOW = { index: 1, firstBlock: 8_000_040, lastBlock: 8_000_099 };

/** What an honest worker answers. */
const PUBLISHED = {
  action: "published",
  reason: "differs",
  currentText: "2;b;",
  ageSeconds: 120,
  endpoint: "wss://node.example/…",
  netuid: 89,
  hotkey: ASKED.hotkey,
  text: ASKED.text,
  textBytes: ASKED.text.length,
  workerCount: 2,
  headNumber: 8_000_000,
  submitted: { extrinsicHash: HASH, blockHash: HASH, blockNumber: 8_000_002 },
  countsFrom: { window: WINDOW, beginsAt: "2026-01-02T03:04:05.000Z" },
  dryRun: false,
};

Deno.test("readCommitmentAnswer() passes an honest answer on, and cuts foreign text", () => {
  assert.deepEqual(readCommitmentAnswer(PUBLISHED, ASKED), PUBLISHED);
  const { currentText } = readCommitmentAnswer({ ...PUBLISHED, currentText: "x".repeat(5e7) }, ASKED);
  assert.ok(currentText !== null && currentText.length < 3000);
  const unpublished = { ...PUBLISHED, action: "would-publish", submitted: null, dryRun: true };
  assert.deepEqual(readCommitmentAnswer(unpublished, { ...ASKED, dryRun: true }), unpublished);
});

for (
  const [what, lie] of [
    ["null", null],
    ["another bid", { ...PUBLISHED, text: "2;b;BTC,0.1=0.45:999" }],
    ["another hotkey", { ...PUBLISHED, hotkey: "5Grw" }],
    ["an endpoint that is not configured", { ...PUBLISHED, endpoint: "wss://evil.example" }],
    ["a publication without a block", { ...PUBLISHED, submitted: null }],
    ["a block without a publication", { ...PUBLISHED, action: "up-to-date", reason: null }],
    ["a publication for no reason", { ...PUBLISHED, reason: null }],
    ["a publication in a dry run", { ...PUBLISHED, dryRun: true }],
    ["an endless age", { ...PUBLISHED, ageSeconds: Infinity }],
    ["a head that is none", { ...PUBLISHED, headNumber: -1 }],
    ["a window of a million blocks", {
      ...PUBLISHED,
      countsFrom: { window: { ...WINDOW, lastBlock: 9_000_000 }, beginsAt: null },
    }],
    ["a window that is years away", {
      ...PUBLISHED,
      countsFrom: { window: { index: 0, firstBlock: 9_000_000, lastBlock: 9_000_059 }, beginsAt: null },
    }],
    ["a time that is none", { ...PUBLISHED, countsFrom: { window: WINDOW, beginsAt: "\x1b[2J" } }],
  ] as const
) {
  Deno.test(`readCommitmentAnswer() refuses ${what}`, () => {
    const asked = { ...ASKED, dryRun: what === "a publication in a dry run" };
    assert.throws(() => readCommitmentAnswer(lie, asked), { name: "WorkerAnswerError" });
  });
}
