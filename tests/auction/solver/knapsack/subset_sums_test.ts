import assert from "node:assert/strict";
import fc from "fast-check";
import { Effort } from "../../../../src/auction/solver/knapsack/effort.ts";
import { SubsetSums, type SumPart } from "../../../../src/auction/solver/knapsack/subset_sums.ts";

const unlimited = new Effort({ timeLimitMs: Infinity, stateLimit: Infinity, now: () => 0 });

function enumerate(parts: readonly SumPart[]): Set<number> {
  let sums = new Set([0]);
  for (const { size, count } of parts) {
    const wider = new Set<number>();
    for (const sum of sums) for (let copies = 0; copies <= count; copies++) wider.add(sum + copies * size);
    sums = wider;
  }
  return sums;
}

function sumOf(parts: readonly SumPart[], counts: readonly number[]): number {
  return parts.reduce((sum, { size }, index) => sum + size * counts[index]!, 0);
}

const smallParts = fc.array(
  fc.record({ size: fc.integer({ min: 1, max: 60 }), count: fc.integer({ min: 0, max: 5 }) }),
  { maxLength: 8 },
);

Deno.test("SubsetSums agrees with enumeration for every sum, also just outside the total", () => {
  fc.assert(
    fc.property(smallParts, fc.constantFrom(1, 7, 1000), (shapes, scale) => {
      const parts = shapes.map(({ size, count }) => ({ size: size * scale, count }));
      const expected = enumerate(parts);
      const ascending = [...expected].sort((a, b) => a - b);
      const sums = new SubsetSums(parts, Infinity, unlimited);
      assert.equal(sums.complete, true);
      assert.equal(sums.total, ascending.at(-1));
      const step = Math.max(1, Math.floor(scale / 2));
      for (let sum = -step; sum <= sums.total + step; sum += step) {
        assert.equal(sums.has(sum), expected.has(sum), `has(${sum})`);
        if (sum < 0) continue;
        assert.equal(sums.floor(sum), ascending.findLast((reached) => reached <= sum), `floor(${sum})`);
        if (sum <= sums.total) {
          assert.equal(sums.ceil(sum), ascending.find((reached) => reached >= sum), `ceil(${sum})`);
        }
        if (!expected.has(sum)) {
          assert.throws(() => sums.pick(sum), RangeError);
          continue;
        }
        const counts = sums.pick(sum);
        assert.equal(sumOf(parts, counts), sum);
        assert.ok(counts.every((count, index) => count >= 0 && count <= parts[index]!.count));
      }
    }),
    { numRuns: 150 },
  );
});

Deno.test("SubsetSums with a limit is right up to the limit and in its mirror", () => {
  fc.assert(
    fc.property(smallParts, fc.integer({ min: 0, max: 200 }), (parts, limit) => {
      const expected = enumerate(parts);
      const sums = new SubsetSums(parts, limit, unlimited);
      for (let sum = 0; sum <= Math.min(limit, sums.total); sum++) {
        assert.equal(sums.has(sum), expected.has(sum));
        assert.equal(sums.has(sums.total - sum), expected.has(sum));
        if (expected.has(sum)) assert.equal(sumOf(parts, sums.pick(sum)), sum);
      }
    }),
    { numRuns: 150 },
  );
});

Deno.test("SubsetSums makes thousands of odd parts in an instant, each sum by a real subset", () => {
  const parts = Array.from({ length: 2048 }, (_, index) => ({
    size: 50_000 + (index * 7919 % 400_000),
    count: 1 + index % 125,
  }));
  const sums = new SubsetSums(parts, Infinity, unlimited);
  assert.equal(sums.complete, true);
  for (const share of [0.01, 0.1, 0.37, 0.5, 0.63, 0.99]) {
    const sum = Math.floor(sums.total * share);
    assert.equal(sums.has(sum), true);
    const counts = sums.pick(sum);
    assert.equal(sumOf(parts, counts), sum);
    assert.ok(counts.every((count, index) => count >= 0 && count <= parts[index]!.count));
  }
  // Below the smallest part there is nothing, wherever the complete interval begins.
  assert.equal(sums.has(49_999), false);
  assert.equal(sums.has(50_000), true);
  assert.equal(sums.floor(49_999), 0);
  assert.equal(sums.ceil(sums.total - 49_999), sums.total);
});

Deno.test("SubsetSums reports when its time is up", () => {
  const parts = Array.from({ length: 50 }, (_, index) => ({ size: 50_001 + 7919 * index, count: 9 }));
  const sums = new SubsetSums(parts, Infinity, new Effort({ timeLimitMs: 0, stateLimit: 1, now: () => 0 }));
  assert.equal(sums.complete, false);
  assert.equal(sums.has(0), true);
});
