/**
 * The program's version, from `deno.json`, and its build.
 *
 * @module
 */

import manifest from "../deno.json" with { type: "json" };

/** Semantic version, `1.0.0`. */
export const VERSION: string = manifest.version;

/** A file of the solver that a bundle carries. */
export interface BundledFile {
  /** Relative to the folder it is unpacked into. */
  readonly path: string;
  /** Of its content, in hexadecimal. */
  readonly sha256: string;
}

/** The validators' solver inside a bundle (`scripts/compile/solver_pack.ts`). */
export interface BundledSolver {
  /** `CBC 2.10.3 of Dec 15 2019`. */
  readonly name: string;
  readonly files: readonly BundledFile[];
}

/** The source of a bundle. */
export interface BuildInfo {
  /** Short hash, with `-modified` when the tree had changes; `null` when built outside git. */
  readonly commit: string | null;
  /** `2026-11-23`. */
  readonly commitDate: string | null;
  /** Absent when it was built without `--solver`. */
  readonly solver?: BundledSolver;
}

/** Defined by the bundler (`scripts/compile/bundle.ts`), not when the program runs from source. */
declare const IH_MINER_BUILD: BuildInfo | undefined;

/** `null` when the program runs from source. */
export const BUILD: BuildInfo | null = typeof IH_MINER_BUILD === "undefined" ? null : IH_MINER_BUILD;

/**
 * What `--version` prints: `1.0.0 (commit 1b8edd1a2b3c of 2026-11-23)`, and the solver that the bundle carries: ` with the
 * validators' CBC 2.10.3 of Dec 15 2019`.
 */
export function describeVersion(build: BuildInfo | null = BUILD): string {
  if (build === null) return `${VERSION} (from source)`;
  const { commit, commitDate, solver } = build;
  const source = commit === null ? "built outside git" : `commit ${commit} of ${commitDate}`;
  return `${VERSION} (${source})${solver === undefined ? "" : ` with the validators' ${solver.name}`}`;
}
