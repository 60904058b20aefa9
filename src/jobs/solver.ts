/**
 * Which engine solves an auction, as configured.
 *
 * @module
 */

import type { AmbiguityPolicy } from "../auction/own_bids.ts";
import type { SolverConfig } from "../config/load.ts";
import type { Logger } from "../lib/log.ts";
import type { Solve } from "./compute_outcome.ts";

/** What {@link solverFor} goes by: plain data. */
export interface SolverSettings extends SolverConfig {
  readonly onAmbiguous: AmbiguityPolicy;
  /** A private folder for the files exchanged with an external solver; `null`: none may be used. */
  readonly folder: string | null;
}

/** The solving function for a configuration. */
export function solverFor({ onAmbiguous }: SolverSettings, _log: Logger): Solve {
  return async (problem, ownHotkey) => {
    const { solveWithGlpk } = await import("../solver/glpk_engine.ts");
    const prefer = onAmbiguous === "deliver-possible" ? "most-own" : "fewest-own";
    return await solveWithGlpk(problem, { ownHotkey, prefer });
  };
}
