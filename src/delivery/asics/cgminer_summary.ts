/**
 * A machine's own figures. Pure.
 *
 * @module
 */

import type { CgminerAnswer } from "./cgminer_api.ts";
import { numberOf, objectsOf } from "./cgminer_json.ts";

/** What a machine says of itself. */
export interface MinerSummary {
  /** Its hashrate in PH/s, measured and given by it as a double; `null` when it gives none. */
  readonly hashratePh: number | null;
  /** What that figure is an average of; `null`: of all the time since the machine started, or there is none. */
  readonly periodSeconds: number | null;
  /** Since it started, in seconds; `null` when it does not say. */
  readonly elapsedSeconds: number | null;
}

/**
 * From best to worst, in seconds. A minute follows a change soon and does not jump; the average since the start is what
 * is left where there is nothing better. `RT` is Whatsminer's name of the current figure. It is what is delivered now;
 * what a machine counts for is averaged from it over several surveys (`own_figures.ts`), since longer periods of its own
 * still tell of a pool that was dead half an hour ago.
 */
const PERIODS = new Map<string, number | null>([
  ["1m", 60],
  ["5m", 300],
  ["15m", 900],
  ["5s", 5],
  ["rt", 5],
  ["av", null],
]);

/** How many of a unit are one PH/s. */
const PER_PETAHASH: Readonly<Record<string, number>> = {
  "": 1e15,
  K: 1e12,
  M: 1e9,
  G: 1e6,
  T: 1e3,
  P: 1,
};

/** The figures of an answer to `summary`. */
export function summaryOf(answer: CgminerAnswer): MinerSummary {
  const [fields = {}] = objectsOf(answer["SUMMARY"]);
  const byPeriod = new Map<string, number>();
  for (const [name, value] of Object.entries(fields)) {
    const [, prefix, period] = /^([KMGTP]?)H\/?S (1m|5m|15m|5s|RT|av)$/i.exec(name.trim()) ?? [];
    const figure = numberOf(value);
    if (prefix === undefined || period === undefined || figure === null || figure < 0) continue;
    byPeriod.set(period.toLowerCase(), figure / PER_PETAHASH[unitOf(prefix, period)]!);
  }
  const period = PERIODS.keys().find((period) => byPeriod.has(period));
  const elapsedSeconds = numberOf(fields["Elapsed"]);
  return {
    hashratePh: period === undefined ? null : byPeriod.get(period)!,
    periodSeconds: period === undefined ? null : PERIODS.get(period)!,
    elapsedSeconds: elapsedSeconds !== null && elapsedSeconds >= 0 ? elapsedSeconds : null,
  };
}

/** Whatsminer's `HS RT` is in MH/s, its name notwithstanding: it equals `MHS 5m` beside it. */
function unitOf(prefix: string, period: string): string {
  const unit = prefix.toUpperCase();
  return unit === "" && period.toLowerCase() === "rt" ? "M" : unit;
}
