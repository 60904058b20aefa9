/**
 * What an outcome of CBC is worth: that of the validators' build is theirs, another build's is one of several (spec, section 5).
 * Pure.
 *
 * @module
 */

import type { AuctionProblem } from "../inputs/problem.ts";
import { isValidatorBuild } from "./cbc/program.ts";
import type { CbcOutcome } from "./cbc_engine.ts";
import { certainResult, totalsOfWins } from "./outcome.ts";
import type { OwnPreference, SolverResult } from "./types.ts";

/** Whose result it is, and which of several equally good outcomes counts. */
export interface CbcResultOptions {
  /** `null` when nobody's ranges are asked for. */
  readonly ownHotkey: string | null;
  readonly prefer: OwnPreference;
  readonly durationMs: number;
}

/**
 * The result of an outcome. That of the validators' build is certain. Another build may choose another optimal solution than
 * theirs: the built-in engine knows what else is possible, and the preference decides which of the two outcomes counts.
 *
 * @param estimate the result of the built-in engine.
 */
export function resultOfCbc(
  problem: AuctionProblem,
  { wins, build }: CbcOutcome,
  estimate: SolverResult,
  options: CbcResultOptions,
): SolverResult {
  const { ownHotkey, durationMs } = options;
  const decision = { engine: "cbc", decidedBy: "cbc", provenOptimal: null, build, durationMs } as const;
  if (isValidatorBuild(build)) return certainResult(problem.items, wins, ownHotkey, decision);
  const preferred = preferredWins(problem, [wins, estimate.wins], options);
  return {
    ...decision,
    parity: "other-build",
    limitation: estimate.limitation,
    ...totalsOfWins(problem.items, preferred),
    wins: preferred,
    own: estimate.own,
    ambiguous: estimate.ambiguous,
    fallbackReason: null,
  };
}

/** The outcome with the most or the least own value; the first of equals. */
function preferredWins(
  { items }: AuctionProblem,
  outcomes: readonly (readonly number[])[],
  { ownHotkey, prefer }: CbcResultOptions,
): readonly number[] {
  const ownValue = (wins: readonly number[]): bigint =>
    totalsOfWins(items, wins.map((won, i) => items[i]!.hotkey === ownHotkey ? won : 0)).totalValue;
  return outcomes.reduce((best, wins) => {
    const isBetter = prefer === "most-own"
      ? ownValue(wins) > ownValue(best)
      : ownValue(wins) < ownValue(best);
    return isBetter ? wins : best;
  });
}
