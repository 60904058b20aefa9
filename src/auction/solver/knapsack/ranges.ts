/**
 * What some of the workers (those of one hotkey) can win over all optimal solutions: exact ranges without listing
 * the solutions.
 *
 * The own workers and all others are two independent groups whose totals must add up. So an own share is possible
 * exactly when the others can make up the rest. The search looks for extremes from the outside in, and each one found is a complete solution that also answers other questions.
 *
 * @module
 */

import type { WinRange } from "../types.ts";
import { DeviationTable } from "./deviation_table.ts";
import type { Effort } from "./effort.ts";
import { gcd } from "../../../lib/gcd.ts";
import { type Deviation, type Share, type SolutionSpace, WorkerGroup } from "./solution_space.ts";
import { SubsetSums } from "./subset_sums.ts";
import type { WorkerClass } from "./worker_classes.ts";

/** A complete solution: workers taken, by class, own and others'. */
export interface SplitSolution {
  readonly own: readonly number[];
  readonly others: readonly number[];
}

/** The ranges of the own workers, in the program's units. */
export interface OwnRanges {
  /** By class, how many own workers win. */
  readonly byClass: readonly WinRange[];
  /** How many own workers win in total. */
  readonly workers: WinRange;
  /** Their total value. */
  readonly value: { readonly fewest: bigint; readonly most: bigint };
  /** False when some bound is only an outer one. */
  readonly isExact: boolean;
  /** A solution in which the own value is least. */
  readonly fewestSolution: SplitSolution;
  /** A solution in which it is largest. */
  readonly mostSolution: SplitSolution;
}

/** With more sums of own free workers than this, the number of workers is not tabulated. */
const COUNT_TABLE_LIMIT = 1 << 21;
const COUNT_MAP_LIMIT = 1 << 16;
const UNPROVEN_STATE_LIMIT = 60_000;
/** How many joint choices are examined when counting workers before falling back to the outer range. */
const COUNT_STEP_LIMIT = 4_000_000;

/**
 * The ranges of the own workers.
 *
 * @param space the optimal solutions
 * @param classes all workers
 * @param ownCounts by class, how many workers are own ones
 * @param known an optimal choice, by class
 * @param effort limits of time and states
 */
export function findOwnRanges(
  space: SolutionSpace,
  classes: readonly WorkerClass[],
  ownCounts: readonly number[],
  known: readonly number[],
  effort: Effort,
): OwnRanges {
  return new RangeFinder(space, classes, ownCounts, effort).find(known);
}

/**
 * The ranges that follow from what all good enough solutions have in common: the fixed classes, and how often the others
 * may deviate.
 */
export function outerClassRanges(
  center: SolutionSpace["center"] | null,
  classes: readonly WorkerClass[],
  ownCounts: readonly number[],
): WinRange[] {
  const ranges = ownCounts.map((own) => ({ fewest: 0, most: own }));
  if (center === null) return ranges;
  classes.forEach((workerClass, index) => {
    if (!center.isFixed[index]) return;
    const own = center.defaultCounts[index] === workerClass.count ? ownCounts[index]! : 0;
    ranges[index] = { fewest: own, most: own };
  });
  for (const { classIndex, costChange, limit } of center.deviators) {
    const own = ownCounts[classIndex]!;
    ranges[classIndex] = costChange < 0
      ? { fewest: Math.max(0, own - limit), most: own }
      : { fewest: 0, most: Math.min(own, limit) };
  }
  return ranges;
}

/** Own worth up to a constant: (slack loss * costChange - loss) / value weight. */
interface Worth {
  readonly costChange: number;
  readonly loss: number;
}

class RangeFinder {
  readonly #space: SolutionSpace;
  readonly #classes: readonly WorkerClass[];
  readonly #ownCounts: readonly number[];
  readonly #otherCounts: readonly number[];
  readonly #effort: Effort;
  /** The deviations of the own workers, one step per deviator, and the sums of the free ones. */
  readonly #ownTable: DeviationTable;
  readonly #ownFree: SubsetSums;
  readonly #others: WorkerGroup;
  /** By class: the extremes attained by a solution seen so far. */
  readonly #seen: { fewest: number; most: number }[];
  /** The same for all own workers together. */
  readonly #seenWorkers = { fewest: Infinity, most: -Infinity };

  constructor(
    space: SolutionSpace,
    classes: readonly WorkerClass[],
    ownCounts: readonly number[],
    effort: Effort,
  ) {
    this.#space = space;
    this.#classes = classes;
    this.#ownCounts = ownCounts;
    this.#otherCounts = classes.map((c, index) => c.count - ownCounts[index]!);
    this.#effort = effort;
    const { center, allowsSlack } = space;
    const stepsOf = (counts: readonly number[]): { costChange: number; loss: number; limit: number }[] =>
      center.deviators.map(({ classIndex, costChange, loss, limit }) => ({
        costChange,
        loss,
        limit: Math.min(limit, counts[classIndex]!),
      }));
    this.#ownTable = new DeviationTable(stepsOf(ownCounts), {
      allowance: center.allowance,
      slackLoss: allowsSlack ? center.slackLoss : null,
      otherSteps: stepsOf(this.#otherCounts),
      residual: center.residual,
      freeTotal: center.free.reduce((sum, { cost, count }) => sum + cost * count, 0),
    }, effort);
    this.#ownFree = new SubsetSums(
      center.free.map(({ classIndex, cost }) => ({ size: cost, count: ownCounts[classIndex]! })),
      center.freeLimit,
      effort,
    );
    this.#others = new WorkerGroup(space, this.#otherCounts, effort);
    this.#seen = classes.map(() => ({ fewest: Infinity, most: -Infinity }));
  }

  find(known: readonly number[]): OwnRanges {
    const fallback = { most: this.#split(known, "most"), fewest: this.#split(known, "fewest") };
    this.#note(known);
    const most = this.#extremeValue("most");
    const fewest = this.#extremeValue("fewest");
    const mostSolution = most.solution ?? fallback.most;
    const fewestSolution = fewest.solution ?? fallback.fewest;

    const outer = outerClassRanges(this.#space.center, this.#classes, this.#ownCounts);
    let isExact = most.isProven && fewest.isProven;
    const byClass = outer.map((range, index): WinRange => {
      const found = this.#classRange(index, range);
      isExact &&= found.isProven;
      return { fewest: found.fewest, most: found.most };
    });
    const workers = this.#workerRange({
      fewest: byClass.reduce((sum, range) => sum + range.fewest, 0),
      most: byClass.reduce((sum, range) => sum + range.most, 0),
    });
    isExact &&= workers.isProven;
    const valueOf = (counts: readonly number[]): bigint =>
      this.#classes.reduce((sum, c, index) => sum + c.value * BigInt(counts[index]!), 0n);
    return {
      byClass,
      workers: { fewest: workers.fewest, most: workers.most },
      value: {
        fewest: fewest.isProven ? valueOf(fewestSolution.own) : valueOf(byClass.map((range) => range.fewest)),
        most: most.isProven ? valueOf(mostSolution.own) : valueOf(byClass.map((range) => range.most)),
      },
      isExact,
      fewestSolution,
      mostSolution,
    };
  }

  /** The largest or least total value of the own workers, with a solution that has it. */
  #extremeValue(which: "fewest" | "most"): { solution: SplitSolution | null; isProven: boolean } {
    const { center } = this.#space;
    const table = this.#ownTable;
    const ownFree = this.#ownFree;
    const others = this.#others;
    const sign = which === "most" ? 1 : -1;
    /** Own worth of states with their free workers, compared: positive when `a` is more extreme than `b`. */
    const compareWorth = (a: Worth, b: Worth): number =>
      sign * (center.slackLoss * (a.costChange - b.costChange) - (a.loss - b.loss));
    const boundOf = (state: number): Worth => ({
      costChange: table.costChangeOf(state) + (which === "most" ? ownFree.total : 0),
      loss: table.lossOf(state),
    });
    const bounds = Array.from({ length: table.length }, (_, state) => ({ state, worth: boundOf(state) }));
    bounds.sort((a, b) => compareWorth(b.worth, a.worth) || a.state - b.state);

    let best: { worth: Worth; ownState: number; ownSum: number; other: Deviation; otherSum: number } | null =
      null;
    let isInTime = true;
    let steps = 0;
    search: for (const { state: ownState, worth: bound } of bounds) {
      if (best !== null && compareWorth(bound, best.worth) <= 0) break;
      const costChange = table.costChangeOf(ownState);
      const loss = table.lossOf(ownState);
      for (const other of others.deviationsAt(center.allowance - loss)) {
        if ((++steps & 0x3ff) === 0 && this.#effort.isSpent()) {
          isInTime = false;
          break search;
        }
        const target = center.residual - other.slack - costChange - other.costChange;
        for (const ownSum of commonSums(target, ownFree, others.free, which)) {
          const worth: Worth = { costChange: costChange + ownSum, loss };
          if (best === null || compareWorth(worth, best.worth) > 0) {
            best = { worth, ownState, ownSum, other, otherSum: target - ownSum };
          }
          break;
        }
        if (best !== null && compareWorth(bound, best.worth) <= 0) break search;
      }
    }
    if (best === null) return { solution: null, isProven: false };
    const solution = {
      own: this.#countsOf(this.#ownCounts, {
        deviations: table.copiesOf(best.ownState),
        freeCounts: ownFree.pick(best.ownSum),
      }),
      others: this.#countsOf(this.#otherCounts, others.shareOf(best.other, best.otherSum)),
    };
    this.#note(solution.own.map((count, index) => count + solution.others[index]!));
    const isExhaustive = isInTime && others.complete;
    const isBoundMet = compareWorth(bounds[0]!.worth, best.worth) === 0;
    return { solution, isProven: table.complete && ownFree.complete && (isExhaustive || isBoundMet) };
  }

  /** How many own workers of one class win. */
  #classRange(
    index: number,
    outer: WinRange,
  ): { fewest: number; most: number; isProven: boolean } {
    const seen = this.#seen[index]!;
    if (outer.fewest === outer.most) return { ...outer, isProven: true };
    if (seen.fewest === outer.fewest && seen.most === outer.most) return { ...seen, isProven: true };
    const { center } = this.#space;
    const own = this.#ownCounts[index]!;
    const restCounts = this.#classes.map((c, other) => other === index ? c.count - own : c.count);
    // When the others alone are too many for a proof, so is this larger group: look for solutions only.
    const effort = this.#others.complete ? this.#effort : this.#effort.withStateLimit(UNPROVEN_STATE_LIMIT);
    const rest = new WorkerGroup(this.#space, restCounts, effort);
    const deviator = center.deviators.find((d) => d.classIndex === index);
    const cost = Number(this.#classes[index]!.cost);
    /** Whether exactly `won` own workers of this class can win. */
    const canWin = (won: number): boolean => {
      const deviations = deviator === undefined ? 0 : deviator.costChange < 0 ? own - won : won;
      const costChange = deviator === undefined ? won * cost : deviations * deviator.costChange;
      const loss = deviator === undefined ? 0 : deviations * deviator.loss;
      const share = rest.find(center.residual - costChange, center.allowance - loss);
      if (share === null) return false;
      const counts = this.#countsOf(restCounts, share);
      counts[index]! += won;
      this.#note(counts);
      return true;
    };
    let fewest = outer.fewest;
    let most = outer.most;
    while (fewest < seen.fewest && !this.#effort.isSpent() && !canWin(fewest)) fewest++;
    while (most > seen.most && !this.#effort.isSpent() && !canWin(most)) most--;
    const isProven = rest.complete && !this.#effort.isSpent();
    if (isProven) return { fewest, most, isProven };
    // A bound that a solution attains is exact, however it was found.
    const isAttained = seen.fewest === outer.fewest && seen.most === outer.most;
    return { ...outer, isProven: isAttained };
  }

  /** How many own workers win in total; `outer` is the sum over the classes. */
  #workerRange(outer: WinRange): { fewest: number; most: number; isProven: boolean } {
    const varying = this.#ownCounts.filter((own, index) => own > 0 && !this.#space.center.isFixed[index]);
    const isSeen = this.#seenWorkers.fewest === outer.fewest && this.#seenWorkers.most === outer.most;
    if (isSeen || varying.length <= 1) return { ...outer, isProven: true };
    const { center } = this.#space;
    const table = this.#ownTable;
    const others = this.#others;
    if (!table.complete || !this.#ownFree.complete || !others.complete) return { ...outer, isProven: false };
    const byState = this.#countsByState();
    const bySum = countsBySum(
      center.free.map(({ classIndex, cost }) => ({ size: cost, count: this.#ownCounts[classIndex]! })),
    );
    if (bySum === null) return { ...outer, isProven: false };
    const base = this.#ownCounts.reduce(
      (sum, count, index) => sum + (center.defaultCounts[index]! > 0 ? count : 0),
      0,
    );
    let fewest = Infinity;
    let most = -Infinity;
    let steps = 0;
    for (let ownState = 0; ownState < table.length; ownState++) {
      const stateFewest = base + byState.fewest[ownState]!;
      const stateMost = base + byState.most[ownState]!;
      for (const other of others.deviationsAt(center.allowance - table.lossOf(ownState))) {
        const target = center.residual - other.slack - table.costChangeOf(ownState) - other.costChange;
        for (const sum of commonSums(target, this.#ownFree, others.free, "fewest")) {
          if (++steps > COUNT_STEP_LIMIT || ((steps & 0x3fff) === 0 && this.#effort.isSpent())) {
            return { ...outer, isProven: false };
          }
          const counts = bySum(sum);
          fewest = Math.min(fewest, stateFewest + counts.fewest);
          most = Math.max(most, stateMost + counts.most);
        }
        if (fewest === outer.fewest && most === outer.most) return { ...outer, isProven: true };
      }
    }
    return { fewest, most, isProven: true };
  }

  /** By state of the own table: the fewest and the most own workers it can add to (or take from) the default. */
  #countsByState(): { fewest: Float64Array; most: Float64Array } {
    const table = this.#ownTable;
    let fewest = new Float64Array(table.length).fill(Infinity);
    let most = new Float64Array(table.length).fill(-Infinity);
    fewest[0] = 0;
    most[0] = 0;
    for (const { classIndex, costChange, loss, limit } of this.#space.center.deviators) {
      const copiesLimit = Math.min(limit, this.#ownCounts[classIndex]!);
      if (copiesLimit === 0) continue;
      const direction = Math.sign(costChange);
      const nextFewest = fewest.slice();
      const nextMost = most.slice();
      for (let state = 0; state < table.length; state++) {
        if (fewest[state] === Infinity) continue;
        for (let copies = 1; copies <= copiesLimit; copies++) {
          const reached = table.indexOf(
            table.costChangeOf(state) + copies * costChange,
            table.lossOf(state) + copies * loss,
          );
          if (reached === -1) continue;
          nextFewest[reached] = Math.min(nextFewest[reached]!, fewest[state]! + direction * copies);
          nextMost[reached] = Math.max(nextMost[reached]!, most[state]! + direction * copies);
        }
      }
      fewest = nextFewest;
      most = nextMost;
    }
    return { fewest, most };
  }

  /** Workers taken, by class, of a group that has `memberCounts`. */
  #countsOf(memberCounts: readonly number[], share: Share): number[] {
    const { center } = this.#space;
    const counts = memberCounts.map((count, index) => center.defaultCounts[index]! > 0 ? count : 0);
    center.deviators.forEach(({ classIndex, costChange }, index) => {
      counts[classIndex]! += Math.sign(costChange) * share.deviations[index]!;
    });
    center.free.forEach(({ classIndex }, index) => counts[classIndex] = share.freeCounts[index]!);
    return counts;
  }

  /** Counts as many or as few as possible of the workers taken as own ones. */
  #split(counts: readonly number[], which: "fewest" | "most"): SplitSolution {
    const own = counts.map((count, index) =>
      which === "most"
        ? Math.min(count, this.#ownCounts[index]!)
        : Math.max(0, count - this.#otherCounts[index]!)
    );
    return { own, others: counts.map((count, index) => count - own[index]!) };
  }

  /** Records the ranges that a solution attains: equal workers can always be swapped. */
  #note(counts: readonly number[]): void {
    const workers = { fewest: 0, most: 0 };
    counts.forEach((count, index) => {
      const seen = this.#seen[index]!;
      const fewest = Math.max(0, count - this.#otherCounts[index]!);
      const most = Math.min(count, this.#ownCounts[index]!);
      seen.fewest = Math.min(seen.fewest, fewest);
      seen.most = Math.max(seen.most, most);
      workers.fewest += fewest;
      workers.most += most;
    });
    this.#seenWorkers.fewest = Math.min(this.#seenWorkers.fewest, workers.fewest);
    this.#seenWorkers.most = Math.max(this.#seenWorkers.most, workers.most);
  }
}

/**
 * The sums s that `a` can make while `b` can make target - s, from the outside in: ascending for `"fewest"`,
 * descending for `"most"`. Each side skips what the other cannot make.
 */
function* commonSums(
  target: number,
  a: SubsetSums,
  b: SubsetSums,
  from: "fewest" | "most",
): Generator<number, void, void> {
  const low = Math.max(0, target - b.total);
  const high = Math.min(target, a.total);
  if (low > high) return;
  if (from === "fewest") {
    for (let sum = a.ceil(low); sum <= high;) {
      const beside = b.floor(target - sum);
      if (beside === target - sum) {
        yield sum;
        if (sum >= high) return;
        sum = a.ceil(sum + 1);
      } else {
        if (target - beside > high) return;
        sum = a.ceil(target - beside);
      }
    }
    return;
  }
  for (let sum = a.floor(high); sum >= low;) {
    const beside = b.ceil(target - sum);
    if (beside === target - sum) {
      yield sum;
      if (sum <= low) return;
      sum = a.floor(sum - 1);
    } else {
      if (target - beside < low) return;
      sum = a.floor(target - beside);
    }
  }
}

/** By sum of sizes: the fewest and the most parts that make it; `null` when there are too many sums to tabulate. */
function countsBySum(
  parts: readonly { readonly size: number; readonly count: number }[],
): ((sum: number) => WinRange) | null {
  const present = parts.filter((part) => part.count > 0);
  const choices = present.reduce((product, { count }) => product * (count + 1), 1);
  if (choices <= COUNT_MAP_LIMIT) {
    const ranges = countMap(present);
    return (sum) => ranges.get(sum)!;
  }
  const unit = present.reduce((common, { size }) => gcd(common, size), 0) || 1;
  const total = present.reduce((sum, { size, count }) => sum + size * count, 0);
  if (total / unit > COUNT_TABLE_LIMIT) return null;
  const fewest = new Float64Array(total / unit + 1).fill(Infinity);
  const most = new Float64Array(total / unit + 1).fill(-Infinity);
  fewest[0] = 0;
  most[0] = 0;
  let highest = 0;
  for (const { size, count } of present) {
    let left = count;
    for (let copies = 1; left > 0; copies *= 2) {
      const taken = Math.min(copies, left);
      left -= taken;
      const shift = size / unit * taken;
      highest += shift;
      for (let sum = highest; sum >= shift; sum--) {
        fewest[sum] = Math.min(fewest[sum]!, fewest[sum - shift]! + taken);
        most[sum] = Math.max(most[sum]!, most[sum - shift]! + taken);
      }
    }
  }
  return (sum) => ({ fewest: fewest[sum / unit]!, most: most[sum / unit]! });
}

/** `countsBySum` for few choices of large numbers. */
function countMap(
  parts: readonly { readonly size: number; readonly count: number }[],
): Map<number, WinRange> {
  let ranges = new Map<number, WinRange>([[0, { fewest: 0, most: 0 }]]);
  for (const { size, count } of parts) {
    const wider = new Map<number, WinRange>();
    for (const [sum, range] of ranges) {
      for (let copies = 0; copies <= count; copies++) {
        const known = wider.get(sum + copies * size) ?? { fewest: Infinity, most: -Infinity };
        wider.set(sum + copies * size, {
          fewest: Math.min(known.fewest, range.fewest + copies),
          most: Math.max(known.most, range.most + copies),
        });
      }
    }
    ranges = wider;
  }
  return ranges;
}
