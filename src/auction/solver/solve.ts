/**
 * The solver as the auction's two steps see it: the built-in engine answers first, and where a CBC program is to decide, that
 * follows (spec, section 5).
 *
 * @module
 */

import type { AuctionProblem } from "../inputs/problem.ts";
import { type CbcSolveOptions, solveWithCbc } from "./cbc_engine.ts";
import { type CbcResultOptions, resultOfCbc } from "./cbc_result.ts";
import { type GlpkSolveOptions, solveWithGlpk } from "./glpk_engine.ts";
import { certainResult } from "./outcome.ts";
import { singleSizeWins } from "./single_size.ts";
import type { EngineChoice, SolverResult } from "./types.ts";

/**
 * Solves one auction without any program: by the single-size rule where it holds, else with GLPK.
 *
 * @throws {RangeError} when the problem or an option is malformed.
 */
export async function solveBuiltIn(
  problem: AuctionProblem,
  options: GlpkSolveOptions,
): Promise<SolverResult> {
  const { ownHotkey, now = () => performance.now() } = options;
  const startedMs = now();
  const wins = singleSizeWins(problem);
  if (wins === null) return await solveWithGlpk(problem, options);
  return certainResult(problem.items, wins, ownHotkey, {
    engine: "glpk",
    decidedBy: "single-size rule",
    provenOptimal: true,
    build: null,
    durationMs: now() - startedMs,
  });
}

/** Whether a CBC program is to decide an auction that the built-in engine has solved, if there is a program. */
export function isProgramAsked(engine: EngineChoice, hasProgram: boolean, estimate: SolverResult): boolean {
  // Validators run no solver either when no worker enters the auction.
  if (estimate.wins.length === 0) return false;
  // The rule gives what their program would find, whichever build is here. Who asks for cbc gets cbc.
  return engine === "cbc" || (engine === "auto" && hasProgram && estimate.parity !== "validator");
}

/**
 * Solves one auction with CBC.
 *
 * @param estimate the result of the built-in engine.
 * @throws {import("./cbc/program.ts").CbcError} when CBC gives no outcome.
 * @throws the signal's reason when it is aborted.
 */
export async function solveWithProgram(
  problem: AuctionProblem,
  estimate: SolverResult,
  options: CbcSolveOptions & Omit<CbcResultOptions, "durationMs">,
): Promise<SolverResult> {
  const startedMs = performance.now();
  const outcome = await solveWithCbc(problem, options);
  return resultOfCbc(problem, outcome, estimate, { ...options, durationMs: performance.now() - startedMs });
}
