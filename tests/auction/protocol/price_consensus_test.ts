import assert from "node:assert/strict";
import fc from "fast-check";
import {
  consensusPrice,
  metricConsensus,
  type PricePoint,
} from "../../../src/auction/protocol/price_consensus.ts";

const ONE = 10n ** 18n;
const points = (...list: [hotkey: string, price: bigint, stake: bigint][]): PricePoint[] =>
  list.map(([hotkey, price, stakeWeight]) => ({ hotkey, priceFp18: price * ONE, stakeWeight }));

Deno.test("consensusPrice() takes the stake-weighted median of the narrowest interval with 67 % of the stake", () => {
  // b and c hold 70 %, and 10 to 11 is narrower than 5 to 10.
  assert.equal(consensusPrice(points(["a", 5n, 30n], ["b", 10n, 30n], ["c", 11n, 40n])), 11n * ONE);
  // The half of the run's stake is enough for the median.
  assert.equal(consensusPrice(points(["a", 5n, 30n], ["b", 10n, 35n], ["c", 11n, 35n])), 10n * ONE);
});

Deno.test("consensusPrice() goes on with the middle of two equally narrow intervals", () => {
  assert.equal(consensusPrice(points(["a", 1n, 33n], ["b", 2n, 34n], ["c", 4n, 33n])), 2n * ONE);
});

Deno.test("consensusPrice() leaves out points without price or stake", () => {
  assert.equal(consensusPrice(points(["a", 0n, 100n], ["b", 3n, 0n])), null);
  assert.equal(consensusPrice(points(["a", 0n, 100n], ["b", 3n, 1n], ["c", 9n, 0n])), 3n * ONE);
  assert.equal(consensusPrice([]), null);
});

Deno.test("consensusPrice() refuses prices without a logarithm", () => {
  assert.throws(() => consensusPrice(points(["a", -1n, 1n])), RangeError);
  assert.throws(() => consensusPrice(points(["a", 10n ** 300n, 1n])), RangeError);
  assert.equal(consensusPrice(points(["a", -1n, 0n], ["b", 1n, 1n])), ONE);
});

/** The rule of the specification, by brute force over all intervals. */
function slowConsensus(list: readonly PricePoint[]): bigint | null {
  const sorted = list.filter((p) => p.priceFp18 !== 0n && p.stakeWeight !== 0n)
    .map((p) => ({ ...p, x: Math.log(Number(p.priceFp18) / 1e18) }))
    .sort((a, b) => a.x - b.x || (a.hotkey < b.hotkey ? -1 : 1));
  const threshold = 0.67 * Number(sorted.reduce((sum, p) => sum + p.stakeWeight, 0n));
  const runs = sorted.flatMap((_, left) =>
    sorted.slice(left).map((_, length) => sorted.slice(left, left + length + 1))
  )
    .filter((run) => run.reduce((sum, p) => sum + p.stakeWeight, 0n) >= threshold)
    // For a right end only the shortest run counts.
    .filter((run) => run.slice(1).reduce((sum, p) => sum + p.stakeWeight, 0n) < threshold);
  runs.sort((a, b) =>
    (a.at(-1)!.x - a[0]!.x) - (b.at(-1)!.x - b[0]!.x) || a.at(-1)!.x - b.at(-1)!.x || a[0]!.x - b[0]!.x
  );
  const [best] = runs;
  if (best === undefined) return null;
  const stake = best.reduce((sum, p) => sum + p.stakeWeight, 0n);
  let cumulated = 0n;
  return best.find((p) => (cumulated += p.stakeWeight) * 2n >= stake)!.priceFp18;
}

const pointList = fc.uniqueArray(
  fc.record({
    hotkey: fc.stringMatching(/^[a-z]{1,3}$/),
    priceFp18: fc.oneof(
      fc.constantFrom(0n, 1n, 2n, 4n, 8n).map((price) => price * ONE),
      fc.bigInt(1n, 10n ** 21n),
    ),
    stakeWeight: fc.oneof(fc.bigInt(0n, 5n), fc.bigInt(0n, 10n ** 25n)),
  }),
  { maxLength: 10, selector: ({ hotkey }) => hotkey },
);

Deno.test("consensusPrice() agrees with a brute-force search and does not depend on the order of the points", () => {
  fc.assert(fc.property(pointList, (list) => {
    const expected = slowConsensus(list);
    assert.equal(consensusPrice(list), expected);
    assert.equal(consensusPrice(list.toReversed()), expected);
  }));
});

Deno.test("metricConsensus() skips values that break validators and names their hotkeys", () => {
  const validator = (hotkey: string, price: bigint) => ({
    hotkey,
    stakeWeight: 1n,
    prices: new Map([["cap", price], ["other", 1n]]),
    bannedUids: [],
  });
  const validators = [validator("a", -1n), validator("b", 10n ** 330n), validator("c", ONE)];
  assert.deepEqual(metricConsensus("cap", validators), { priceFp18: ONE, skipped: ["a", "b"] });
  assert.deepEqual(metricConsensus("TAO_USDC", validators), { priceFp18: null, skipped: [] });
});
