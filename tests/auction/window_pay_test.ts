import assert from "node:assert/strict";
import type { AuctionOutcome } from "../../src/auction/outcome.ts";
import { concludeAuction } from "../../src/auction/outcome.ts";
import type { WindowPay } from "../../src/auction/credit/pay_comparison.ts";
import { prepareAuction } from "../../src/auction/inputs/prepare.ts";
import { solveWithGlpk } from "../../src/auction/solver/glpk_engine.ts";
import { epochStart, windowAt } from "../../src/auction/protocol/windows.ts";
import { expectedWindowPay } from "../../src/auction/window_pay.ts";
import { FIRST_BLOCK, makeSnapshot, PRICES, type SnapshotFixture, SPLIT } from "./inputs/make_snapshot.ts";

/** Alpha for a PH at price 1 in a window of 60 blocks: 50 USDC a day, at 3.5 USDC. */
const ALPHA_PER_PH = 50 / (0.01 * 350) * 60 / 7200;
/** Alpha that mechanism 1's miners get in 60 blocks. */
const BUDGET_ALPHA = 60 * 0.41 * SPLIT[1] / 65_535;

async function outcomeOf(fixture: SnapshotFixture): Promise<AuctionOutcome> {
  const snapshot = makeSnapshot(fixture);
  const prepared = prepareAuction(snapshot);
  const solved = prepared.problem === null
    ? null
    : await solveWithGlpk(prepared.problem, { ownHotkey: "me", prefer: "most-own" });
  return concludeAuction({
    snapshot,
    window: { ...windowAt(FIRST_BLOCK, epochStart(89, 360, FIRST_BLOCK)), index: 1 },
    hotkey: "me",
    onAmbiguous: "deliver-possible",
    prepared,
    solved,
  });
}

async function payOf(fixture: SnapshotFixture, split: readonly number[] | null = SPLIT): Promise<WindowPay> {
  return expectedWindowPay(await outcomeOf(fixture), split);
}

const close = (actual: number, expected: number): void =>
  assert.ok(Math.abs(actual - expected) < 1e-9, `${actual} is not ${expected}`);

/** Three of the four workers fit, so that one of the small ones wins. */
const TIGHT = { validator: { prices: { ...PRICES, cap: "0.00995" } } };

Deno.test("expectedWindowPay() pays what was won by its price, of pay and burn", async () => {
  const bids = { me: "2;b;BTC,0.9=0.45:2,0.2:1", other: "2;b;BTC,1.05=0.45:3" };
  const { ownAlpha, certainAlpha, totalAlpha, isEstimated, firstBlock } = await payOf({ bids });
  close(ownAlpha, 1.1 * 0.9 * ALPHA_PER_PH);
  close(certainAlpha, ownAlpha);
  close(totalAlpha, BUDGET_ALPHA);
  assert.equal(isEstimated, false);
  assert.equal(firstBlock, windowAt(FIRST_BLOCK, epochStart(89, 360, FIRST_BLOCK)).firstBlock);
});

Deno.test("expectedWindowPay() counts as certain what wins in every one of several equally good outcomes", async () => {
  const bids = { me: "2;b;BTC,1=0.1:1,0.45:1", other: "2;b;BTC,1=0.1:1,0.45:1" };
  const { ownAlpha, certainAlpha } = await payOf({ bids, validators: TIGHT });
  close(ownAlpha, 0.55 * ALPHA_PER_PH);
  close(certainAlpha, 0.45 * ALPHA_PER_PH);
});

Deno.test("expectedWindowPay() expects nothing without prices, and says that it is a guess", async () => {
  const bids = { me: "2;b;BTC,1=0.1:1" };
  const validators = { validator: { prices: { TAO_USDC: "350" } } };
  const { ownAlpha, certainAlpha, totalAlpha, isEstimated } = await payOf({ bids, validators });
  assert.deepEqual([ownAlpha, certainAlpha, isEstimated], [0, 0, true]);
  close(totalAlpha, BUDGET_ALPHA);
  assert.equal((await payOf({ bids, validators, split: null }, null)).totalAlpha, 0);
});

Deno.test("expectedWindowPay() passes on that an outcome is estimated", async () => {
  const outcome = await outcomeOf({ bids: { me: "2;b;BTC,1=0.1:1" } });
  assert.equal(expectedWindowPay({ ...outcome, estimated: true }, SPLIT).isEstimated, true);
});
