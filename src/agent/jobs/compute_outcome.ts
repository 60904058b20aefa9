/**
 * From a snapshot to the outcome: the part of the auction job that `replay` runs as well.
 *
 * @module
 */

import { type AuctionOutcome, concludeAuction } from "../../auction/outcome.ts";
import { prepareAuction } from "../../auction/inputs/prepare.ts";
import type { AuctionSnapshot } from "../../auction/inputs/snapshot.ts";
import type { AuctionProblem } from "../../auction/inputs/problem.ts";
import type { ValidationWindow } from "../../auction/protocol/windows.ts";
import type { SolverResult } from "../../auction/solver/types.ts";

/** Solves an auction; which engine does, and which of equal optima it names, is settled by whoever makes one. */
export type Solve = (problem: AuctionProblem, ownHotkey: string) => Promise<SolverResult>;

/** What {@link computeOutcome} computes from. */
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
 * @throws {import("../../auction/protocol/protocol_error.ts").ProtocolError} when the snapshot has no share for mechanism 1.
 */
export async function computeOutcome(input: ComputeOutcomeInput): Promise<AuctionOutcome> {
  const { snapshot, window, hotkey, solve } = input;
  const prepared = prepareAuction(snapshot);
  const solved = prepared.problem === null ? null : await solve(prepared.problem, hotkey);
  return concludeAuction({ snapshot, window, hotkey, prepared, solved });
}
