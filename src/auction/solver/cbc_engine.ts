/**
 * The external engine: the validators' solver, run on the same file that they give it (spec, section 5).
 *
 * @module
 */

import type { AuctionProblem } from "../inputs/problem.ts";
import { cbcArguments } from "./cbc/arguments.ts";
import { writeMps } from "./cbc/mps.ts";
import { CbcError, parseBuild, runCbc } from "./cbc/program.ts";
import { readSolution, SolutionFileError } from "./cbc/solution.ts";
import type { SolverBuild } from "./types.ts";

/** Options of `solveWithCbc`. */
export interface CbcSolveOptions {
  /** The program, by its full path, and its leading arguments. */
  readonly command: readonly string[];
  /** An existing private folder for the files exchanged; they are removed afterwards. */
  readonly folder: string;
  /** CBC is killed after this time, in milliseconds. */
  readonly timeLimitMs: number;
  /** Kills CBC. */
  readonly signal?: AbortSignal;
}

/** What CBC decided. */
export interface CbcOutcome {
  /** Workers won, parallel to `problem.items`. */
  readonly wins: readonly number[];
  /** The build that decided; `null` when it did not say. */
  readonly build: SolverBuild | null;
}

const MPS_NAME = "auction.mps";
const SOLUTION_NAME = "auction.sol";

/**
 * Solves one auction with CBC. Its outcome counts regardless of its status, even the incumbent of a stopped run.
 *
 * @param problem an auction with at least one worker
 * @throws {CbcError} when CBC gives no outcome
 */
export async function solveWithCbc(problem: AuctionProblem, options: CbcSolveOptions): Promise<CbcOutcome> {
  const { command, folder, timeLimitMs, signal } = options;
  const mpsPath = `${folder}/${MPS_NAME}`;
  const solutionPath = `${folder}/${SOLUTION_NAME}`;
  try {
    await Deno.writeTextFile(mpsPath, mpsOf(problem), { mode: 0o600 });
    // A file left by a killed run must not be taken for an outcome.
    await removeFile(solutionPath);
    const printed = await runCbc(command, cbcArguments(MPS_NAME, SOLUTION_NAME, problem.seed), {
      folder,
      timeLimitMs,
      ...(signal === undefined ? {} : { signal }),
    });
    return { wins: winsOf(await readSolutionFile(solutionPath), problem), build: parseBuild(printed) };
  } finally {
    await removeFile(mpsPath);
    await removeFile(solutionPath);
  }
}

function mpsOf(problem: AuctionProblem): string {
  try {
    return writeMps(problem);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new CbcError("unwritable-problem", error.message, { cause: error });
  }
}

async function readSolutionFile(path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new CbcError("no-solution", "Cannot use cbc: it ended without writing a solution file", {
      cause: error,
    });
  }
}

function winsOf(text: string, problem: AuctionProblem): number[] {
  try {
    return readSolution(text, problem);
  } catch (error) {
    if (!(error instanceof SolutionFileError)) throw error;
    throw new CbcError("unreadable-solution", error.message, { cause: error });
  }
}

async function removeFile(path: string): Promise<void> {
  try {
    await Deno.remove(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
