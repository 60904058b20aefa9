import assert from "node:assert/strict";
import fc from "fast-check";
import { findReferenceCbc, solveLikeValidators } from "../../../scripts/parity/reference_cbc.ts";
import type { AuctionProblem } from "../../../src/auction/inputs/problem.ts";
import { workersByColumn } from "../../../src/auction/solver/cbc/columns.ts";
import { totalsOfWins } from "../../../src/auction/solver/outcome.ts";
import { singleSizeWins } from "../../../src/auction/solver/single_size.ts";
import { bruteForce, problemOf } from "./brute_force.ts";

/** More in a long run: `CBC_RUNS=2000 deno test -A tests/auction/solver/single_size_test.ts`. */
const CBC_RUNS = Number(Deno.env.get("CBC_RUNS") ?? 40);

const reference = await findReferenceCbc();
// deno-lint-ignore no-console -- says why a test is skipped
if ("absence" in reference) console.log(`The single-size rule is not held against CBC: ${reference.absence}`);

/** Workers of one size; each run with its cost. */
function oneSize(runs: readonly (readonly [cost: number, count: number])[], cap: number): AuctionProblem {
  const items = runs.map(([cost, count], i) => ({ hotkey: `h${i}`, cost, value: 450, count }));
  return problemOf(items, cap, "value-then-cost");
}

const sameCosts = (counts: readonly number[], capWorkers: number): AuctionProblem =>
  oneSize(counts.map((count) => [100, count]), capWorkers * 100);

Deno.test("singleSizeWins() takes the cheapest that fit, in the order of the columns", () => {
  assert.deepEqual(singleSizeWins(oneSize([[120, 1], [100, 2], [110, 2]], 330)), [0, 2, 1]);
  // x_0, x_1, x_10, x_11, x_2, …: of twelve equal workers, numbers 0, 1 and 10 are the first three.
  assert.deepEqual([...workersByColumn(12).slice(0, 4)], [0, 1, 10, 11]);
  assert.deepEqual(singleSizeWins(sameCosts([2, 8, 2], 3)), [2, 0, 1]);
});

Deno.test("singleSizeWins() gives a single place among many of one cost to the last of them", () => {
  assert.deepEqual(singleSizeWins(sameCosts([1, 1, 1], 1)), [0, 0, 1]);
  assert.deepEqual(singleSizeWins(oneSize([[90, 2], [100, 1], [100, 1], [100, 1]], 290)), [2, 0, 0, 1]);
  assert.deepEqual(singleSizeWins(sameCosts([1, 1], 1)), [1, 0], "two are too few");
  assert.deepEqual(singleSizeWins(sameCosts([1, 1, 1], 2)), [1, 1, 0], "two places are no single one");
});

Deno.test("singleSizeWins() claims nothing for several sizes, without cost in the objective, and without workers", () => {
  const runs = [{ hotkey: "a", cost: 100, value: 450, count: 1 }, {
    hotkey: "b",
    cost: 100,
    value: 449,
    count: 1,
  }];
  assert.equal(singleSizeWins(problemOf(runs, 100, "value-then-cost")), null);
  assert.equal(singleSizeWins(problemOf(runs.slice(0, 1), 100, "value-only")), null);
  assert.equal(singleSizeWins(problemOf([], 100, "value-then-cost")), null);
});

Deno.test("singleSizeWins() is optimal", () => {
  const run = fc.tuple(fc.integer({ min: 1, max: 9 }), fc.nat(3));
  fc.assert(
    fc.property(
      fc.array(run, { minLength: 1, maxLength: 5 }),
      fc.double({ min: 0.2, max: 1.1, noNaN: true }),
      (runs, share) => {
        const everything = runs.reduce((sum, [cost, count]) => sum + cost * count, 0);
        const cheapest = Math.max(...runs.map(([cost]) => cost));
        const problem = oneSize(runs, Math.max(cheapest, Math.floor(everything * share)));
        const wins = singleSizeWins(problem)!;
        const { value, cost } = bruteForce(problem);
        assert.deepEqual(totalsOfWins(problem.items, wins), { totalValue: value, totalCost: cost });
      },
    ),
  );
});

Deno.test({
  name: "singleSizeWins() finds what the validators' program finds, whatever the seed",
  ignore: "absence" in reference,
  fn: async () => {
    assert.ok("path" in reference);
    const run = fc.tuple(
      fc.constantFrom(427_500, 441_000, 450_000, 459_000, 472_500),
      fc.integer({ min: 1, max: 14 }),
    );
    const auction = fc.record({
      runs: fc.array(run, { minLength: 2, maxLength: 12 }),
      share: fc.double({ min: 0.1, max: 0.95, noNaN: true }),
      seed: fc.integer({ min: 0, max: 2 ** 31 - 1 }),
    });
    await fc.assert(
      fc.asyncProperty(auction, async ({ runs, share, seed }) => {
        const everything = runs.reduce((sum, [cost, count]) => sum + cost * count, 0);
        const items = runs.map(([cost, count], i) => ({ hotkey: `h${i}`, cost, value: 450_000, count }));
        const cap = Math.max(472_500, Math.floor(everything * share));
        const problem = { ...problemOf(items, cap, "value-then-cost"), seed };
        assert.deepEqual(singleSizeWins(problem), await solveLikeValidators(reference.path, problem));
      }),
      { numRuns: CBC_RUNS },
    );
  },
});
