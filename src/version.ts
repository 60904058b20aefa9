/**
 * The program's version, from `deno.json`, and its build.
 *
 * @module
 */

import manifest from "../deno.json" with { type: "json" };

/** Semantic version, `0.1.0`. */
export const VERSION: string = manifest.version;

/** The source of a bundle. */
export interface BuildInfo {
  /** Short hash, with `-modified` when the tree had changes; `null` when built outside git. */
  readonly commit: string | null;
  /** `2026-11-23`. */
  readonly commitDate: string | null;
}

/** Defined by the bundler (`scripts/compile/bundle.ts`), not when the program runs from source. */
declare const IH_MINER_BUILD: BuildInfo | undefined;

/** `null` when the program runs from source. */
export const BUILD: BuildInfo | null = typeof IH_MINER_BUILD === "undefined" ? null : IH_MINER_BUILD;

/** What `--version` prints: `0.1.0 (commit 1b8edd1a2b3c of 2026-11-23)`. */
export function describeVersion(build: BuildInfo | null = BUILD): string {
  if (build === null) return `${VERSION} (from source)`;
  if (build.commit === null) return `${VERSION} (built outside git)`;
  return `${VERSION} (commit ${build.commit} of ${build.commitDate})`;
}
