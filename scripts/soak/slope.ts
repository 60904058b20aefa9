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

/** By how much the handles may grow per minute. */
const MOST_HANDLES_PER_MINUTE = { files: 0.5, threads: 0.5, children: 0.2 };
/** By how much memory may grow per minute, in MB, beside its wobble. */
const MOST_MEMORY_PER_MINUTE = 1;
/** By how much a heap that does not grow wobbles, in MB: the charts of 30 minutes show lives that rise and fall by so much. */
const MEMORY_WOBBLE_MB = 20;
/** A process fills its heap and its caches first. */
export const SETTLED_AFTER_SECONDS = 120;
/** Samples closer together tell more of what runs just now than of growth. */
const LEAST_DISTANCE_SECONDS = 60;
/** A life must go on for this long after it has settled: the few pairs of a shorter one tell of single windows. */
const LEAST_LIFE_SECONDS = 120;

/** The settled samples of each life that is long enough. */
function settledLives(samples: readonly Sample[]): Sample[][] {
  const settled = samples.filter(({ ageSeconds }) => ageSeconds >= SETTLED_AFTER_SECONDS);
  return [...Map.groupBy(settled, ({ life }) => life).values()].filter((life) =>
    spanSeconds(life) >= LEAST_LIFE_SECONDS
  );
}

function spanSeconds(life: readonly Sample[]): number {
  return life.at(-1)!.atSeconds - life[0]!.atSeconds;
}

/** By how much a measure may grow per minute. The longer the longest life, the less of its growth can be wobble. */
export function mostPerMinute(samples: readonly Sample[], measure: Measure): number {
  if (measure !== "rssMb") return MOST_HANDLES_PER_MINUTE[measure];
  const longestSeconds = Math.max(LEAST_LIFE_SECONDS, ...settledLives(samples).map(spanSeconds));
  return MOST_MEMORY_PER_MINUTE + MEMORY_WOBBLE_MB / (longestSeconds / 60);
}

/**
 * The median growth per minute between two samples of one life (Theil and Sen), so that single peaks do not count.
 *
 * @returns `null` when no life is long enough.
 */
export function growthPerMinute(samples: readonly Sample[], measure: Measure): number | null {
  const rates: number[] = [];
  for (const life of settledLives(samples)) {
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
  return (["rssMb", "files", "threads", "children"] as const).map((measure) => {
    const perMinute = growthPerMinute(samples, measure);
    const most = mostPerMinute(samples, measure);
    return { measure, perMinute, mostPerMinute: most, isTooSteep: perMinute !== null && perMinute > most };
  });
}
