/**
 * Computes the outcome from a snapshot with the built-in engine, for the auction job and for `replay`.
 *
 * @module
 */

import { type AmbiguityPolicy, preferenceOf } from "../../auction/ambiguity.ts";
import { type AuctionOutcome, concludeAuction } from "../../auction/outcome.ts";
import { prepareAuction } from "../../auction/inputs/prepare.ts";
import type { AuctionSnapshot } from "../../auction/inputs/snapshot.ts";
import type { ValidationWindow } from "../../auction/protocol/windows.ts";
import { solveBuiltIn } from "../../auction/solver/solve.ts";
import type { SolverResult } from "../../auction/solver/types.ts";

/** A window, and the chain at its first block. */
export interface SnapshotWindow {
  readonly snapshot: AuctionSnapshot;
  readonly window: ValidationWindow;
}

/** Input of {@link computeOutcome}. */
export interface ComputeOutcomeInput extends SnapshotWindow {
  /** SS58 address. */
  readonly hotkey: string;
  readonly onAmbiguous: AmbiguityPolicy;
  /** Returns the time left for solving, asked for when solving begins. */
  readonly remainingMs: () => number;
}

/** The outcome of a window, and the engine's result that it is derived from. */
export interface SolvedOutcome {
  readonly outcome: AuctionOutcome;
  /** `null` if there was nothing to solve. */
  readonly solved: SolverResult | null;
}

/**
 * Computes the outcome of one window.
 *
 * @throws {import("../../auction/protocol/errors.ts").ProtocolError} if the snapshot has no share for mechanism 1.
 */
export async function computeOutcome(input: ComputeOutcomeInput): Promise<SolvedOutcome> {
  const { snapshot, window, hotkey, onAmbiguous, remainingMs } = input;
  const prepared = prepareAuction(snapshot);
  const solved = prepared.problem === null ? null : await solveBuiltIn(prepared.problem, {
    ownHotkey: hotkey,
    prefer: preferenceOf(onAmbiguous),
    timeLimitMs: remainingMs(),
  });
  return { outcome: concludeAuction({ snapshot, window, hotkey, onAmbiguous, prepared, solved }), solved };
}
