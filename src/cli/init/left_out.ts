/**
 * What is lost when `ih-miner init` replaces a configuration. Pure.
 *
 * @module
 */

import { isTable, parseToml } from "../../lib/toml.ts";

/** The original's list of sizes, which init writes as `worker_sizes`. */
const REWRITTEN = "[workers] hashrates";

/** The sections and keys of the old text that the new one lacks, as `[http]` and `[routing] sentinel_path`. */
export function leftOut(before: string, after: string): string[] {
  const old = tablesOf(before);
  const now = tablesOf(after);
  return Object.entries(old).flatMap(([section, values]) => {
    const kept = now[section];
    if (!isTable(values)) return section in now ? [] : [section];
    if (!isTable(kept)) return [`[${section}]`];
    return Object.keys(values).filter((key) => !(key in kept)).map((key) => `[${section}] ${key}`)
      .filter((name) => name !== REWRITTEN);
  });
}

/** The sections; none of a text that is no TOML. */
function tablesOf(text: string): Record<string, unknown> {
  try {
    return parseToml(text, { source: "" });
  } catch {
    return {};
  }
}
