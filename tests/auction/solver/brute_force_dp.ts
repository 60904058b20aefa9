/**
 * A second reference for problems too large to enumerate: dense tables over the total cost. It shares no idea with
 * the engine (no relaxation, no bounds, no greatest common divisors).
 *
 * @module
 */

import type { AuctionItem, AuctionProblem } from "../../../src/auction/inputs/problem.ts";
import type { WinRange } from "../../../src/auction/solver/types.ts";

const UNREACHED = -1;

/** The largest value for each exact total cost up to the cap. */
function bestByCost(items: readonly AuctionItem[], cap: number): Float64Array {
  const best = new Float64Array(cap + 1).fill(UNREACHED);
  best[0] = 0;
  for (const { cost, value, count } of items) {
    for (let worker = 0; worker < count; worker++) {
      for (let total = cap; total >= Number(cost); total--) {
        const before = best[total - Number(cost)]!;
        if (before !== UNREACHED) best[total] = Math.max(best[total]!, before + Number(value));
      }
    }
  }
  return best;
}

/** What the tables say about a problem with one own hotkey. */
export interface TableReference {
  readonly value: number;
  readonly cost: number;
  /** By run of the own hotkey, in order. */
  readonly runs: readonly WinRange[];
  readonly workers: WinRange;
  readonly ownValue: WinRange;
}

/** Solves a problem of small numbers and few own runs by tables. */
export function solveByTables(problem: AuctionProblem, hotkey: string): TableReference {
  const cap = Number(problem.cap);
  const best = bestByCost(problem.items, cap);
  const value = best.reduce((most, reached) => Math.max(most, reached), 0);
  const cost = best.indexOf(value);
  const own = problem.items.filter((item) => item.hotkey === hotkey);
  const others = bestByCost(problem.items.filter((item) => item.hotkey !== hotkey), cap);
  // The others' largest value within each cost, for objectives that may leave capacity unused.
  const othersWithin = others.slice();
  for (let total = 1; total <= cap; total++) {
    othersWithin[total] = Math.max(othersWithin[total]!, othersWithin[total - 1]!);
  }
  const wider = (range: WinRange, amount: number): WinRange => ({
    fewest: Math.min(range.fewest, amount),
    most: Math.max(range.most, amount),
  });
  const nothing: WinRange = { fewest: Infinity, most: -Infinity };
  let runs = own.map(() => nothing);
  let workers = nothing;
  let ownValue = nothing;
  const wins = own.map(() => 0);
  const visit = (index: number, ownCost: number, ownWorth: number): void => {
    const item = own[index];
    if (item !== undefined) {
      for (let count = 0; count <= item.count; count++) {
        wins[index] = count;
        visit(index + 1, ownCost + count * Number(item.cost), ownWorth + count * Number(item.value));
      }
      return;
    }
    const isOptimal = problem.objective === "value-only"
      ? ownCost <= cap && othersWithin[cap - ownCost] === value - ownWorth
      : ownCost <= cost && others[cost - ownCost] === value - ownWorth;
    if (!isOptimal) return;
    runs = runs.map((range, run) => wider(range, wins[run]!));
    workers = wider(workers, wins.reduce((sum, count) => sum + count, 0));
    ownValue = wider(ownValue, ownWorth);
  };
  visit(0, 0, 0);
  return { value, cost, runs, workers, ownValue };
}
