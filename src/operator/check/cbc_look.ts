/**
 * Finds out which build a cbc program is, by running it.
 *
 * @module
 */

import { CbcError, identifyCbc, isValidatorBuild } from "../../auction/solver/cbc/program.ts";
import type { SolverBuild } from "../../auction/solver/types.ts";
import { inTemporaryFolder } from "../../lib/temporary_folder.ts";

const TIMEOUT_MS = 10_000;

/** The build, or why the program does not run. */
export type CbcLook =
  | { readonly build: SolverBuild | null; readonly isValidatorBuild: boolean; readonly error: null }
  | { readonly build: null; readonly isValidatorBuild: false; readonly error: string };

/** Runs a program without an auction. The signal ends it. */
export async function lookAtCbc(command: readonly string[], signal?: AbortSignal): Promise<CbcLook> {
  const options = { timeLimitMs: TIMEOUT_MS, ...(signal === undefined ? {} : { signal }) };
  try {
    const build = await inTemporaryFolder((folder) => identifyCbc(command, { folder, ...options }));
    return { build, isValidatorBuild: isValidatorBuild(build), error: null };
  } catch (error) {
    if (!(error instanceof CbcError)) throw error;
    return { build: null, isValidatorBuild: false, error: error.message };
  }
}

/** `2.10.3 of Dec 15 2019`. */
export function describeBuild(build: SolverBuild | null): string {
  return build === null
    ? "a build that does not report its version"
    : `${build.version} of ${build.buildDate}`;
}
