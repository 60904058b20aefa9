/**
 * Computes the outcome from a snapshot, for the auction job and for `replay`.
 *
 * @module
 */

import { type AmbiguityPolicy, preferenceOf } from "../../auction/ambiguity.ts";
import { type AuctionOutcome, concludeAuction } from "../../auction/outcome.ts";
import { prepareAuction } from "../../auction/inputs/prepare.ts";
import type { AuctionSnapshot } from "../../auction/inputs/snapshot.ts";
import type { AuctionProblem } from "../../auction/inputs/problem.ts";
import type { ValidationWindow } from "../../auction/protocol/windows.ts";
import type { OwnPreference, SolverResult } from "../../auction/solver/types.ts";

/** Solves an auction with a configured engine. */
export type Solve = (
  problem: AuctionProblem,
  ownHotkey: string,
  prefer: OwnPreference,
) => Promise<SolverResult>;

/** Input of {@link computeOutcome}. */
export interface ComputeOutcomeInput {
  readonly snapshot: AuctionSnapshot;
  /** The window whose first block the snapshot was taken at. */
  readonly window: ValidationWindow;
  /** SS58 address. */
  readonly hotkey: string;
  readonly onAmbiguous: AmbiguityPolicy;
  readonly solve: Solve;
}

/**
 * Computes the outcome of one window.
 *
 * @throws {import("../../auction/protocol/errors.ts").ProtocolError} if the snapshot has no share for mechanism 1.
 */
export async function computeOutcome(input: ComputeOutcomeInput): Promise<AuctionOutcome> {
  const { snapshot, window, hotkey, onAmbiguous, solve } = input;
  const prepared = prepareAuction(snapshot);
  const solved = prepared.problem === null
    ? null
    : await solve(prepared.problem, hotkey, preferenceOf(onAmbiguous));
  return concludeAuction({ snapshot, window, hotkey, onAmbiguous, prepared, solved });
}
