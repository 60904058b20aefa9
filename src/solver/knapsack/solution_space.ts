/**
 * The set of all optimal choices, as far as some of the workers are concerned: "can these workers make up exactly
 * this cost at exactly this loss?"
 *
 * @module
 */

import type { Center } from "./center.ts";
import { DeviationTable, type Step } from "./deviation_table.ts";
import type { Effort } from "./effort.ts";
import { SubsetSums } from "./subset_sums.ts";

/** All solutions that reach the center's value within its capacity. */
export interface SolutionSpace {
  readonly center: Center;
  /** Whether solutions may leave capacity unused (`"value-only"`), or all of them use it up exactly. */
  readonly allowsSlack: boolean;
}

/** One way in which a group of workers makes up its share of a solution. */
export interface Share {
  /** How many workers deviate, parallel to `center.deviators`. */
  readonly deviations: readonly number[];
  /** How many free workers are taken, parallel to `center.free`. */
  readonly freeCounts: readonly number[];
}

/** One way in which the deviating workers of a group can go with a given loss left for them and for slack. */
export interface Deviation {
  readonly costChange: number;
  /** Capacity left unused in addition. */
  readonly slack: number;
  /** States of the group's two tables. */
  readonly states: readonly [number, number];
}

/** A table larger than this is split into two that are joined when asked. */
const SINGLE_TABLE_LIMIT = 20_000;

/**
 * A group of workers, described by how many of each class belong to it.
 *
 * The deviations of a large group are kept as two tables of half the classes each: together they stand for the
 * product of their sizes, and the exact loss wanted says which few pairs go together.
 */
export class WorkerGroup {
  readonly free: SubsetSums;
  readonly #space: SolutionSpace;
  readonly #tables: readonly [DeviationTable, DeviationTable];
  /** By table: which deviators are its steps. */
  readonly #steps: readonly [readonly number[], readonly number[]];
  /** The larger table's states by loss, or by loss modulo the loss of a unit of slack where slack is allowed. */
  readonly #index: ResidueIndex;
  /** Which table is the larger one. */
  readonly #larger: 0 | 1;

  /**
   * @param space the solutions in question
   * @param memberCounts by class, how many workers belong to this group
   * @param effort limits of time and states
   */
  constructor(space: SolutionSpace, memberCounts: readonly number[], effort: Effort) {
    this.#space = space;
    const { center } = space;
    this.free = new SubsetSums(
      center.free.map(({ classIndex, cost }) => ({ size: cost, count: memberCounts[classIndex]! })),
      center.freeLimit,
      effort,
    );
    const present: number[] = [];
    const absent: Step[] = [];
    const stepOf = (index: number, counts: (classIndex: number) => number): Step => {
      const { classIndex, costChange, loss, limit } = center.deviators[index]!;
      return { costChange, loss, limit: Math.min(limit, counts(classIndex)) };
    };
    center.deviators.forEach(({ classIndex, count }, index) => {
      const members = memberCounts[classIndex]!;
      if (members > 0) present.push(index);
      if (members < count) absent.push(stepOf(index, () => count - members));
    });
    const build = (
      indexes: readonly number[],
      elsewhere: readonly number[],
      limits: Effort,
    ): DeviationTable => {
      const step = (index: number): Step => stepOf(index, (classIndex) => memberCounts[classIndex]!);
      return new DeviationTable(indexes.map(step), {
        allowance: center.allowance,
        slackLoss: space.allowsSlack ? center.slackLoss : null,
        otherSteps: [...absent, ...elsewhere.map(step)],
        residual: center.residual,
        freeTotal: center.free.reduce((sum, { cost, count }) => sum + cost * count, 0),
      }, limits);
    };
    const single = build(present, [], effort.withStateLimit(SINGLE_TABLE_LIMIT));
    if (single.complete || present.length < 2) {
      this.#steps = [present, []];
      this.#tables = [single, build([], present, effort)];
    } else {
      const halves: [number[], number[]] = [[], []];
      present.forEach((index, position) => halves[position % 2]!.push(index));
      this.#steps = halves;
      this.#tables = [build(halves[0], halves[1], effort), build(halves[1], halves[0], effort)];
    }
    this.#larger = this.#tables[0].length >= this.#tables[1].length ? 0 : 1;
    this.#index = new ResidueIndex(this.#tables[this.#larger], (loss) => this.#residueOf(loss));
  }

  /** False when limits were reached: then "no" is not proven. */
  get complete(): boolean {
    return this.free.complete && this.#tables.every((table) => table.complete);
  }

  /** All deviations of the group that, with their slack, lose exactly `lossLeft`. */
  *deviationsAt(lossLeft: number): Generator<Deviation, void, void> {
    const larger = this.#tables[this.#larger];
    const smaller = this.#tables[1 - this.#larger]!;
    const slackLoss = this.#space.center.slackLoss;
    for (let state = 0; state < smaller.length; state++) {
      const left = lossLeft - smaller.lossOf(state);
      if (left < 0) continue;
      for (
        let other = this.#index.first(this.#residueOf(left));
        other !== -1;
        other = this.#index.next(other)
      ) {
        const rest = left - larger.lossOf(other);
        if (rest < 0) continue;
        yield {
          costChange: smaller.costChangeOf(state) + larger.costChangeOf(other),
          slack: rest / slackLoss,
          states: this.#larger === 0 ? [other, state] : [state, other],
        };
      }
    }
  }

  /**
   * One way for the group to make up a cost change of `costChange`, slack included, at a loss of exactly
   * `lossLeft`; `null` when there is none (proven if `complete`).
   */
  find(costChange: number, lossLeft: number): Share | null {
    for (const deviation of this.deviationsAt(lossLeft)) {
      const freeSum = costChange - deviation.slack - deviation.costChange;
      if (this.free.has(freeSum)) return this.shareOf(deviation, freeSum);
    }
    return null;
  }

  /** The workers behind a deviation and a sum of free costs. */
  shareOf({ states }: Pick<Deviation, "states">, freeSum: number): Share {
    const deviations = this.#space.center.deviators.map(() => 0);
    this.#tables.forEach((table, half) => {
      table.copiesOf(states[half]!).forEach((copies, step) => deviations[this.#steps[half]![step]!] = copies);
    });
    return { deviations, freeCounts: this.free.pick(freeSum) };
  }

  #residueOf(loss: number): number {
    return this.#space.allowsSlack ? loss % this.#space.center.slackLoss : loss;
  }
}

/** The states of a table by a residue of their loss. */
class ResidueIndex {
  readonly #first = new Map<number, number>();
  readonly #next: Int32Array;

  constructor(table: DeviationTable, residueOf: (loss: number) => number) {
    this.#next = new Int32Array(table.length).fill(-1);
    for (let state = table.length - 1; state >= 0; state--) {
      const residue = residueOf(table.lossOf(state));
      this.#next[state] = this.#first.get(residue) ?? -1;
      this.#first.set(residue, state);
    }
  }

  /** The first state with this residue, or -1. */
  first(residue: number): number {
    return this.#first.get(residue) ?? -1;
  }

  /** The next one after `state`, or -1. */
  next(state: number): number {
    return this.#next[state]!;
  }
}
