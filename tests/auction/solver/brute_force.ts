/**
 * The whole solution space of a small auction by enumeration: what the engines are checked against.
 *
 * @module
 */

import type { AuctionItem, AuctionProblem, Objective } from "../../../src/auction/inputs/problem.ts";
import type { WinRange } from "../../../src/auction/solver/types.ts";

/** One run of equal workers, as tests write it. */
export interface PlainRun {
  readonly hotkey: string;
  readonly cost: number | bigint;
  readonly value: number | bigint;
  readonly count: number;
}

/** A problem from plain runs; size and price are made up from value and cost. */
export function problemOf(
  runs: readonly PlainRun[],
  cap: number | bigint,
  objective: Objective = "value-then-cost",
): AuctionProblem {
  return {
    items: runs.map(({ hotkey, cost, value, count }): AuctionItem => ({
      hotkey,
      sizeText: String(value),
      hashrateFp18: BigInt(value) * 10n ** 12n,
      priceFp18: BigInt(cost) * 10n ** 18n / BigInt(value),
      count,
      cost: BigInt(cost),
      value: BigInt(value),
    })),
    cap: BigInt(cap),
    objective,
    seed: 1,
  };
}

/** Everything there is to know about the optimal solutions of a problem. */
export interface BruteForceResult {
  readonly value: bigint;
  /** The least cost at that value. */
  readonly cost: bigint;
  /** All optimal choices, as workers won by run. */
  readonly solutions: readonly (readonly number[])[];
}

/** Enumerates every choice of workers. Only for problems with few runs of few workers. */
export function bruteForce(problem: AuctionProblem): BruteForceResult {
  let value = -1n;
  let cost = 0n;
  let solutions: number[][] = [];
  const wins = problem.items.map(() => 0);
  const visit = (index: number, costSoFar: bigint, valueSoFar: bigint): void => {
    if (costSoFar > problem.cap) return;
    const item = problem.items[index];
    if (item !== undefined) {
      for (let count = 0; count <= item.count; count++) {
        wins[index] = count;
        visit(index + 1, costSoFar + item.cost * BigInt(count), valueSoFar + item.value * BigInt(count));
      }
      wins[index] = 0;
      return;
    }
    const isCheaper = problem.objective === "value-then-cost" && valueSoFar === value && costSoFar < cost;
    if (valueSoFar > value || isCheaper) {
      value = valueSoFar;
      cost = costSoFar;
      solutions = [];
    }
    if (valueSoFar !== value || (problem.objective === "value-then-cost" && costSoFar !== cost)) return;
    if (costSoFar < cost) cost = costSoFar;
    solutions.push([...wins]);
  };
  visit(0, 0n, 0n);
  return { value, cost, solutions };
}

/** The fewest and the most of a quantity over all solutions. */
export function rangeOver(
  solutions: readonly (readonly number[])[],
  quantity: (wins: readonly number[]) => number,
): WinRange {
  const amounts = solutions.map(quantity);
  return { fewest: Math.min(...amounts), most: Math.max(...amounts) };
}
