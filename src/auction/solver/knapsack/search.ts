/**
 * The best choice around a center: a Pareto-list dynamic program that starts at the relaxation's break and takes in
 * classes one by one, the nearest in efficiency first.
 *
 * @module
 */

import type { Center, Deviator } from "./center.ts";
import type { Effort } from "./effort.ts";
import { SubsetSums } from "./subset_sums.ts";

/** The best choice found. */
export interface SearchOutcome {
  /** Losses including that of the slack; the value is (potential - deficit) / valueWeight. */
  readonly deficit: number;
  /** Capacity left over; among choices of equal deficit the largest found. */
  readonly slack: number;
  /** Workers taken, by class. */
  readonly counts: readonly number[];
}

/** What `searchBest` found and whether anything better can exist. */
export interface SearchReport {
  /** `null` when no choice within the allowance was found. */
  readonly best: SearchOutcome | null;
  /** True when the whole space was searched; false when a limit or `isGoodEnough` ended it. */
  readonly isExhaustive: boolean;
}

/** Rounds a bound from doubles down far enough that the rounding of its parts cannot matter. */
const BOUND_SAFETY = 1 - 1e-9;

/** How many steps are remembered per state of the state limit. */
const TRAIL_PER_STATE = 8;

/** A list of undominated states: ascending in cost change and in value. */
interface StateList {
  length: number;
  costChanges: Float64Array;
  losses: Float64Array;
  /** Where each state came from, an index into the search's nodes. */
  nodes: Int32Array;
}

/**
 * The choice with the smallest deficit within the center's allowance and, at that, the largest slack.
 *
 * @param center the relaxation and what may deviate from it
 * @param effort limits of time and states
 * @param isGoodEnough ends the search early, e.g. when a bound is met
 */
export function searchBest(
  center: Center,
  effort: Effort,
  isGoodEnough: (deficit: number, slack: number) => boolean,
): SearchReport {
  const { residual, slackLoss, deviators, free, freeLimit } = center;
  const freeSums = new SubsetSums(free.map(({ cost, count }) => ({ size: cost, count })), freeLimit, effort);
  const trail = new Trail();
  let bestDeficit = center.allowance;
  let bestSlack = -1;
  let bestNode = -1;

  /** Completes a state with free classes; true when the result ends the search. */
  const complete = (costChange: number, loss: number, node: number): boolean => {
    const room = residual - costChange;
    if (room < 0) return false;
    const slack = room - freeSums.floor(room);
    const deficit = loss + slack * slackLoss;
    if (deficit > bestDeficit || (deficit === bestDeficit && slack <= bestSlack)) return false;
    bestDeficit = deficit;
    bestSlack = slack;
    bestNode = node;
    return isGoodEnough(deficit, slack);
  };
  const report = (isExhaustive: boolean): SearchReport => ({
    best: bestNode === -1 ? null : {
      deficit: bestDeficit,
      slack: bestSlack,
      counts: trail.countsOf(bestNode, center, freeSums, residual - bestSlack),
    },
    isExhaustive: isExhaustive && freeSums.complete,
  });

  const bounds = suffixBounds(deviators, slackLoss);
  let current = newStateList(1024);
  let next = newStateList(1024);
  current.length = 1;
  current.nodes[0] = trail.root;
  if (complete(0, 0, trail.root)) return report(false);

  for (let index = 0; index < deviators.length; index++) {
    const deviator = deviators[index]!;
    let left = Math.min(deviator.count, Math.floor(bestDeficit / deviator.loss));
    for (let copies = 1; left > 0; copies *= 2) {
      const taken = Math.min(copies, left);
      left -= taken;
      if (
        effort.isSpent() || current.length > effort.stateLimit ||
        trail.length > TRAIL_PER_STATE * effort.stateLimit
      ) {
        return report(false);
      }
      next = ensureRoom(next, current.length * 2);
      // While copies of this class are left, they still count among what may follow.
      const after = left > 0 ? index : index + 1;
      const removalRate = bounds.removal[after]!;
      const additionRate = bounds.addition[after]!;
      const changeStep = deviator.costChange * taken;
      const lossStep = deviator.loss * taken;
      const isPromising = (costChange: number, loss: number): boolean => {
        if (loss > bestDeficit) return false;
        const over = costChange - residual;
        if (over > 0) return loss + over * removalRate * BOUND_SAFETY <= bestDeficit;
        const unfilled = -over - freeSums.total;
        return unfilled <= 0 || loss + unfilled * additionRate * BOUND_SAFETY <= bestDeficit;
      };
      let a = 0;
      let b = 0;
      let length = 0;
      let lastChange = -Infinity;
      let lastLoss = 0;
      while (a < current.length || b < current.length) {
        const oldChange = a < current.length ? current.costChanges[a]! : Infinity;
        const newChange = b < current.length ? current.costChanges[b]! + changeStep : Infinity;
        const oldLoss = a < current.length ? current.losses[a]! : Infinity;
        const newLoss = b < current.length ? current.losses[b]! + lossStep : Infinity;
        const isOld = oldChange < newChange || (oldChange === newChange && oldLoss <= newLoss);
        const costChange = isOld ? oldChange : newChange;
        const loss = isOld ? oldLoss : newLoss;
        const from = isOld ? a++ : b++;
        // Skip a dominated state: it must be worth more than the last one by what it costs more.
        if (slackLoss * (costChange - lastChange) <= loss - lastLoss) continue;
        if (!isPromising(costChange, loss)) continue;
        lastChange = costChange;
        lastLoss = loss;
        let node = current.nodes[from]!;
        if (!isOld) {
          node = trail.add(node, index, taken);
          if (complete(costChange, loss, node)) return report(false);
        }
        next.costChanges[length] = costChange;
        next.losses[length] = loss;
        next.nodes[length] = node;
        length++;
      }
      next.length = length;
      [current, next] = [next, current];
    }
  }
  return report(true);
}

function newStateList(capacity: number): StateList {
  return {
    length: 0,
    costChanges: new Float64Array(capacity),
    losses: new Float64Array(capacity),
    nodes: new Int32Array(capacity),
  };
}

function ensureRoom(list: StateList, length: number): StateList {
  return list.nodes.length >= length ? list : newStateList(length * 2);
}

/** For each position, the least loss per unit of cost at which the deviators from there on can still move a state. */
function suffixBounds(
  deviators: readonly Deviator[],
  slackLoss: number,
): { removal: number[]; addition: number[] } {
  const removal = new Array<number>(deviators.length + 1).fill(Infinity);
  const addition = new Array<number>(deviators.length + 1).fill(slackLoss);
  for (let index = deviators.length - 1; index >= 0; index--) {
    const { loss, cost, costChange } = deviators[index]!;
    const rate = loss / cost;
    removal[index] = costChange < 0 ? Math.min(rate, removal[index + 1]!) : removal[index + 1]!;
    addition[index] = costChange > 0 ? Math.min(rate, addition[index + 1]!) : addition[index + 1]!;
  }
  return { removal, addition };
}

/** The steps that led to each state, newest first, in two growing arrays. */
class Trail {
  readonly root = 0;
  #length = 1;
  #parents = new Int32Array(4096);
  #deviators = new Int32Array(4096);
  #copies = new Int32Array(4096);

  get length(): number {
    return this.#length;
  }

  add(parent: number, deviator: number, copies: number): number {
    if (this.#length === this.#parents.length) {
      this.#parents = doubled(this.#parents);
      this.#deviators = doubled(this.#deviators);
      this.#copies = doubled(this.#copies);
    }
    this.#parents[this.#length] = parent;
    this.#deviators[this.#length] = deviator;
    this.#copies[this.#length] = copies;
    return this.#length++;
  }

  /** Workers taken, by class, in the state `node` filled up with free classes to `room` units of cost change. */
  countsOf(node: number, center: Center, freeSums: SubsetSums, room: number): number[] {
    const deviations = new Array<number>(center.deviators.length).fill(0);
    let costChange = 0;
    for (let at = node; at !== this.root; at = this.#parents[at]!) {
      const deviator = this.#deviators[at]!;
      deviations[deviator]! += this.#copies[at]!;
      costChange += center.deviators[deviator]!.costChange * this.#copies[at]!;
    }
    return countsFrom(center, deviations, freeSums.pick(room - costChange));
  }
}

function doubled(array: Int32Array): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(array.length * 2);
  larger.set(array);
  return larger;
}

/**
 * Workers taken, by class.
 *
 * @param deviations how many workers of each deviator deviate
 * @param freeCounts how many workers of each free class are taken
 */
export function countsFrom(
  center: Center,
  deviations: readonly number[],
  freeCounts: readonly number[],
): number[] {
  const counts = [...center.defaultCounts];
  center.deviators.forEach(({ classIndex, costChange }, index) => {
    counts[classIndex]! += Math.sign(costChange) * deviations[index]!;
  });
  center.free.forEach(({ classIndex }, index) => counts[classIndex] = freeCounts[index]!);
  return counts;
}
