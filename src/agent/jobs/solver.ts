/**
 * Solves an auction with the configured engine.
 *
 * @module
 */

import type { AmbiguityPolicy } from "../../config/schema.ts";
import type { SolverConfig } from "../../config/load.ts";
import type { Logger } from "../../lib/log.ts";
import type { RunCbc } from "../../auction/solver/cbc/program.ts";
import { solveAuction } from "../../auction/solver/solve.ts";
import type { Solve } from "./compute_outcome.ts";

/** Input of {@link solverFor}; plain data. */
export interface SolverSettings extends SolverConfig {
  readonly onAmbiguous: AmbiguityPolicy;
  /** A private folder for the files exchanged with an external solver; `null` if none may be used. */
  readonly folder: string | null;
}

/** The built-in engine with the default policy. */
export const BUILT_IN_SOLVER: SolverSettings = {
  engine: "glpk",
  cbcCommand: null,
  onAmbiguous: "deliver-possible",
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
  const { engine, cbcCommand, onAmbiguous, folder } = settings;
  return async (problem, ownHotkey) => {
    const result = await solveAuction(problem, {
      engine,
      cbc: cbcCommand,
      folder,
      ownHotkey,
      prefer: onAmbiguous === "deliver-possible" ? "most-own" : "fewest-own",
      timeLimitMs: remainingMs(),
      ...(runCbc === undefined ? {} : { runCbc }),
    });
    if (result.fallbackReason !== null) {
      log.warning("Solver fell back to glpk", { reason: result.fallbackReason, cbc: cbcCommand });
    }
    return result;
  };
}
