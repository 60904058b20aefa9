/**
 * Solves an auction with the configured engine.
 *
 * @module
 */

import type { SolverConfig } from "../../config/load.ts";
import type { Logger } from "../../lib/log.ts";
import type { RunCbc } from "../../auction/solver/cbc/program.ts";
import { solveAuction } from "../../auction/solver/solve.ts";
import type { Solve } from "./compute_outcome.ts";

/** Input of {@link solverFor}; plain data. */
export interface SolverSettings extends SolverConfig {
  /** A private folder for the files exchanged with an external solver; `null` if none may be used. */
  readonly folder: string | null;
}

/** The built-in engine. */
export const BUILT_IN_SOLVER: SolverSettings = {
  engine: "glpk",
  cbcCommand: null,
  folder: null,
};

/**
 * Returns the solving function for a configuration.
 *
 * @param remainingMs returns the time left for the job.
 * @param runCbc replaces the default where this thread may not run programs.
 */
export function solverFor(
  settings: SolverSettings,
  log: Logger,
  remainingMs: () => number,
  runCbc?: RunCbc,
): Solve {
  const { engine, cbcCommand, folder } = settings;
  return async (problem, ownHotkey, prefer) => {
    const result = await solveAuction(problem, {
      engine,
      cbc: cbcCommand,
      folder,
      ownHotkey,
      prefer,
      timeLimitMs: remainingMs(),
      ...(runCbc === undefined ? {} : { runCbc }),
    });
    if (result.fallbackReason !== null) {
      log.warning("Solver fell back to glpk", { reason: result.fallbackReason, cbc: cbcCommand });
    }
    return result;
  };
}
