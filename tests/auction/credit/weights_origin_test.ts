import assert from "node:assert/strict";
import fc from "fast-check";
import {
  firstComparableBlock,
  paidAtBlock,
  validationEpochAt,
  weightsOrigin,
} from "../../../src/auction/credit/weights_origin.ts";
import { epochStart, windowAt } from "../../../src/auction/protocol/windows.ts";

const TEMPO = 360;
/** An epoch start of subnet 89. */
const START = epochStart(89, TEMPO, 7_500_100);
const schedule = (revealPeriodEpochs: number): Parameters<typeof weightsOrigin>[1] => ({
  epochStartBlock: START,
  tempo: TEMPO,
  revealPeriodEpochs,
});

Deno.test("weightsOrigin() goes back over the commit's window and the reveal period", () => {
  // Committed in the 60 blocks before START, for the 361 blocks before those; revealed after START, paid at its end.
  const origin = { firstBlock: START - 60 - 361, lastBlock: START - 61 };
  assert.deepEqual(weightsOrigin(START + 361, schedule(1)), origin);
  assert.deepEqual(weightsOrigin(START + 3 * 361, schedule(3)), origin);
  assert.equal(windowAt(origin.firstBlock, START).index, 0);
});

Deno.test("weightsOrigin() holds where the chain ends its epochs later than section 3 says", () => {
  // The commit still falls into the epoch that ends last before the reveal.
  for (const late of [1, 60, 300]) {
    assert.equal(weightsOrigin(START + 361 + late, schedule(1)).lastBlock, START - 61, `${late} blocks late`);
  }
});

Deno.test("paidAtBlock() is the reverse of weightsOrigin()", () => {
  fc.assert(fc.property(
    fc.integer({ min: 0, max: 10_000_000 }),
    fc.integer({ min: 0, max: 65_535 }),
    fc.integer({ min: 0, max: 100 }),
    (block, netuid, revealPeriodEpochs) => {
      const epochStartBlock = epochStart(netuid, TEMPO, block);
      const schedule = { epochStartBlock, tempo: TEMPO, revealPeriodEpochs };
      const epoch = validationEpochAt(block, epochStartBlock);
      assert.ok(epoch.firstBlock <= block && block <= epoch.lastBlock);
      assert.equal(windowAt(epoch.firstBlock, epochStartBlock).index, 0);
      assert.equal(windowAt(epoch.lastBlock, epochStartBlock).index, 5);
      const paidAt = paidAtBlock(epoch, schedule);
      assert.equal(epochStart(netuid, TEMPO, paidAt), paidAt);
      assert.deepEqual(weightsOrigin(paidAt, schedule), epoch);
    },
  ));
});

Deno.test("firstComparableBlock() needs all windows of a validation epoch", () => {
  const first = START - 60;
  assert.equal(firstComparableBlock(first, schedule(1)), START + 2 * 361);
  assert.equal(firstComparableBlock(first + 60, schedule(1)), START + 3 * 361);
  assert.equal(firstComparableBlock(first - 61, schedule(2)), START + 3 * 361);
});
