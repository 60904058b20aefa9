/**
 * The built-in engine: the exact lexicographic optimum of an auction, and what every hotkey can win over all optimal
 * solutions (spec, section 5).
 *
 * GLPK proposes a solution (`glpk.ts`); an exact integer search around the linear relaxation proves or improves it
 * (`knapsack/`). GLPK alone does not suffice: its second stage, minimal cost at a fixed value, does not finish in time on
 * subset-sum-like auctions (odd sizes at one price), and neither stage shows which hotkeys win in *all* optimal
 * solutions.
 *
 * @module
 */

import type { AuctionProblem } from "../inputs/problem.ts";
import { proposeWithGlpk } from "./glpk.ts";
import { type Center, makeCenter } from "./knapsack/center.ts";
import { Effort } from "./knapsack/effort.ts";
import { effectiveCapacity, findOptimum, type Optimum } from "./knapsack/optimum.ts";
import { findOwnRanges, outerClassRanges, type OwnRanges, type SplitSolution } from "./knapsack/ranges.ts";
import type { SolutionSpace } from "./knapsack/solution_space.ts";
import { type GroupedProgram, groupWorkers } from "./knapsack/worker_classes.ts";
import { bidsOfHotkey, totalsOfWins } from "./outcome.ts";
import type { HotkeyRanges, OwnPreference, SolverResult, WinRange } from "./types.ts";

/** Options of `solveWithGlpk`. */
export interface GlpkSolveOptions {
  /** The hotkey whose ranges are wanted; `null` for none. */
  readonly ownHotkey: string | null;
  /** Which of several optimal solutions to return: the one with the most or the least own hashrate. */
  readonly prefer: OwnPreference;
  /**
   * Time for the whole solve, in milliseconds. What is not proven by then is reported as unproven.
   *
   * @default 20_000
   */
  readonly timeLimitMs?: number;
  /**
   * How many states a table may hold: the bound on memory (some 60 bytes each, a few tables at a time).
   *
   * @default 400_000
   */
  readonly stateLimit?: number;
  /**
   * A monotonic clock in milliseconds.
   *
   * @default performance.now
   */
  readonly now?: () => number;
}

/** What `solveAllRanges` returns. */
export interface AllRanges {
  readonly totalValue: bigint;
  /** The least cost at `totalValue` (with `"value-only"`: the cost of one optimal solution). */
  readonly totalCost: bigint;
  readonly provenOptimal: boolean;
  readonly limitation: string | null;
  /** One entry per hotkey, in order of first appearance in `problem.items`. */
  readonly hotkeys: readonly HotkeyRanges[];
}

const DEFAULT_TIME_LIMIT_MS = 20_000;
const DEFAULT_STATE_LIMIT = 400_000;
/** GLPK's time per stage: it provides a starting point, and is cut off when it searches longer. */
const GLPK_STAGE_LIMIT_MS = 100;

/**
 * Solves one auction.
 *
 * @returns with `provenOptimal: false` when the limits were reached: then `wins` is the best choice found and the ranges
 * are outer bounds
 * @throws {RangeError} when the problem or an option is malformed
 */
export async function solveWithGlpk(
  problem: AuctionProblem,
  options: GlpkSolveOptions,
): Promise<SolverResult> {
  const { ownHotkey, prefer, now = () => performance.now() } = options;
  const startedMs = now();
  const solver = await ExactSolver.create(problem, options);
  const own = ownHotkey === null ? null : solver.rangesOf(ownHotkey);
  const solution = own === null
    ? solver.anySolution()
    : prefer === "most-own"
    ? own.mostSolution
    : own.fewestSolution;
  const wins = solver.winsOf(solution, ownHotkey);
  const ranges = own === null ? null : own.ranges;
  const limitation = solver.optimum.limitation ??
    (ranges !== null && !ranges.exact
      ? "the win ranges are outer bounds: the search for them reached its limits"
      : null);
  return {
    engine: "glpk",
    decidedBy: "glpk",
    parity: "estimated",
    provenOptimal: solver.isProven,
    limitation,
    ...totalsOfWins(problem.items, wins),
    wins,
    own: ranges,
    ambiguous: ranges !== null && ranges.runs.some(({ won }) => won.fewest !== won.most),
    fallbackReason: null,
    build: null,
    durationMs: now() - startedMs,
  };
}

/**
 * The ranges of every hotkey of an auction, e.g. for comparing whole outcomes.
 *
 * @throws {RangeError} when the problem or an option is malformed
 */
export async function solveAllRanges(
  problem: AuctionProblem,
  options: Pick<GlpkSolveOptions, "timeLimitMs" | "stateLimit" | "now"> = {},
): Promise<AllRanges> {
  const solver = await ExactSolver.create(problem, options);
  const hotkeys = [...new Set(problem.items.map((item) => item.hotkey))];
  const wins = solver.winsOf(solver.anySolution(), null);
  return {
    ...totalsOfWins(problem.items, wins),
    provenOptimal: solver.isProven,
    limitation: solver.optimum.limitation,
    hotkeys: hotkeys.map((hotkey) => solver.rangesOf(hotkey)!.ranges),
  };
}

/** A solved auction that answers questions about its optimal solutions. */
class ExactSolver {
  readonly optimum: Optimum;
  readonly #problem: AuctionProblem;
  readonly #program: GroupedProgram;
  readonly #effort: Effort;
  /** All optimal solutions; `null` when the optimum is not proven. */
  readonly #space: SolutionSpace | null;
  /** The constraints on optimal solutions when the optimum is not proven; `null` when there are none. */
  readonly #outerCenter: Center | null;

  private constructor(problem: AuctionProblem, program: GroupedProgram, optimum: Optimum, effort: Effort) {
    this.#problem = problem;
    this.#program = program;
    this.#effort = effort;
    this.optimum = optimum;
    const center = (capacity: bigint): Center | null => {
      if (program.classes.length === 0) return null;
      const made = makeCenter(program.classes, capacity, optimum.value);
      return typeof made === "symbol" ? null : made;
    };
    this.#outerCenter = center(effectiveCapacity(program));
    const allowsSlack = problem.objective === "value-only";
    const exactCenter = !this.isProven ? null : allowsSlack ? this.#outerCenter : center(optimum.cost);
    this.#space = exactCenter === null ? null : { center: exactCenter, allowsSlack };
  }

  static async create(
    problem: AuctionProblem,
    options: Pick<GlpkSolveOptions, "timeLimitMs" | "stateLimit" | "now">,
  ): Promise<ExactSolver> {
    const {
      timeLimitMs = DEFAULT_TIME_LIMIT_MS,
      stateLimit = DEFAULT_STATE_LIMIT,
      now = () => performance.now(),
    } = options;
    if (!(timeLimitMs >= 0)) {
      throw new RangeError(`Cannot solve the auction: timeLimitMs is ${timeLimitMs}; give 0 or more`);
    }
    if (!(stateLimit >= 1)) {
      throw new RangeError(`Cannot solve the auction: stateLimit is ${stateLimit}; give 1 or more`);
    }
    const effort = new Effort({ timeLimitMs, stateLimit, now });
    const program = groupWorkers(problem);
    const proposals = await proposeWithGlpk(
      program,
      problem.objective,
      Math.min(GLPK_STAGE_LIMIT_MS, timeLimitMs / 4),
    );
    const optimum = findOptimum(program, problem.objective, proposals, effort);
    return new ExactSolver(problem, program, optimum, effort);
  }

  /** Whether all that the objective requires is proven. */
  get isProven(): boolean {
    return this.optimum.isValueProven &&
      (this.optimum.isCostProven || this.#problem.objective === "value-only");
  }

  /** An optimal solution that prefers no hotkey. */
  anySolution(): SplitSolution {
    const { counts } = this.optimum;
    return { own: counts.map(() => 0), others: counts };
  }

  /** What a hotkey can win, with the two extreme solutions; `null` when it has no workers in the problem. */
  rangesOf(
    hotkey: string,
  ): { ranges: HotkeyRanges; fewestSolution: SplitSolution; mostSolution: SplitSolution } | null {
    const { items } = this.#problem;
    if (!items.some((item) => item.hotkey === hotkey)) return null;
    const ownCounts = this.#program.classes.map(({ itemIndexes }) =>
      itemIndexes.reduce((sum, index) => sum + (items[index]!.hotkey === hotkey ? items[index]!.count : 0), 0)
    );
    const found = this.#space === null
      ? this.#outerRanges(ownCounts)
      : findOwnRanges(this.#space, this.#program.classes, ownCounts, this.optimum.counts, this.#effort);
    return {
      ranges: this.#toHotkeyRanges(hotkey, ownCounts, found),
      fewestSolution: found.fewestSolution,
      mostSolution: found.mostSolution,
    };
  }

  /** Workers won by run: the winners of a class are assigned to its runs in the problem's order. */
  winsOf(solution: SplitSolution, ownHotkey: string | null): number[] {
    const { items } = this.#problem;
    const wins = items.map(() => 0);
    this.#program.classes.forEach(({ itemIndexes }, classIndex) => {
      let ownLeft = solution.own[classIndex]!;
      let othersLeft = solution.others[classIndex]!;
      for (const index of itemIndexes) {
        const item = items[index]!;
        const isOwn = item.hotkey === ownHotkey;
        const won = Math.min(item.count, isOwn ? ownLeft : othersLeft);
        wins[index] = won;
        if (isOwn) ownLeft -= won;
        else othersLeft -= won;
      }
    });
    return wins;
  }

  #outerRanges(ownCounts: readonly number[]): OwnRanges {
    const { classes } = this.#program;
    const byClass = outerClassRanges(this.#outerCenter, classes, ownCounts);
    const sum = (which: keyof WinRange): number => byClass.reduce((total, range) => total + range[which], 0);
    const value = (which: keyof WinRange): bigint =>
      classes.reduce((total, c, index) => total + c.value * BigInt(byClass[index]![which]), 0n);
    const split = (which: keyof WinRange): SplitSolution => {
      const own = this.optimum.counts.map((count, index) =>
        which === "most"
          ? Math.min(count, ownCounts[index]!)
          : Math.max(0, count - (classes[index]!.count - ownCounts[index]!))
      );
      return { own, others: this.optimum.counts.map((count, index) => count - own[index]!) };
    };
    return {
      byClass,
      workers: { fewest: sum("fewest"), most: sum("most") },
      value: { fewest: value("fewest"), most: value("most") },
      // An outer range of a single value is attained by every solution.
      isExact: byClass.every(({ fewest, most }) => fewest === most),
      fewestSolution: split("fewest"),
      mostSolution: split("most"),
    };
  }

  #toHotkeyRanges(hotkey: string, ownCounts: readonly number[], found: OwnRanges): HotkeyRanges {
    const { items } = this.#problem;
    const classOfItem = new Map<number, number>();
    this.#program.classes.forEach(({ itemIndexes }, classIndex) => {
      for (const index of itemIndexes) classOfItem.set(index, classIndex);
    });
    /** The range of some of the own workers of a class: the class's other own workers may win first or last. */
    const rangeOfSome = (classIndex: number | undefined, count: number): WinRange => {
      if (classIndex === undefined) return { fewest: 0, most: 0 };
      const { fewest, most } = found.byClass[classIndex]!;
      return { fewest: Math.max(0, fewest - (ownCounts[classIndex]! - count)), most: Math.min(count, most) };
    };
    const bids = bidsOfHotkey(items, hotkey);
    const { valueUnit } = this.#program;
    return {
      hotkey,
      runs: bids.flatMap(({ itemIndexes }) => itemIndexes).sort((a, b) => a - b).map((itemIndex) => ({
        itemIndex,
        won: rangeOfSome(classOfItem.get(itemIndex), items[itemIndex]!.count),
      })),
      bids: bids.map(({ item: { sizeText, hashrateFp18, priceFp18 }, itemIndexes, count }) => ({
        sizeText,
        hashrateFp18,
        priceFp18,
        count,
        won: rangeOfSome(
          itemIndexes.map((index) => classOfItem.get(index)).find((c) => c !== undefined),
          count,
        ),
      })),
      workers: found.workers,
      value: { fewest: found.value.fewest * valueUnit, most: found.value.most * valueUnit },
      exact: found.isExact,
    };
  }
}
