/**
 * Whether memory and handles grow. Pure.
 *
 * @module
 */

import { median } from "../bench/report.ts";

/** What the agent's process held at one moment. */
export interface Sample {
  /** From the start of the soak, in seconds. */
  readonly atSeconds: number;
  /** Counts the agent's processes: a new one begins after each SIGKILL. */
  readonly life: number;
  /** Since this process started, in seconds. */
  readonly ageSeconds: number;
  readonly rssMb: number;
  /** Open file descriptors. */
  readonly files: number;
  readonly threads: number;
  readonly children: number;
}

/** What can grow. */
export type Measure = "rssMb" | "files" | "threads" | "children";

/** By how much each measure may grow in a minute of the soak, in which at least as many windows pass as in half an hour. */
export const MOST_GROWTH_PER_MINUTE: Readonly<Record<Measure, number>> = {
  rssMb: 2,
  files: 0.5,
  threads: 0.5,
  children: 0.2,
};
/** A process fills its heap and its caches first. */
export const SETTLED_AFTER_SECONDS = 90;
/** Samples closer together tell more of what runs just now than of growth. */
const LEAST_DISTANCE_SECONDS = 60;
/** A life must go on for this long after it has settled: the few pairs of a shorter one tell of single windows. */
const LEAST_LIFE_SECONDS = 120;

/**
 * The median growth per minute between two samples of one life (Theil and Sen), so that single peaks do not count.
 * Samples before a process has settled are left out.
 *
 * @returns `null` when no life is long enough.
 */
export function growthPerMinute(samples: readonly Sample[], measure: Measure): number | null {
  const settled = samples.filter(({ ageSeconds }) => ageSeconds >= SETTLED_AFTER_SECONDS);
  const rates: number[] = [];
  for (const life of Map.groupBy(settled, ({ life }) => life).values()) {
    if (life.at(-1)!.atSeconds - life[0]!.atSeconds < LEAST_LIFE_SECONDS) continue;
    life.forEach((from, i) => {
      for (const to of life.slice(i + 1)) {
        const seconds = to.atSeconds - from.atSeconds;
        if (seconds >= LEAST_DISTANCE_SECONDS) rates.push((to[measure] - from[measure]) / seconds * 60);
      }
    });
  }
  return rates.length === 0 ? null : median(rates);
}

/** The verdict on one measure. */
export interface Slope {
  readonly measure: Measure;
  /** `null`: the soak was too short to tell. */
  readonly perMinute: number | null;
  readonly mostPerMinute: number;
  readonly isTooSteep: boolean;
}

/** The verdict on every measure. */
export function slopesOf(samples: readonly Sample[]): Slope[] {
  return (Object.keys(MOST_GROWTH_PER_MINUTE) as Measure[]).map((measure) => {
    const perMinute = growthPerMinute(samples, measure);
    const mostPerMinute = MOST_GROWTH_PER_MINUTE[measure];
    return { measure, perMinute, mostPerMinute, isTooSteep: perMinute !== null && perMinute > mostPerMinute };
  });
}
