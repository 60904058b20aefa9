/**
 * The vocabulary of the pure auction, shared by its steps and by the solver engines.
 *
 * @module
 */

import type { CommittedBid } from "../protocol/bid_commitment.ts";

/** A bid as the auction uses it: `count` equal workers of one hotkey (a v1 entry has `count` 1). */
export interface Bid extends CommittedBid {
  readonly hotkey: string;
}

/**
 * A run of equal workers that enters the solver, in the order of section 4.1 of the spec and then of the
 * commitment's text. `cost` and `value` are those of ONE worker, in millionths of a PH (spec, section 5).
 */
export interface AuctionItem extends Bid {
  readonly cost: bigint;
  readonly value: bigint;
}

/** What a window's first block decides about the objective (spec, section 5). */
export type Objective = "value-then-cost" | "value-only";

/** The integer program of one window: choose workers with total cost <= cap. */
export interface AuctionProblem {
  readonly items: readonly AuctionItem[];
  /** Capacity in millionths of a PH. */
  readonly cap: bigint;
  readonly objective: Objective;
  /** The validators' random seed, from the first block's hash (`vectors/cbc-seed.json`). */
  readonly seed: number;
}
