/**
 * The second step of a window: the configured program confirms or corrects what the built-in engine found (spec, section 5).
 *
 * The main thread runs it: it may outlive the job's worker, and a terminated worker would leave the program behind.
 *
 * @module
 */

import { type AmbiguityPolicy, preferenceOf } from "../../auction/ambiguity.ts";
import { prepareAuction, type PreparedAuction } from "../../auction/inputs/prepare.ts";
import { type AuctionOutcome, concludeAuction } from "../../auction/outcome.ts";
import { CbcError, type CbcFailure } from "../../auction/solver/cbc/program.ts";
import { isProgramAsked, solveWithProgram } from "../../auction/solver/solve.ts";
import type { SolverResult } from "../../auction/solver/types.ts";
import type { Config } from "../../config/load.ts";
import { asError } from "../../lib/errors.ts";
import { inTemporaryFolder } from "../../lib/temporary_folder.ts";
import type { SnapshotWindow, SolvedOutcome } from "./compute_outcome.ts";

/** A question to the program, with the provisional outcome. */
export interface ProgramQuestion extends SnapshotWindow, SolvedOutcome {
  readonly solved: SolverResult;
  readonly prepared: PreparedAuction;
  /** `null` if the program is missing. */
  readonly command: readonly string[] | null;
  readonly onAmbiguous: AmbiguityPolicy;
}

/** What became of a question: the final outcome, or the provisional one with the reason why there is no other. */
export interface ProgramAnswer extends SolvedOutcome {
  /** `null`: the outcome is final. */
  readonly failure: CbcFailure | null;
  /** How long the program took. */
  readonly seconds: number;
}

/** Limits of {@link askProgram}. */
export interface AskLimits {
  /** The program is killed after this time, in milliseconds. */
  readonly limitMs: number;
  /** Kills it as well. */
  readonly signal: AbortSignal;
}

/** What to ask the program after the built-in engine's outcome; `null` if that is final. */
export function questionAfter(
  { snapshot, window, outcome, solved }: SnapshotWindow & SolvedOutcome,
  { solver: { engine, cbcCommand }, onAmbiguous }: Pick<Config, "solver" | "onAmbiguous">,
): ProgramQuestion | null {
  if (solved === null || !isProgramAsked(engine, cbcCommand !== null, solved)) return null;
  return {
    snapshot,
    window,
    outcome: { ...outcome, stage: "provisional" },
    solved,
    prepared: prepareAuction(snapshot),
    command: cbcCommand,
    onAmbiguous,
  };
}

/**
 * Asks the program. What goes wrong with it is part of the answer.
 *
 * @throws the signal's reason when it is aborted.
 */
export async function askProgram(question: ProgramQuestion, limits: AskLimits): Promise<ProgramAnswer> {
  const startedMs = performance.now();
  const answer = (result: SolverResult, failure: CbcFailure | null): ProgramAnswer => ({
    outcome: concluded(question, result),
    solved: result,
    failure,
    seconds: (performance.now() - startedMs) / 1000,
  });
  try {
    return answer(await solveInFolder(question, limits), null);
  } catch (error) {
    limits.signal.throwIfAborted();
    const failure = error instanceof CbcError ? error.failure : "not-started";
    return answer({ ...question.solved, fallbackReason: asError(error).message }, failure);
  }
}

async function solveInFolder(
  { solved, outcome, prepared, command, onAmbiguous }: ProgramQuestion,
  { limitMs, signal }: AskLimits,
): Promise<SolverResult> {
  if (command === null) {
    throw new CbcError(
      "not-started",
      "no cbc program was found; set [solver] cbc or IH_MINER_CBC to its path " +
        "(scripts/install-cbc.sh gets the validators' build)",
    );
  }
  if (limitMs <= 0) throw new CbcError("timeout", "Cannot use cbc: there is no time left for it");
  return await inTemporaryFolder((folder) =>
    solveWithProgram(prepared.problem!, solved, {
      command,
      folder,
      timeLimitMs: limitMs,
      signal,
      ownHotkey: outcome.own.hotkey,
      prefer: preferenceOf(onAmbiguous),
    })
  );
}

function concluded(question: ProgramQuestion, solved: SolverResult): AuctionOutcome {
  return concludeAuction({ ...question, hotkey: question.outcome.own.hotkey, solved });
}
