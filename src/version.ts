/**
 * The version of this program, kept in `deno.json` alone.
 *
 * @module
 */

import manifest from "../deno.json" with { type: "json" };

/** Semantic version, `0.1.0`. */
export const VERSION: string = manifest.version;
