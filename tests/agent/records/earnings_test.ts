import assert from "node:assert/strict";
import { addUpEarnings } from "../../../src/agent/records/earnings.ts";
import { payLine } from "../../../src/agent/records/pay_line.ts";
import { epochPaid } from "../../operator/status/fake_agent.ts";
import type { LedgerLine } from "../../../src/agent/records/ledger_line.ts";

const START_MS = Date.UTC(2026, 10, 26, 12);
const START_BLOCK = 8_000_000;

/** A window that begins some blocks after noon of the 26th. */
function lineAt(blocks: number, windowIndex: number, overrides: Partial<LedgerLine> = {}): LedgerLine {
  const firstBlock = START_BLOCK + blocks;
  return {
    firstBlock,
    lastBlock: firstBlock + (windowIndex === 5 ? 60 : 59),
    windowIndex,
    firstBlockTime: new Date(START_MS + blocks * 12_000).toISOString(),
    lastBlockTime: null,
    taoUsdc: "350",
    alphaTao: "0.01",
    hashpUsdc: "50",
    budgetPh: 100,
    budgetAlpha: 12,
    offeredWorkers: 4,
    offeredPh: 2,
    wonWorkers: 2,
    wonPh: 1,
    creditedPh: null,
    priceLevels: "1:1",
    expectedAlpha: 2,
    expectedTao: 0.02,
    expectedUsdc: 7,
    creditedAlpha: null,
    creditedTao: null,
    creditedUsdc: null,
    stage: null,
    decidedBy: "glpk",
    parity: "estimated",
    ambiguous: false,
    certainPh: 1,
    possiblePh: 1,
    estimated: false,
    reason: null,
    ...overrides,
  };
}

/** When a window that begins some blocks after the start is over and written. */
function writtenMs(blocks: number): number {
  return START_MS + (blocks + 60) * 12_000;
}

Deno.test("addUpEarnings() adds up windows by day, and what is known of the credit", () => {
  const credit = { creditedPh: 0.5, creditedAlpha: 1, creditedTao: 0.01, creditedUsdc: 3.5 };
  const lines = [
    lineAt(0, 0),
    lineAt(60, 1, credit),
    lineAt(120, 2, {
      wonPh: 0,
      wonWorkers: 0,
      expectedAlpha: 0,
      expectedTao: 0,
      expectedUsdc: 0,
      ambiguous: true,
    }),
  ];
  const { days: [day], total } = addUpEarnings(lines, [], 3, writtenMs(120));
  const { day: name, ...sum } = day!;
  assert.equal(name, "2026-11-26");
  assert.deepEqual(sum, total);
  assert.deepEqual(sum, {
    windows: 3,
    missingWindows: 0,
    wonWindows: 2,
    ambiguousWindows: 1,
    offeredPh: 2,
    wonPh: 2 / 3,
    expected: { alpha: 4, tao: 0.04, usdc: 14 },
    creditedWindows: 1,
    credited: { alpha: 1, tao: 0.01, usdc: 3.5 },
    creditedShare: 0.5,
    paidEpochs: 0,
    paidAlpha: null,
    paidShare: null,
  });
});

Deno.test("addUpEarnings() adds up what was paid by the day it was seen, and compares what can be compared", () => {
  const epochs = [
    payLine(epochPaid(361, 0.0125), START_MS),
    payLine({ ...epochPaid(722, 0.025), expectedShare: null, verdict: "unknown" }, START_MS + 1),
    payLine({ ...epochPaid(1083, 0.00625), paidAlpha: null }, START_MS + 86_400_000),
  ];
  const { days, total } = addUpEarnings([], epochs, 3, START_MS + 86_400_001);
  const paid = days.map(({ paidEpochs, paidAlpha, paidShare }) => [paidEpochs, paidAlpha, paidShare]);
  assert.deepEqual(paid, [[2, 1.125, 1], [1, null, 0.5]]);
  assert.deepEqual([total.paidEpochs, total.paidAlpha, total.paidShare?.toFixed(9)], [
    3,
    1.125,
    "0.750000000",
  ]);
});

Deno.test("addUpEarnings() counts the windows between lines, with the longer last window of an epoch", () => {
  // Windows 4 and 5 of one epoch and 0 of the next are missing: 60 + 61 + 60 blocks.
  const lines = [lineAt(0, 3), lineAt(60 + 181, 1)];
  assert.equal(addUpEarnings(lines, [], 3, writtenMs(241)).total.missingWindows, 3);
  assert.equal(addUpEarnings([lineAt(0, 5), lineAt(61, 0)], [], 3, writtenMs(61)).total.missingWindows, 0);
});

Deno.test("addUpEarnings() counts windows after the last line once they must have been written", () => {
  const lines = [lineAt(0, 0)];
  const missing = (blocks: number): number =>
    addUpEarnings(lines, [], 3, START_MS + blocks * 12_000).total.missingWindows;
  assert.deepEqual([missing(60), missing(170), missing(180), missing(240)], [0, 0, 1, 2]);
});

Deno.test("addUpEarnings() leaves out older days, but knows from them what is missing later", () => {
  // A day and a half later: 10,800 blocks.
  const lines = [lineAt(0, 0), lineAt(10_830, 0)];
  const { days, total } = addUpEarnings(lines, [], 2, START_MS + 10_880 * 12_000);
  assert.deepEqual(days.map(({ day, windows }) => [day, windows]), [["2026-11-27", 0], ["2026-11-28", 1]]);
  assert.equal(days[0]!.missingWindows, 120);
  assert.equal(total.expected.usdc, 7);
  assert.deepEqual(addUpEarnings([], [], 7, START_MS).days, []);
});
