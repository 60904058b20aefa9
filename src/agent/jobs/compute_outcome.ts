/**
 * Computes the outcome from a snapshot, for the auction job and for `replay`.
 *
 * @module
 */

import { type AuctionOutcome, concludeAuction } from "../../auction/outcome.ts";
import { prepareAuction } from "../../auction/inputs/prepare.ts";
import type { AuctionSnapshot } from "../../auction/inputs/snapshot.ts";
import type { AuctionProblem } from "../../auction/inputs/problem.ts";
import type { ValidationWindow } from "../../auction/protocol/windows.ts";
import type { SolverResult } from "../../auction/solver/types.ts";

/** Solves an auction with a configured engine and preference among equal optima. */
export type Solve = (problem: AuctionProblem, ownHotkey: string) => Promise<SolverResult>;

/** Input of {@link computeOutcome}. */
export interface ComputeOutcomeInput {
  readonly snapshot: AuctionSnapshot;
  /** The window whose first block the snapshot was taken at. */
  readonly window: ValidationWindow;
  /** SS58 address. */
  readonly hotkey: string;
  readonly solve: Solve;
}

/**
 * Computes the outcome of one window.
 *
 * @throws {import("../../auction/protocol/errors.ts").ProtocolError} if the snapshot has no share for mechanism 1.
 */
export async function computeOutcome(input: ComputeOutcomeInput): Promise<AuctionOutcome> {
  const { snapshot, window, hotkey, solve } = input;
  const prepared = prepareAuction(snapshot);
  const solved = prepared.problem === null ? null : await solve(prepared.problem, hotkey);
  return concludeAuction({ snapshot, window, hotkey, prepared, solved });
}
