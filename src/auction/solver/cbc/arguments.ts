/**
 * The command line that validators run CBC with (spec, section 5).
 *
 * @module
 */

import { SOLVER_MAX_NODES } from "../../protocol/constants.ts";

/**
 * The arguments after the program itself.
 *
 * @param mpsPath the problem
 * @param solutionPath where CBC writes its solution
 * @param seed from the first block's hash
 */
export function cbcArguments(mpsPath: string, solutionPath: string, seed: number): string[] {
  return [
    mpsPath,
    "-max",
    "-threads",
    "1",
    "-randomSeed",
    String(seed),
    "-maxNodes",
    String(SOLVER_MAX_NODES),
    "-timeMode",
    "elapsed",
    "-branch",
    "-printingOptions",
    "all",
    "-solution",
    solutionPath,
  ];
}
