/**
 * Finds the validators' build of CBC, for checks that need it: in `IH_MINER_CBC` (a path, or `off` for none), then as
 * `cbc` on the `PATH`, then where `scripts/install-cbc.sh` puts it. No other build is used: it may pick other winners.
 *
 * @module
 */

import type { AuctionProblem } from "../../src/auction/inputs/problem.ts";
import { CbcError, identifyCbc, isValidatorBuild } from "../../src/auction/solver/cbc/program.ts";
import { locateProgram } from "../../src/lib/program.ts";
import { solveWithCbc } from "../../src/auction/solver/cbc_engine.ts";

/** The program, or why there is none. */
export type ReferenceCbc = { readonly path: string } | { readonly absence: string };

const IDENTIFY_LIMIT_MS = 10_000;
const SOLVE_LIMIT_MS = 120_000;

/** Looks for the validators' build. */
export async function findReferenceCbc(): Promise<ReferenceCbc> {
  for (const name of ["run", "write"] as const) {
    const { state } = await Deno.permissions.query({ name });
    if (state !== "granted") return { absence: `no permission to ${name} (--allow-${name})` };
  }
  const named = Deno.env.get("IH_MINER_CBC") ?? "";
  if (named === "off") return { absence: "IH_MINER_CBC is off" };
  const found: string[] = [];
  for (const program of named === "" ? ["cbc", ...installedPaths()] : [named]) {
    const path = await locateProgram(program, Deno.env.get("PATH") ?? "");
    if (path === null) continue;
    try {
      const build = await identifyCbc([path], { folder: "/", timeLimitMs: IDENTIFY_LIMIT_MS });
      if (isValidatorBuild(build)) return { path };
      found.push(`${path} is ${build === null ? "no CBC" : `${build.version} of ${build.buildDate}`}`);
    } catch (error) {
      if (!(error instanceof CbcError)) throw error;
      found.push(error.message);
    }
  }
  if (found.length > 0) return { absence: found.join("; ") };
  return {
    absence: named === "" ? "none found; see scripts/install-cbc.sh" : `there is no program ${named}`,
  };
}

/** Solves with the validators' build. Returns the workers won, parallel to the problem's items. */
export async function solveLikeValidators(path: string, problem: AuctionProblem): Promise<readonly number[]> {
  const folder = await Deno.makeTempDir({ prefix: "ih-miner-cbc-" });
  try {
    const { wins } = await solveWithCbc(problem, { command: [path], folder, timeLimitMs: SOLVE_LIMIT_MS });
    return wins;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Where `scripts/install-cbc.sh` puts the program by default, for root and for others. */
function installedPaths(): string[] {
  const home = Deno.env.get("HOME");
  const cache = Deno.env.get("XDG_CACHE_HOME") ?? (home === undefined ? undefined : `${home}/.cache`);
  return ["/usr/local/lib/ih-miner/cbc", ...(cache === undefined ? [] : [`${cache}/cbc-2.10.3/cbc`])];
}
