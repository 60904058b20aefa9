import assert from "node:assert/strict";
import fc from "fast-check";
import type { AuctionProblem } from "../../../src/auction/inputs/problem.ts";
import { solveAllRanges, solveWithGlpk } from "../../../src/auction/solver/glpk_engine.ts";
import { totalsOfWins } from "../../../src/auction/solver/outcome.ts";
import { proposeWithGlpk } from "../../../src/auction/solver/glpk.ts";
import { groupWorkers, totalsOf } from "../../../src/auction/solver/knapsack/worker_classes.ts";
import { bruteForce, problemOf, rangeOver } from "./brute_force.ts";
import { solveByTables } from "./brute_force_dp.ts";
import { FAMILIES, generateAuction, LARGEST_SCALE } from "../../../scripts/parity/families.ts";

/** More in a long run: `FUZZ_RUNS=20000 deno test -A tests/auction/solver`. */
const RUNS = Number(Deno.env.get("FUZZ_RUNS") ?? 300);

/** Runs in which ties, equal efficiencies and near misses are the normal case. */
const smallProblem = fc.record({
  scale: fc.constantFrom<[number, number][]>([1, 1], [3, 1], [1, 7], [6, 10], [50, 1000]),
  runs: fc.array(
    fc.record({
      hotkey: fc.constantFrom("a", "b", "c"),
      shape: fc.oneof(
        // Any efficiency.
        fc.tuple(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 12 })),
        // One price.
        fc.integer({ min: 1, max: 12 }).map((size): [number, number] => [size, size]),
        // One price with rounding.
        fc.integer({ min: 1, max: 40 }).map((size): [number, number] => [Math.round(size * 1.05), size]),
      ),
      count: fc.integer({ min: 0, max: 3 }),
    }),
    { maxLength: 7 },
  ),
  capShare: fc.double({ min: 0, max: 1.1, noNaN: true }),
  objective: fc.constantFrom("value-then-cost" as const, "value-only" as const),
}).map(({ scale: [costScale, valueScale], runs, capShare, objective }): AuctionProblem => {
  const scaled = runs.map(({ hotkey, shape: [cost, value], count }) => ({
    hotkey,
    cost: cost * costScale,
    value: value * valueScale,
    count,
  }));
  const everything = scaled.reduce((sum, run) => sum + run.cost * run.count, 0);
  return problemOf(scaled, Math.floor(everything * capShare), objective);
});

Deno.test("solveWithGlpk() and solveAllRanges() agree with enumeration on small problems", async () => {
  await fc.assert(
    fc.asyncProperty(smallProblem, async (problem) => {
      const { value, cost, solutions } = bruteForce(problem);
      const all = await solveAllRanges(problem);
      assert.equal(all.provenOptimal, true);
      assert.equal(all.totalValue, value);
      if (problem.objective === "value-then-cost") assert.equal(all.totalCost, cost);
      for (const ranges of all.hotkeys) {
        assert.equal(ranges.exact, true);
        const own = problem.items.map((item) => item.hotkey === ranges.hotkey);
        for (const { itemIndex, won } of ranges.runs) {
          assert.deepEqual(won, rangeOver(solutions, (wins) => wins[itemIndex]!));
        }
        const sum = (wins: readonly number[], weight: (index: number) => number): number =>
          wins.reduce((total, count, index) => total + (own[index] ? count * weight(index) : 0), 0);
        assert.deepEqual(ranges.workers, rangeOver(solutions, (wins) => sum(wins, () => 1)));
        for (const bid of ranges.bids) {
          const isBid = (index: number): boolean =>
            problem.items[index]!.hashrateFp18 === bid.hashrateFp18 &&
            problem.items[index]!.priceFp18 === bid.priceFp18;
          assert.deepEqual(bid.won, rangeOver(solutions, (wins) => sum(wins, (i) => isBid(i) ? 1 : 0)));
        }
        const worth = rangeOver(
          solutions,
          (wins) => sum(wins, (index) => Number(problem.items[index]!.value)),
        );
        assert.deepEqual(ranges.value, { fewest: BigInt(worth.fewest), most: BigInt(worth.most) });

        for (const prefer of ["most-own", "fewest-own"] as const) {
          const result = await solveWithGlpk(problem, { ownHotkey: ranges.hotkey, prefer });
          assert.deepEqual(result.own, ranges);
          assert.ok(solutions.some((wins) => wins.every((count, index) => count === result.wins[index])));
          const ownValue = sum(result.wins, (index) => Number(problem.items[index]!.value));
          assert.equal(BigInt(ownValue), prefer === "most-own" ? ranges.value.most : ranges.value.fewest);
          assert.deepEqual(
            { totalValue: result.totalValue, totalCost: result.totalCost },
            totalsOfWins(problem.items, result.wins),
          );
        }
      }
    }),
    { numRuns: RUNS },
  );
});

/** Hundreds of workers of nearly equal efficiency: the search has to keep thousands of states. */
const mediumProblem = fc.record({
  price: fc.constantFrom(1, 1.05, 0.977, null),
  runs: fc.array(
    fc.record({
      owner: fc.integer({ min: 0, max: 4 }),
      size: fc.integer({ min: 50, max: 450 }),
      price: fc.integer({ min: 80, max: 105 }),
      count: fc.integer({ min: 1, max: 5 }),
    }),
    { minLength: 8, maxLength: 24, size: "max" },
  ),
  capShare: fc.double({ min: 0.1, max: 0.9, noNaN: true }),
  objective: fc.constantFrom("value-then-cost" as const, "value-only" as const),
}).map(({ price, runs, capShare, objective }): AuctionProblem => {
  let ownRuns = 0;
  const priced = runs.map(({ owner, size, price: ownPrice, count }) => ({
    hotkey: owner === 0 && ++ownRuns <= 4 ? "own" : "other",
    cost: Math.max(1, Math.round(size * (price ?? ownPrice / 100))),
    value: size,
    count,
  }));
  const everything = priced.reduce((sum, run) => sum + run.cost * run.count, 0);
  return problemOf(priced, Math.floor(everything * capShare), objective);
});

Deno.test("solveWithGlpk() agrees with dense tables on medium problems", async () => {
  await fc.assert(
    fc.asyncProperty(mediumProblem, async (problem) => {
      const expected = solveByTables(problem, "own");
      const result = await solveWithGlpk(problem, { ownHotkey: "own", prefer: "most-own" });
      assert.equal(result.provenOptimal, true);
      assert.equal(Number(result.totalValue), expected.value);
      assert.ok(result.totalCost <= problem.cap);
      if (problem.objective === "value-then-cost") assert.equal(Number(result.totalCost), expected.cost);
      if (result.own === null) return;
      assert.equal(result.own.exact, true);
      assert.deepEqual(result.own.runs.map(({ won }) => won), expected.runs);
      assert.deepEqual(result.own.workers, expected.workers);
      assert.deepEqual(
        { fewest: Number(result.own.value.fewest), most: Number(result.own.value.most) },
        expected.ownValue,
      );
    }),
    { numRuns: RUNS / 10 },
  );
});

Deno.test("proposeWithGlpk() never beats the exact engine and mostly agrees with it", async () => {
  let agreements = 0;
  const problems = fc.sample(mediumProblem, { numRuns: 20, seed: 7 });
  for (const problem of problems) {
    const program = groupWorkers(problem);
    const exact = await solveAllRanges(problem);
    for (const proposal of await proposeWithGlpk(program, problem.objective, 500)) {
      const { value, cost } = totalsOf(program.classes, proposal);
      const isWithinCap = cost * program.costUnit <= problem.cap;
      const totalValue = value * program.valueUnit;
      if (isWithinCap) assert.ok(totalValue <= exact.totalValue);
      if (isWithinCap && totalValue === exact.totalValue) agreements++;
    }
  }
  assert.ok(agreements > problems.length, `${agreements} agreements`);
});

Deno.test("solveWithGlpk() reports what it cannot prove, and its ranges still hold", async () => {
  await fc.assert(
    fc.asyncProperty(
      smallProblem,
      fc.constantFrom({ timeLimitMs: 0 }, { stateLimit: 1 }, { stateLimit: 3 }),
      async (problem, limits) => {
        const { value, cost, solutions } = bruteForce(problem);
        const { own, ...result } = await solveWithGlpk(problem, {
          ownHotkey: "a",
          prefer: "most-own",
          ...limits,
        });
        assert.ok(result.totalCost <= problem.cap);
        assert.ok(result.wins.every((won, index) => won >= 0 && won <= problem.items[index]!.count));
        if (result.provenOptimal) {
          assert.equal(result.totalValue, value);
          if (problem.objective === "value-then-cost") assert.equal(result.totalCost, cost);
        } else assert.notEqual(result.limitation, null);
        if (own === null) return;
        if (!own.exact) assert.notEqual(result.limitation, null);
        for (const { itemIndex, won } of own.runs) {
          const truth = rangeOver(solutions, (wins) => wins[itemIndex]!);
          assert.ok(won.fewest <= truth.fewest && won.most >= truth.most);
          if (own.exact) assert.deepEqual(won, truth);
        }
        const truth = rangeOver(
          solutions,
          (wins) =>
            wins.reduce((sum, count, index) => sum + (problem.items[index]!.hotkey === "a" ? count : 0), 0),
        );
        assert.ok(own.workers.fewest <= truth.fewest && own.workers.most >= truth.most);
      },
    ),
    { numRuns: RUNS },
  );
});

Deno.test("solveWithGlpk() is right or reports a limitation with numbers beyond doubles", async () => {
  const huge = fc.bigInt({ min: 1n, max: 10n ** 30n });
  const absurdProblem = fc.record({
    runs: fc.array(
      fc.record({
        hotkey: fc.constantFrom("a", "b"),
        cost: fc.oneof(huge, fc.bigInt({ min: 1n, max: 9n })),
        value: fc.oneof(huge, fc.bigInt({ min: 1n, max: 9n })),
        count: fc.integer({ min: 0, max: 3 }),
      }),
      { maxLength: 5 },
    ),
    cap: fc.oneof(huge, fc.bigInt({ min: 0n, max: 30n })),
  });
  await fc.assert(
    fc.asyncProperty(absurdProblem, async ({ runs, cap }) => {
      const problem = problemOf(runs, cap);
      const { value, cost, solutions } = bruteForce(problem);
      const result = await solveWithGlpk(problem, { ownHotkey: "a", prefer: "fewest-own" });
      assert.ok(result.totalCost <= cap);
      if (result.provenOptimal) {
        assert.equal(result.totalValue, value);
        assert.equal(result.totalCost, cost);
      } else assert.notEqual(result.limitation, null);
      for (const { itemIndex, won } of result.own?.runs ?? []) {
        const truth = rangeOver(solutions, (wins) => wins[itemIndex]!);
        assert.ok(won.fewest <= truth.fewest && won.most >= truth.most);
        if (result.own?.exact) assert.deepEqual(won, truth);
      }
    }),
    { numRuns: RUNS },
  );
});

Deno.test("solveWithGlpk() proves the largest auctions, 256 hotkeys with 8 sizes and 1000 workers each", async () => {
  for (const family of FAMILIES.filter(({ isCommon, name }) => isCommon || name.startsWith("odd-sizes"))) {
    const problem = generateAuction(family, LARGEST_SCALE, 1);
    const { hotkey } = problem.items[0]!;
    const result = await solveWithGlpk(problem, { ownHotkey: hotkey, prefer: "most-own" });
    assert.equal(result.provenOptimal, true, family.name);
    assert.equal(result.own?.exact, true, family.name);
    assert.ok(result.totalCost <= problem.cap);
  }
});

Deno.test("solveWithGlpk() rejects malformed problems and options", async () => {
  const options = { ownHotkey: null, prefer: "most-own" } as const;
  const run = { hotkey: "a", cost: 1, value: 1, count: 1 };
  await assert.rejects(solveWithGlpk(problemOf([{ ...run, cost: 0 }], 5), options), RangeError);
  await assert.rejects(solveWithGlpk(problemOf([{ ...run, count: -1 }], 5), options), RangeError);
  await assert.rejects(solveWithGlpk(problemOf([run], 5), { ...options, timeLimitMs: NaN }), RangeError);
  await assert.rejects(solveWithGlpk(problemOf([run], 5), { ...options, stateLimit: 0 }), RangeError);
});
