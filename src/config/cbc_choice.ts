/**
 * Which CBC program is used: the configured one, else the bundled one, else one on the `PATH`.
 *
 * @module
 */

import type { UnpackCbc } from "../auction/solver/cbc/bundled_cbc.ts";
import type { EngineChoice } from "../auction/solver/types.ts";
import type { EffectiveSetting } from "./effective.ts";

/** Where a CBC program comes from. */
export type CbcOrigin = "configured" | "bundled" | "path";

/** The choice. */
export interface CbcChoice {
  /** `null`: there is none, or the engine is `glpk`. */
  readonly origin: CbcOrigin | null;
  /** Why the bundled program cannot be used, with the remedy; `null`: it can, or is not needed. */
  readonly problem: string | null;
}

/** The engine and its program, without the bundled one. */
interface SolverCandidate {
  readonly engine: EngineChoice;
  /** The configured command, else the one on the `PATH`. */
  readonly cbcCommand: readonly string[] | null;
}

/** What {@link chooseCbc} decides by. */
export interface CbcCandidates<Solver extends SolverCandidate> {
  readonly solver: Solver;
  readonly effective: readonly EffectiveSetting[];
  readonly stateDirectory: string;
}

/** For commands that solve nothing. */
export const unpackNothing: UnpackCbc = () => Promise.resolve(null);

/** Completes a solver's configuration by the bundled program; unpacks it only where it may be used. */
export async function chooseCbc<Solver extends SolverCandidate>(
  { solver, effective, stateDirectory }: CbcCandidates<Solver>,
  unpack: UnpackCbc,
): Promise<{ readonly solver: Solver; readonly cbc: CbcChoice }> {
  if (solver.engine === "glpk") return { solver, cbc: { origin: null, problem: null } };
  const isConfigured = effective.some(({ section, key, from }) =>
    section === "solver" && key === "cbc" && from !== "default"
  );
  if (isConfigured) return { solver, cbc: { origin: "configured", problem: null } };
  const bundled = await unpack(stateDirectory);
  if (bundled?.kind === "ready") {
    return {
      solver: { ...solver, cbcCommand: bundled.command },
      cbc: { origin: "bundled", problem: null },
    };
  }
  const origin = solver.cbcCommand === null ? null : "path";
  return { solver, cbc: { origin, problem: bundled?.problem ?? null } };
}
