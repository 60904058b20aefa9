/**
 * `ih-miner replay SNAPSHOT`: computes a saved auction again, without network and configuration.
 *
 * @module
 */

import { DEFAULT_ALTERNATIVE_FP18 } from "../auction/credit/payment.ts";
import { computeOutcome, type SolvedOutcome } from "../agent/jobs/compute_outcome.ts";
import { askProgram, questionAfter } from "../agent/jobs/final_outcome.ts";
import { FELL_BACK, logOutcome, warnAboutCbc } from "../agent/jobs/log_outcome.ts";
import { outcomeDocument } from "../agent/jobs/result_document.ts";
import { readSavedAuction, type SavedAuction } from "../agent/jobs/saved_auction.ts";
import { unpackBundledCbc } from "../auction/solver/cbc/bundled_cbc.ts";
import { type Environment, readEnvironment } from "../config/environment.ts";
import { loadSolver, type SolverConfig } from "../config/load.ts";
import type { Logger } from "../lib/log.ts";
import { describeError } from "../lib/errors.ts";
import { inTemporaryFolder } from "../lib/temporary_folder.ts";
import type { Command } from "./arguments.ts";
import { EXIT_DONE, exitCodeOf } from "./exit_codes.ts";
import { Interruption } from "./interruption.ts";
import type { CommandResult } from "./once.ts";

/** Nothing waits for a replay. Under emulation, cbc takes some minutes for a large auction. */
const PROGRAM_LIMIT_MS = 10 * 60_000;
/** The built-in engine cannot be interrupted. */
const BUILT_IN_LIMIT_MS = 60_000;

/** Computes a saved auction again, with the solver that an agent without a configuration would use. */
export async function runReplay(
  { snapshotPath }: Extract<Command, { name: "replay" }>,
  log: Logger,
  environment: Environment = readEnvironment(),
): Promise<CommandResult> {
  const document: Record<string, unknown> = { job: "replay", status: "failed" };
  try {
    const { outcome } = await compute(await readSavedAuction(snapshotPath), log, environment);
    logOutcome(outcome, log, DEFAULT_ALTERNATIVE_FP18);
    const computed = outcomeDocument(outcome, DEFAULT_ALTERNATIVE_FP18);
    return { exitCode: EXIT_DONE, document: { ...document, status: "done", ...computed } };
  } catch (error) {
    const described = describeError(error);
    log.error("Replay failed", { error_name: described.name, error: described.message });
    return { exitCode: exitCodeOf(error), document: { ...document, error: described } };
  }
}

function compute(auction: SavedAuction, log: Logger, environment: Environment): Promise<SolvedOutcome> {
  return inTemporaryFolder(async (folder) => {
    const solver = await chooseSolver(environment, folder, log);
    const computed = await computeOutcome({ ...auction, remainingMs: () => BUILT_IN_LIMIT_MS });
    const { onAmbiguous } = auction;
    const question = questionAfter({ ...auction, ...computed }, { solver, onAmbiguous });
    if (question === null) return computed;
    using interruption = new Interruption();
    const { signal } = interruption;
    const answer = await askProgram(question, { limitMs: PROGRAM_LIMIT_MS, signal });
    if (answer.failure !== null) log.warning(FELL_BACK, { reason: answer.outcome.solver?.fallbackReason });
    return answer;
  });
}

/** The solver, with the bundled cbc in the state folder, or else in the private folder: who replays need not be an agent. */
async function chooseSolver(environment: Environment, folder: string, log: Logger): Promise<SolverConfig> {
  const usual = await loadSolver(environment, unpackBundledCbc);
  if (usual.cbc.problem === null) return usual.solver;
  const choice = await loadSolver(environment, () => unpackBundledCbc(folder));
  warnAboutCbc(choice, log);
  return choice.solver;
}
