/**
 * The integer program of a window, for the solver engines.
 *
 * @module
 */

import type { CommittedBid } from "../protocol/bid_commitment.ts";
import { COST_TIE_BREAK_FROM_BLOCK } from "../protocol/constants.ts";

/** A bid in the auction: `count` equal workers of one hotkey (1 for a v1 entry). */
export interface Bid extends CommittedBid {
  readonly hotkey: string;
}

/**
 * A run of equal workers as input of the solver, in the order of section 4.1 of the spec and then of the commitment's text.
 * `cost` and `value` are per worker, in millionths of a PH (spec, section 5).
 */
export interface AuctionItem extends Bid {
  readonly cost: bigint;
  readonly value: bigint;
}

/** The objective, which depends on the window's first block (spec, section 5). */
export type Objective = "value-then-cost" | "value-only";

/** The objective of the window with this first block. */
export function objectiveOfWindow(firstBlock: number): Objective {
  return firstBlock < COST_TIE_BREAK_FROM_BLOCK ? "value-only" : "value-then-cost";
}

/** The integer program of one window: choose workers with total cost <= cap. */
export interface AuctionProblem {
  readonly items: readonly AuctionItem[];
  /** Capacity in millionths of a PH. */
  readonly cap: bigint;
  readonly objective: Objective;
  /** The validators' random seed, from the first block's hash (`vectors/cbc-seed.json`). */
  readonly seed: number;
}
