/**
 * A machine's own figures in its answer to `summary`. Pure.
 *
 * @module
 */

import type { CgminerAnswer } from "./cgminer_api.ts";
import { numberOf, objectsOf } from "./cgminer_json.ts";

/** The figures that a machine reports. */
export interface MinerSummary {
  /** Its hashrate; `null` if not reported. */
  readonly hashratePh: number | null;
  /** The averaging period of that figure; `null` for the time since the start, or without a figure. */
  readonly periodSeconds: number | null;
  /** Time since the machine started; `null` if not reported. */
  readonly elapsedSeconds: number | null;
}

/**
 * Averaging periods in seconds, from best to worst. One minute follows changes quickly without jumping; the average since
 * the start is the last resort. `RT` is Whatsminer's name of the current figure. The figure is the hashrate delivered now;
 * `own_figures.ts` averages it over several surveys, since the machine's longer periods still include a pool that was dead
 * half an hour ago.
 */
const PERIODS = new Map<string, number | null>([
  ["1m", 60],
  ["5m", 300],
  ["15m", 900],
  ["5s", 5],
  ["rt", 5],
  ["av", null],
]);

/** How many of each unit make one PH/s. */
const PER_PETAHASH: Readonly<Record<string, number>> = {
  "": 1e15,
  K: 1e12,
  M: 1e9,
  G: 1e6,
  T: 1e3,
  P: 1,
};

/** Reads the figures of an answer to `summary`. */
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

/** Whatsminer's `HS RT` is in MH/s despite its name: it equals the `MHS 5m` beside it. */
function unitOf(prefix: string, period: string): string {
  const unit = prefix.toUpperCase();
  return unit === "" && period.toLowerCase() === "rt" ? "M" : unit;
}
