import assert from "node:assert/strict";
import type { AuctionItem } from "../../../src/auction/inputs/problem.ts";
import { NETUID, publishPrices, setUpMarket, START_BLOCK, windowOf } from "../../../scripts/scene/market.ts";
import { otherWins, StandInValidators } from "../../../scripts/scene/validators.ts";
import { type SimulatedChain, startSimulator } from "../../../src/simulator/mod.ts";

/** The first block of a validation epoch. */
const FIRST = (() => {
  const { index, firstBlock } = windowOf(START_BLOCK);
  return firstBlock - 60 * index;
})();
const EPOCH = 361;

/** The incentive of a hotkey at the head, as a share of 1. */
function incentiveOf(chain: SimulatedChain, hotkey: string): number {
  const { uid } = chain.neuronsAt(chain.head, NETUID).find((neuron) => neuron.hotkey === hotkey)!;
  const key = chain.storageKey("SubtensorModule", "Incentive", NETUID + 4096);
  const stored = chain.runtime.decodeStorage(
    "SubtensorModule",
    "Incentive",
    chain.storageAt(chain.head, key),
  );
  return ((stored!.toJSON() as number[])[uid] ?? 0) / 65_535;
}

Deno.test("the stand-in validators make the chain pay what they have settled", async () => {
  await using simulator = await startSimulator({ startBlock: FIRST - 30 });
  const { chain } = simulator;
  const { miners } = setUpMarket(chain, FIRST - 40);
  publishPrices(chain, "0.5", FIRST - 31);
  await using validators = await StandInValidators.open(simulator);
  const owner = chain.subnetOwner(NETUID);
  const [, uncredited, , credited] = miners.map(({ hotkey }) => hotkey) as [string, string, string, string];

  chain.setHead(FIRST + EPOCH + 3);
  const before = await validators.settle();
  const sum = [...before.values()].reduce((total, share) => total + share, 0);
  assert.ok(Math.abs(sum - 1) < 1e-12);
  // The budget factor leaves half, and the rest buys at prices below 1.
  assert.ok(before.get(owner)! > 0.5 && before.get(owner)! < 0.6, String(before.get(owner)));
  assert.ok(before.get(uncredited)! > 0 && before.get(credited)! > 0);

  chain.setHead(FIRST + 2 * EPOCH + 3);
  validators.credit(uncredited, 0);
  const after = await validators.settle();
  assert.equal(after.get(uncredited), undefined);
  // What is not credited burns: everybody else gets what they got.
  assert.ok(Math.abs(after.get(owner)! - before.get(owner)! - before.get(uncredited)!) < 1e-12);

  // Committed in the epoch that ends with window 0, revealed in the next one, and paid at its end.
  const paidAt = FIRST + 60 + 2 * EPOCH;
  chain.setHead(paidAt - 1);
  assert.equal(incentiveOf(chain, credited), 0);
  chain.advance();
  for (const [hotkey, share] of before) {
    assert.ok(Math.abs(incentiveOf(chain, hotkey) - share) < 3 / 65_535, hotkey);
  }
  chain.setHead(paidAt + EPOCH);
  assert.equal(incentiveOf(chain, uncredited), 0);
  assert.throws(() => validators.credit(credited, 1.5), /the share is 1.5; give a number from 0 to 1/);
});

Deno.test("stand-in validators with another build of the solver pay others, and burn the same", async () => {
  await using simulator = await startSimulator({ startBlock: FIRST - 30 });
  const { miners } = setUpMarket(simulator.chain, FIRST - 40);
  // The budget buys less than half of what they all offer at the same price.
  for (const { hotkey } of miners) {
    simulator.chain.setCommitment({ netuid: NETUID, hotkey, data: "2;b;BTC,1.05=0.45:2", block: FIRST - 40 });
  }
  publishPrices(simulator.chain, "0.5", FIRST - 31);
  await using validators = await StandInValidators.open(simulator);
  simulator.chain.setHead(FIRST + EPOCH + 3);
  const usual = await validators.settle();
  validators.hasOtherBuild = true;
  const other = await validators.settle();
  const owner = simulator.chain.subnetOwner(NETUID);
  assert.ok(Math.abs(other.get(owner)! - usual.get(owner)!) < 1e-12);
  const changed = [...usual].filter(([hotkey, share]) => Math.abs((other.get(hotkey) ?? 0) - share) > 1e-6);
  assert.ok(changed.length > 0, "nobody is paid anything else");
});

Deno.test("otherWins() names other winners of the same value and cost", () => {
  const item = (hotkey: string, value: bigint, count: number): AuctionItem =>
    ({ hotkey, value, cost: value, count }) as AuctionItem;
  const items = [item("a", 5n, 2), item("b", 7n, 1), item("c", 5n, 2), item("d", 5n, 1)];
  assert.deepEqual(otherWins(items, [2, 1, 0, 0]), [0, 1, 1, 1]);
  assert.deepEqual(otherWins(items, [2, 0, 2, 1]), [2, 0, 2, 1]);
});
