/**
 * Tries families for a time or a number of cases.
 *
 * @module
 */

import { cutText } from "../../src/lib/cut_text.ts";
import type { Family, Find } from "./family.ts";

/** The cases between two looks at the clock. */
const BATCH_CASES = 200;
/** A family with this many finds is not tried any further: one cause may give all of them. */
const MAX_FINDS = 3;

/** What became of a family. */
export interface Tally {
  readonly name: string;
  readonly cases: number;
  readonly seconds: number;
  readonly finds: readonly Find[];
  /** Why it was not tried; `null` if it was. */
  readonly missing: string | null;
}

export interface RunOptions {
  /** The first batch has this seed, the next one the next, and so on. */
  readonly seed: number;
  /** For each family; without it, the time alone ends the run. */
  readonly cases?: number | undefined;
  /** For each family. */
  readonly limitMs?: number | undefined;
}

/** Tries one family. The same seed and number give the same cases. */
export async function tryFamily(family: Family, options: RunOptions): Promise<Tally> {
  const { seed, cases: wanted = Infinity, limitMs = Infinity } = options;
  const { name, missing } = family;
  const startMs = performance.now();
  const finds: Find[] = [];
  let cases = 0;
  for (let batch = 0; missing === null && cases < wanted && finds.length < MAX_FINDS; batch++) {
    if (performance.now() - startMs >= limitMs) break;
    const result = await family.run({
      seed: (seed + batch) % 2 ** 31,
      cases: Math.min(BATCH_CASES, wanted - cases),
    });
    cases += result.cases;
    if (result.find !== null) finds.push(result.find);
  }
  await family.close();
  return { name, cases, seconds: (performance.now() - startMs) / 1000, finds, missing };
}

/** The tallies as a table. */
export function tableOf(tallies: readonly Tally[]): string {
  const rows = tallies.map(({ name, cases, seconds, finds, missing }) => [
    name,
    String(cases),
    seconds.toFixed(1),
    missing === null ? String(finds.length) : `not tried: ${missing}`,
  ]);
  const cells = [["family", "cases", "seconds", "finds"], ...rows];
  const width = (column: number): number => Math.max(...cells.map((row) => row[column]!.length));
  return cells.map(([name, cases, seconds, finds]) =>
    [name!.padEnd(width(0)), cases!.padStart(width(1)), seconds!.padStart(width(2)), finds].join("  ")
  ).join("\n");
}

/** A find, with the command that comes to it again. */
export function findText(name: string, { seed, shrunk, error }: Find): string {
  return `FOUND in ${name}: ${cutText(error.message)}\n` +
    `  case: ${cutText(shrunk)}\n` +
    `  again: deno task fuzz --family ${name} --seed ${seed} --cases ${BATCH_CASES}`;
}
