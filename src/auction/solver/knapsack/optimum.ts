/**
 * The lexicographic optimum of a grouped program, in exact integers: maximal value first, then minimal cost at that
 * value (spec, section 5).
 *
 * @module
 */

import type { Objective } from "../../inputs/problem.ts";
import { makeCenter, OUT_OF_REACH, TOO_LARGE } from "./center.ts";
import type { Effort } from "./effort.ts";
import { countsFrom, searchBest } from "./search.ts";
import { WorkerGroup } from "./solution_space.ts";
import { type GroupedProgram, totalsOf, type WorkerClass } from "./worker_classes.ts";

/** The best choice found and what is proven about it. Values and costs are in the program's units. */
export interface Optimum {
  /** Workers taken, by class. */
  readonly counts: readonly number[];
  readonly value: bigint;
  readonly cost: bigint;
  /** No choice has a larger value. */
  readonly isValueProven: boolean;
  /** No choice of this value costs less. */
  readonly isCostProven: boolean;
  /** What ended the search before the proof; `null` when what the objective asks for is proven. */
  readonly limitation: string | null;
}

/** How many states a Pareto list may hold before the search asks for single values instead. */
const SHORT_LIST_LIMIT = 100_000;
/** How many states a table may hold in the first attempt; larger tables are rarely needed. */
const SMALL_TABLE_LIMIT = 50_000;
/** How many values are tried one by one; with more candidates, long lists work better. */
const ASKED_VALUES_LIMIT = 16n;
const VALUE_LIMIT_REACHED = "the search for the largest value reached its limits";
const TOO_LARGE_LIMITATION = "the numbers of this auction are too large for an exact search";

/** The effective capacity: no choice costs more than all workers together. */
export function effectiveCapacity({ classes, cap }: GroupedProgram): bigint {
  const everything = classes.reduce((sum, c) => sum + c.cost * BigInt(c.count), 0n);
  return everything < cap ? everything : cap;
}

/**
 * Finds the optimum.
 *
 * @param program the grouped program
 * @param objective `"value-only"` skips the second stage: `cost` is then that of the choice found
 * @param hints choices found by other means, by class; invalid ones are ignored, good ones narrow the search
 * @param effort limits of time and states
 */
export function findOptimum(
  program: GroupedProgram,
  objective: Objective,
  hints: readonly (readonly number[])[],
  effort: Effort,
): Optimum {
  const { classes } = program;
  const capacity = effectiveCapacity(program);
  let best = { counts: greedyCounts(classes, capacity), value: 0n, cost: 0n };
  Object.assign(best, totalsOf(classes, best.counts));
  for (const hint of hints) {
    if (!isChoice(classes, hint)) continue;
    const totals = totalsOf(classes, hint);
    if (totals.cost > capacity) continue;
    if (totals.value > best.value || (totals.value === best.value && totals.cost < best.cost)) {
      best = { counts: [...hint], ...totals };
    }
  }
  const unproven = (limitation: string, isValueProven = false): Optimum => ({
    ...best,
    isValueProven,
    isCostProven: false,
    limitation,
  });
  if (classes.length === 0) return { ...best, isValueProven: true, isCostProven: true, limitation: null };

  const ceiling = relaxedValue(classes, capacity);
  let isTooLarge = false;
  let isExhaustive = false;
  /** Searches all choices that are at least as good as the best one so far; true when the value is proven. */
  const search = (limits: Effort): boolean => {
    const center = makeCenter(classes, capacity, best.value);
    if (center === OUT_OF_REACH) {
      throw new RangeError("Cannot find the optimum: a choice exceeds its own relaxation; report this");
    }
    isTooLarge = center === TOO_LARGE;
    if (center === TOO_LARGE) return best.value === ceiling;
    const leastDeficit = Number(center.potential - ceiling * center.valueWeight);
    const report = searchBest(center, limits, (deficit) => deficit === leastDeficit);
    if (report.best !== null) {
      best = { counts: [...report.best.counts], ...totalsOf(classes, report.best.counts) };
    }
    isExhaustive = report.isExhaustive;
    return isExhaustive || best.value === ceiling;
  };
  /** Tries each value from the relaxation's downwards; true when the best value is proven. */
  const ask = (limits: Effort): boolean => {
    let isCertain = true;
    for (let value = ceiling; value > best.value && value > ceiling - ASKED_VALUES_LIMIT; value--) {
      if (effort.isSpent()) return false;
      const answer = findChoice(classes, capacity, value, limits);
      if (answer.counts !== null) {
        best = { counts: answer.counts, ...totalsOf(classes, answer.counts) };
        return isCertain;
      }
      isCertain &&= answer.isCertain;
    }
    return isCertain && ceiling - best.value <= ASKED_VALUES_LIMIT;
  };
  const shortLists = effort.withStateLimit(SHORT_LIST_LIMIT);
  const smallTables = effort.withStateLimit(SMALL_TABLE_LIMIT);
  const isValueProven = search(shortLists) || ask(smallTables) ||
    (ceiling - best.value <= ASKED_VALUES_LIMIT && ask(effort)) || search(effort);
  if (!isValueProven) return unproven(isTooLarge ? TOO_LARGE_LIMITATION : VALUE_LIMIT_REACHED);
  if (objective === "value-only") {
    return { ...best, isValueProven: true, isCostProven: false, limitation: null };
  }
  if (isExhaustive) return { ...best, isValueProven: true, isCostProven: true, limitation: null };

  const leastCost = relaxedCost(classes, best.value);
  while (best.cost > leastCost) {
    const cheaper = makeCenter(classes, best.cost - 1n, best.value);
    if (cheaper === OUT_OF_REACH) break;
    if (cheaper === TOO_LARGE) return unproven(TOO_LARGE_LIMITATION, true);
    const second = searchBest(
      cheaper,
      shortLists,
      (_deficit, slack) => cheaper.capacity - BigInt(slack) <= leastCost,
    );
    if (second.best !== null) {
      best = { counts: [...second.best.counts], ...totalsOf(classes, second.best.counts) };
    }
    if (second.isExhaustive) break;
    if (second.best !== null) continue;
    const { counts, isCertain } = findChoice(classes, best.cost - 1n, best.value, effort);
    if (counts !== null) best = { counts, ...totalsOf(classes, counts) };
    else if (isCertain) break;
    else return unproven("the search for the least cost reached its limits", true);
  }
  return { ...best, isValueProven: true, isCostProven: true, limitation: null };
}

/** Some choice of exactly `value` within `capacity`; `isCertain` says whether "there is none" is proven. */
function findChoice(
  classes: readonly WorkerClass[],
  capacity: bigint,
  value: bigint,
  effort: Effort,
): { counts: number[] | null; isCertain: boolean } {
  const center = makeCenter(classes, capacity, value);
  if (center === OUT_OF_REACH) return { counts: null, isCertain: true };
  if (center === TOO_LARGE) return { counts: null, isCertain: false };
  const everybody = new WorkerGroup({ center, allowsSlack: true }, classes.map(({ count }) => count), effort);
  const share = everybody.find(center.residual, center.allowance);
  if (share === null) return { counts: null, isCertain: everybody.complete };
  return { counts: countsFrom(center, share.deviations, share.freeCounts), isCertain: true };
}

/** Takes as many workers of each class as fit, in the order of the classes. */
function greedyCounts(classes: readonly WorkerClass[], capacity: bigint): number[] {
  let left = capacity;
  return classes.map(({ cost, count }) => {
    const fitting = left / cost;
    const taken = fitting < BigInt(count) ? Number(fitting) : count;
    left -= cost * BigInt(taken);
    return taken;
  });
}

function isChoice(classes: readonly WorkerClass[], counts: readonly number[]): boolean {
  return counts.length === classes.length &&
    counts.every((count, index) => Number.isInteger(count) && count >= 0 && count <= classes[index]!.count);
}

/** The relaxation's value, rounded down. */
function relaxedValue(classes: readonly WorkerClass[], capacity: bigint): bigint {
  let value = 0n;
  let left = capacity;
  for (const c of classes) {
    const all = c.cost * BigInt(c.count);
    if (all > left) return value + left * c.value / c.cost;
    value += c.value * BigInt(c.count);
    left -= all;
  }
  return value;
}

/** The least cost at which the relaxation reaches `value`, rounded up. */
function relaxedCost(classes: readonly WorkerClass[], value: bigint): bigint {
  let cost = 0n;
  let missing = value;
  for (const c of classes) {
    const all = c.value * BigInt(c.count);
    if (all >= missing) return cost + (missing * c.cost + c.value - 1n) / c.value;
    cost += c.cost * BigInt(c.count);
    missing -= all;
  }
  return cost;
}
