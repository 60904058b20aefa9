/**
 * The auction's integer program, grouped: all workers of equal cost and value form one class, that is one bounded
 * integer variable, regardless of hotkey and run (spec, section 5).
 *
 * @module
 */

import type { AuctionProblem } from "../../inputs/problem.ts";
import { bigGcd } from "../../../lib/gcd.ts";

/** All workers of equal cost and value. Cost and value are in the program's reduced units. */
export interface WorkerClass {
  readonly cost: bigint;
  readonly value: bigint;
  /** How many workers there are. */
  readonly count: number;
  /** The runs (indexes into `problem.items`) that make up the class, ascending. */
  readonly itemIndexes: readonly number[];
}

/** The grouped program: choose 0..count of each class with total cost <= cap. */
export interface GroupedProgram {
  /** Best value per cost first; at equal efficiency the larger first. */
  readonly classes: readonly WorkerClass[];
  /** Capacity in units of `costUnit`, rounded down: every total cost is a multiple of the unit. */
  readonly cap: bigint;
  /** One unit of `WorkerClass.cost` in millionths of a PH. */
  readonly costUnit: bigint;
  /** One unit of `WorkerClass.value` in millionths of a PH. */
  readonly valueUnit: bigint;
}

/**
 * Groups the runs of a problem. Runs that can never win (no workers, cost above the cap) are left out.
 *
 * @throws {RangeError} when a cost or value is not positive or a count is not a non-negative integer
 */
export function groupWorkers(problem: AuctionProblem): GroupedProgram {
  const groups = new Map<string, { cost: bigint; value: bigint; count: number; itemIndexes: number[] }>();
  problem.items.forEach((item, index) => {
    if (item.cost <= 0n || item.value <= 0n || !Number.isSafeInteger(item.count) || item.count < 0) {
      throw new RangeError(
        `Cannot solve the auction: item ${index} has cost ${item.cost}, value ${item.value} and count ` +
          `${item.count}; drop workers of no cost or value first, counts are integers from 0`,
      );
    }
    if (item.count === 0 || item.cost > problem.cap) return;
    const key = `${item.cost},${item.value}`;
    const group = groups.get(key);
    if (group === undefined) {
      groups.set(key, { cost: item.cost, value: item.value, count: item.count, itemIndexes: [index] });
    } else {
      group.count += item.count;
      group.itemIndexes.push(index);
    }
  });
  const raw = [...groups.values()];
  const costUnit = raw.reduce((unit, group) => bigGcd(unit, group.cost), 0n) || 1n;
  const valueUnit = raw.reduce((unit, group) => bigGcd(unit, group.value), 0n) || 1n;
  const classes = raw.map((group) => ({
    ...group,
    cost: group.cost / costUnit,
    value: group.value / valueUnit,
  }));
  classes.sort((a, b) => {
    const left = a.value * b.cost;
    const right = b.value * a.cost;
    if (left !== right) return left > right ? -1 : 1;
    return a.cost === b.cost ? 0 : a.cost > b.cost ? -1 : 1;
  });
  const cap = problem.cap < 0n ? 0n : problem.cap / costUnit;
  return { classes, cap, costUnit, valueUnit };
}

/** Total cost and value of a choice, in the program's units. */
export function totalsOf(
  classes: readonly WorkerClass[],
  counts: readonly number[],
): { cost: bigint; value: bigint } {
  let cost = 0n;
  let value = 0n;
  classes.forEach((workerClass, index) => {
    const count = BigInt(counts[index] ?? 0);
    cost += count * workerClass.cost;
    value += count * workerClass.value;
  });
  return { cost, value };
}
