import assert from "node:assert/strict";
import fc from "fast-check";
import { buildItems, classifyWorker, mergeNeighbours } from "../../../src/auction/inputs/items.ts";
import type { Bid } from "../../../src/auction/inputs/problem.ts";
import { formatFp18, parseFp18 } from "../../../src/auction/protocol/fp18.ts";

const makeBid = (hotkey: string, size: string, price: string, count = 1): Bid => ({
  hotkey,
  sizeText: size,
  hashrateFp18: parseFp18(size),
  priceFp18: parseFp18(price),
  count,
});

Deno.test("classifyWorker() weighs workers in millionths of a PH, rounded half to even from doubles", () => {
  const weigh = (size: string, price: string): unknown => classifyWorker(makeBid("a", size, price), null);
  assert.deepEqual(weigh("0.45", "1.05"), { weight: { cost: 472_500n, value: 450_000n } });
  // 1e-7 lifts a half of a millionth over the edge.
  assert.deepEqual(weigh("0.1000005", "1"), { weight: { cost: 100_001n, value: 100_001n } });
  assert.deepEqual(weigh("0.1", "0.000005"), { weight: { cost: 1n, value: 100_000n } });
});

const exclusions: [string, string, string, bigint | null][] = [
  ["over-max-price", "0.1", "1.050000000000000001", null],
  ["cost-not-positive", "0.1", "0", null],
  ["cost-not-positive", "0.1", "-1", null],
  ["cost-not-positive", "0.1", "0.000004", null],
  ["value-not-positive", "-1", "-1", null],
  ["cost-above-cap", "0.1", "1", 99_999n],
  ["overflow", "9".repeat(300), "1", null],
  ["overflow", "9".repeat(290), `-${"9".repeat(30)}`, null],
];
for (const [exclusion, size, price, cap] of exclusions) {
  Deno.test(`classifyWorker() excludes ${size.slice(0, 9)} PH at ${price.slice(0, 20)} as ${exclusion}`, () => {
    assert.deepEqual(classifyWorker(makeBid("a", size, price), cap), { exclusion });
  });
}

Deno.test("buildItems() keeps the order and merges neighbours only", () => {
  const bids = [
    makeBid("a", "0.1", "1"),
    makeBid("a", "0.1", "1", 2),
    makeBid("a", "0.2", "2"),
    makeBid("a", "0.1", "1"),
    makeBid("a", "0.3", "1"),
    makeBid("b", "0.3", "1"),
    makeBid("a", "0.1", "1"),
  ];
  const { items, excluded } = buildItems(bids, 1_000_000n);
  assert.deepEqual(items.map(({ hotkey, sizeText, count }) => [hotkey, sizeText, count]), [
    ["a", "0.1", 4],
    ["a", "0.3", 1],
    ["b", "0.3", 1],
    ["a", "0.1", 1],
  ]);
  assert.deepEqual(excluded, [{ bid: bids[2], reason: "over-max-price" }]);
});

const bid = fc.record({
  hotkey: fc.constantFrom("a", "b"),
  hashrateFp18: fc.oneof(fc.constantFrom("0.1", "0.45", "0", "-1").map(parseFp18), fc.bigInt()),
  priceFp18: fc.oneof(fc.constantFrom("1", "1.05", "1.06", "0").map(parseFp18), fc.bigInt()),
  count: fc.integer({ min: 1, max: 1000 }),
}).map((fields) => ({ ...fields, sizeText: formatFp18(fields.hashrateFp18) }));

Deno.test("buildItems() loses no worker", () => {
  const workers = (bids: readonly Bid[]): number => bids.reduce((sum, { count }) => sum + count, 0);
  fc.assert(fc.property(fc.array(bid), fc.option(fc.bigInt(1n, 10n ** 9n), { nil: null }), (bids, cap) => {
    const { items, excluded } = buildItems(bids, cap);
    assert.equal(workers(items) + workers(excluded.map((e) => e.bid)), workers(bids));
    for (const { cost, value } of items) assert.ok(cost > 0n && value > 0n && (cap === null || cost <= cap));
    assert.deepEqual(mergeNeighbours(items), items);
  }));
});
