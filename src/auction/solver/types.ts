/**
 * The result of a solver engine: one concrete outcome of the auction, how far it can be trusted, and which other outcomes
 * are equally good (spec, section 5).
 *
 * @module
 */

/** The program that decided the outcome. */
export type EngineName = "glpk" | "cbc";

/** The configured engine: `auto` is `cbc` when a program is configured or found, else `glpk`. */
export type EngineChoice = "auto" | EngineName;

/**
 * How close an outcome is to the validators': theirs, by their own build of CBC or by a rule that it follows; that of another
 * build of CBC; or an exact optimum that CBC need not have chosen.
 */
export type Parity = "validator" | "other-build" | "estimated";

/** Which of several equally good outcomes the built-in engine names as the winners. */
export type OwnPreference = "most-own" | "fewest-own";

/** The fewest and the most workers that can win over all optimal solutions. */
export interface WinRange {
  readonly fewest: number;
  readonly most: number;
}

/** Sums of values in millionths of a PH. */
export interface ValueRange {
  readonly fewest: bigint;
  readonly most: bigint;
}

/** The range of one run of `problem.items`. */
export interface RunRange {
  /** Index into `problem.items`. */
  readonly itemIndex: number;
  /** How many workers of this run can win. */
  readonly won: WinRange;
}

/** The range of all workers of one hotkey that share size and price, whichever run they are in. */
export interface BidRange {
  readonly sizeText: string;
  readonly hashrateFp18: bigint;
  readonly priceFp18: bigint;
  /** Workers offered, the sum over the runs. */
  readonly count: number;
  readonly won: WinRange;
}

/**
 * What one hotkey can win over all optimal solutions: with `objective: "value-then-cost"` those of maximal value
 * and, at that value, minimal cost; with `"value-only"` all of maximal value.
 */
export interface HotkeyRanges {
  readonly hotkey: string;
  /** One entry per run of this hotkey, in the order of `problem.items`. */
  readonly runs: readonly RunRange[];
  /** One entry per (size, price) of this hotkey, in order of first appearance. */
  readonly bids: readonly BidRange[];
  /** The total of workers won: tighter than the sum over `runs` where one bid wins at another's expense. */
  readonly workers: WinRange;
  /** The total value won: the certain and the possible hashrate, in millionths of a PH. */
  readonly value: ValueRange;
  /**
   * True when an optimal solution attains each bound. Otherwise the ranges are outer bounds: no optimal solution lies
   * outside, but some bounds may be wider than needed.
   */
  readonly exact: boolean;
}

/** The build of a CBC program, as it reports it (`2.10.3`, `Dec 15 2019`). */
export interface SolverBuild {
  readonly version: string;
  readonly buildDate: string;
}

/** What decided: a program or the built-in engine, or a rule of the built-in engine by which the validators' winners are known. */
export type Decider = EngineName | "single-size rule";

/** The outcome of one auction. */
export interface SolverResult {
  /** The engine that decided. */
  readonly engine: EngineName;
  readonly decidedBy: Decider;
  readonly parity: Parity;
  /**
   * True when the built-in engine has proven that `totalValue` (and `totalCost`, unless the objective is
   * `"value-only"`) is optimal. `null` for `cbc`, whose outcome counts whether it is optimal or not.
   */
  readonly provenOptimal: boolean | null;
  /** What could not be proven within the limits, in words; `null` when nothing is missing. */
  readonly limitation: string | null;
  /** The sum of `wins[i] * items[i].value`, in millionths of a PH. */
  readonly totalValue: bigint;
  /** The sum of `wins[i] * items[i].cost`, in millionths of a PH. */
  readonly totalCost: bigint;
  /** Workers won, parallel to `problem.items`. */
  readonly wins: readonly number[];
  /**
   * What the own hotkey can win; `null` when none was named or it has no worker in the problem. With parity
   * `"validator"` the outcome is certain and every range is a single value.
   */
  readonly own: HotkeyRanges | null;
  /** True when an optimal solution exists in which the own hotkey wins another number of some bid's workers. */
  readonly ambiguous: boolean;
  /** Why the configured engine did not decide; `null` when it did. */
  readonly fallbackReason: string | null;
  /** The CBC program's build; `null` for `glpk`. */
  readonly build: SolverBuild | null;
  /** How long solving took. */
  readonly durationMs: number;
}
