/**
 * Computes the outcome from a snapshot with the built-in engine. The auction job only solves, and the main thread concludes;
 * `replay` does both at once.
 *
 * @module
 */

import { type AmbiguityPolicy, preferenceOf } from "../../auction/ambiguity.ts";
import { type AuctionOutcome, concludeAuction } from "../../auction/outcome.ts";
import { prepareAuction, type PreparedAuction } from "../../auction/inputs/prepare.ts";
import type { AuctionSnapshot } from "../../auction/inputs/snapshot.ts";
import type { ValidationWindow } from "../../auction/protocol/windows.ts";
import { solveBuiltIn } from "../../auction/solver/solve.ts";
import type { SolverResult } from "../../auction/solver/types.ts";

/** A window, and the chain at its first block. */
export interface SnapshotWindow {
  readonly snapshot: AuctionSnapshot;
  readonly window: ValidationWindow;
}

/** Input of {@link solvePrepared}. */
export interface SolveInput {
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

/** Solves a prepared auction; `null` if there is nothing to solve. */
export async function solvePrepared(
  { problem }: PreparedAuction,
  { hotkey, onAmbiguous, remainingMs }: SolveInput,
): Promise<SolverResult | null> {
  if (problem === null) return null;
  return await solveBuiltIn(problem, {
    ownHotkey: hotkey,
    prefer: preferenceOf(onAmbiguous),
    timeLimitMs: remainingMs(),
  });
}

/**
 * Computes the outcome of one window.
 *
 * @throws {import("../../auction/protocol/errors.ts").ProtocolError} if the snapshot has no share for mechanism 1.
 */
export async function computeOutcome(input: SnapshotWindow & SolveInput): Promise<SolvedOutcome> {
  const { snapshot, window, hotkey, onAmbiguous } = input;
  const prepared = prepareAuction(snapshot);
  const solved = await solvePrepared(prepared, input);
  return { outcome: concludeAuction({ snapshot, window, hotkey, onAmbiguous, prepared, solved }), solved };
}
