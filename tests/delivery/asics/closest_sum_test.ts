import assert from "node:assert/strict";
import { closestSum, type PricedPart } from "../../../src/delivery/asics/closest_sum.ts";

const PARTS: readonly PricedPart[] = [
  { size: 50, count: 3, cost: 1 },
  { size: 30, count: 2, cost: -1 },
  { size: 100, count: 1, cost: 1 },
];

Deno.test("closestSum() finds the closest sum from either side, at the least cost", () => {
  assert.deepEqual(closestSum(PARTS, { target: 100, side: "above", step: 1 }), [0, 0, 1]);
  assert.deepEqual(closestSum(PARTS, { target: 101, side: "above", step: 1 }), [1, 2, 0]);
  assert.deepEqual(closestSum(PARTS, { target: 109, side: "below", step: 1 }), [0, 0, 1]);
  assert.deepEqual(closestSum(PARTS, { target: 29, side: "below", step: 1 }), [0, 0, 0]);
});

Deno.test("closestSum() returns null when no sum reaches the target", () => {
  assert.equal(closestSum(PARTS, { target: 311, side: "above", step: 1 }), null);
  assert.equal(closestSum([], { target: 1, side: "above", step: 1 }), null);
});

Deno.test("closestSum() takes nothing on the wrong side of the target, however coarse its steps", () => {
  for (const step of [1, 7, 64, 1000]) {
    for (let target = 1; target <= 310; target++) {
      const above = closestSum(PARTS, { target, side: "above", step });
      if (above !== null) assert.ok(sumOf(above) >= target, `${target} in steps of ${step}`);
      const below = closestSum(PARTS, { target, side: "below", step });
      assert.ok(below !== null && sumOf(below) <= target, `${target} in steps of ${step}`);
    }
  }
});

function sumOf(counts: readonly number[]): number {
  return counts.reduce((sum, count, i) => sum + count * PARTS[i]!.size, 0);
}
