/**
 * The set of all optimal choices, restricted to some of the workers: can these workers make up exactly this cost at
 * exactly this loss?
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

/** One way for the deviating workers of a group to use up a given loss together with slack. */
export interface Deviation {
  readonly costChange: number;
  /** Capacity left unused in addition. */
  readonly slack: number;
  readonly pair: TablePair;
  /** States of the pair's two tables. */
  readonly states: readonly [number, number];
}

/** A step that knows its deviator. */
interface IndexedStep extends Step {
  readonly index: number;
}

/** Steps of a sample, for both tables together: two tables of at most 2^17 states. */
const SAMPLED_STEPS = 34;
/** A table larger than this is split into two that are joined on demand. */
const SINGLE_TABLE_LIMIT = 20_000;

/**
 * A group of workers, described by how many of each class belong to it.
 *
 * The deviations of a large group are kept as two tables of half the classes each: together they stand for the
 * product of their sizes, and the exact loss selects the few pairs that fit together.
 */
export class WorkerGroup {
  readonly free: SubsetSums;
  /** False when limits were reached: then "no" is not proven. */
  readonly complete: boolean;
  readonly #space: SolutionSpace;
  /** One pair when complete, else what was found of several. */
  readonly #pairs: readonly TablePair[];

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
    const present: IndexedStep[] = [];
    const absent: Step[] = [];
    center.deviators.forEach(({ classIndex, costChange, loss, limit, count }, index) => {
      const members = memberCounts[classIndex]!;
      if (members > 0) present.push({ index, costChange, loss, limit: Math.min(limit, members) });
      if (members < count) absent.push({ costChange, loss, limit: Math.min(limit, count - members) });
    });
    const build = (
      steps: readonly IndexedStep[],
      elsewhere: readonly IndexedStep[],
      limits: Effort,
    ): DeviationTable =>
      new DeviationTable(steps, {
        allowance: center.allowance,
        slackLoss: space.allowsSlack ? center.slackLoss : null,
        otherSteps: [...absent, ...elsewhere],
        residual: center.residual,
        freeTotal: center.free.reduce((sum, { cost, count }) => sum + cost * count, 0),
      }, limits);
    const pair = (
      halves: readonly [IndexedStep[], IndexedStep[]],
      tables: readonly [DeviationTable, DeviationTable],
    ) => new TablePair(halves, tables, (loss) => space.allowsSlack ? loss % center.slackLoss : loss);
    const buildPair = (halves: readonly [IndexedStep[], IndexedStep[]]): TablePair =>
      pair(halves, [build(halves[0], halves[1], effort), build(halves[1], halves[0], effort)]);

    const canSplit = present.length > 1;
    const single = build(present, [], canSplit ? effort.withStateLimit(SINGLE_TABLE_LIMIT) : effort);
    let pairs = [pair([present, []], [single, build([], present, effort)])];
    if (!single.complete && canSplit) {
      pairs = [buildPair(dealOut(present))];
      if (!pairs[0]!.complete) pairs.unshift(buildPair(dealOut(sample(present, center.allowance))));
    }
    this.#pairs = pairs;
    this.complete = this.free.complete && pairs.length === 1 && pairs[0]!.complete;
  }

  /** All deviations of the group that, with their slack, lose exactly `lossLeft`. */
  *deviationsAt(lossLeft: number): Generator<Deviation, void, void> {
    for (const pair of this.#pairs) {
      for (const { costChange, loss, states } of pair.statesAt(lossLeft)) {
        yield { costChange, slack: (lossLeft - loss) / this.#space.center.slackLoss, pair, states };
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
  shareOf({ pair, states }: Pick<Deviation, "pair" | "states">, freeSum: number): Share {
    const deviations = this.#space.center.deviators.map(() => 0);
    pair.addCopies(states, deviations);
    return { deviations, freeCounts: this.free.pick(freeSum) };
  }
}

/** Two tables over different steps, joined on their total loss. */
class TablePair {
  readonly complete: boolean;
  readonly #halves: readonly [readonly IndexedStep[], readonly IndexedStep[]];
  readonly #tables: readonly [DeviationTable, DeviationTable];
  readonly #residueOf: (loss: number) => number;
  /** Which table is larger: that one is indexed, the other is scanned. */
  readonly #larger: 0 | 1;
  readonly #index: ResidueIndex;

  constructor(
    halves: readonly [readonly IndexedStep[], readonly IndexedStep[]],
    tables: readonly [DeviationTable, DeviationTable],
    residueOf: (loss: number) => number,
  ) {
    this.#halves = halves;
    this.#tables = tables;
    this.#residueOf = residueOf;
    this.complete = tables.every((table) => table.complete);
    this.#larger = tables[0].length >= tables[1].length ? 0 : 1;
    this.#index = new ResidueIndex(tables[this.#larger], residueOf);
  }

  /** The pairs of states that together lose at most `lossLeft`, with slack making up the remainder. */
  *statesAt(lossLeft: number): Generator<Omit<Deviation, "slack" | "pair"> & { loss: number }, void, void> {
    const larger = this.#tables[this.#larger];
    const smaller = this.#tables[1 - this.#larger]!;
    for (let state = 0; state < smaller.length; state++) {
      const left = lossLeft - smaller.lossOf(state);
      if (left < 0) continue;
      const residue = this.#residueOf(left);
      for (let other = this.#index.first(residue); other !== -1; other = this.#index.next(other)) {
        const rest = left - larger.lossOf(other);
        if (rest < 0) continue;
        yield {
          costChange: smaller.costChangeOf(state) + larger.costChangeOf(other),
          loss: lossLeft - rest,
          states: this.#larger === 0 ? [other, state] : [state, other],
        };
      }
    }
  }

  /** Writes the deviations behind a pair of states into an array by deviator. */
  addCopies(states: readonly [number, number], deviations: number[]): void {
    this.#tables.forEach((table, half) => {
      table.copiesOf(states[half]!).forEach((copies, step) => {
        deviations[this.#halves[half]![step]!.index] = copies;
      });
    });
  }
}

/** Every other step. */
function dealOut(steps: readonly IndexedStep[]): [IndexedStep[], IndexedStep[]] {
  return [
    steps.filter((_, position) => position % 2 === 0),
    steps.filter((_, position) => position % 2 === 1),
  ];
}

/**
 * A few single steps spread over the whole range, for when not all can be tabulated. Their subsets meet nearly every
 * total that can be met at all. They find solutions and prove nothing.
 */
function sample(steps: readonly IndexedStep[], allowance: number): IndexedStep[] {
  const affordable = steps.filter(({ loss }) => loss * 3 <= allowance);
  const choices = affordable.length >= SAMPLED_STEPS ? affordable : steps;
  const stride = Math.max(1, choices.length / SAMPLED_STEPS);
  return Array.from(
    { length: Math.min(SAMPLED_STEPS, choices.length) },
    (_, position) => ({ ...choices[Math.floor(position * stride)]!, limit: 1 }),
  );
}

/** The states of a table by their loss, or by its residue modulo the loss of a unit of slack where slack is allowed. */
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
