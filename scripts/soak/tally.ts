/**
 * What a soak counted, and the verdict. Pure.
 *
 * @module
 */

import { drawChart } from "./chart.ts";
import { type Measure, type Sample, SETTLED_AFTER_SECONDS, type Slope, slopesOf } from "./slope.ts";

/** Everything that is counted in a soak. */
export interface SoakFigures {
  /** As it was typed, so that others can repeat it. */
  readonly command: string;
  readonly seed: number;
  readonly minutes: number;
  /** What was run: the compiled program, or the agent from source. */
  readonly program: string;
  readonly solver: string;
  /** Parts that were left out, with the reason. */
  readonly skipped: readonly string[];
  readonly windows: number;
  /** One line for each window that was missed, and for each that was routed wrongly. */
  readonly missed: readonly string[];
  readonly wrong: readonly string[];
  /** Time from the first block until all was routed as expected, in milliseconds; windows without a SIGKILL. */
  readonly tookMs: readonly number[];
  readonly faults: Counts;
  readonly edits: Counts;
  readonly mishaps: Counts;
  readonly hooks: Counts;
  readonly slowSolver: number;
  readonly hangUps: number;
  readonly clockSteps: number;
  readonly reorganisations: number;
  /** Windows whose first routing was logged as not proven to be the optimum; the final outcome followed. */
  readonly unproven: number;
  readonly restarts: number;
  /** Ends of the agent that nobody asked for, and a stop that failed. */
  readonly deaths: readonly string[];
  readonly samples: readonly Sample[];
}

/** How often each kind came. */
export type Counts = ReadonlyMap<string, number>;

const MEASURES: Readonly<Record<Measure, string>> = {
  rssMb: "resident memory in MB",
  files: "open files",
  threads: "threads",
  children: "child processes",
};

/** Why the soak failed, one sentence each; none if it passed. */
export function failuresOf(figures: SoakFigures): string[] {
  const { windows, missed, wrong, deaths, samples } = figures;
  return [
    ...(windows === 0 ? ["no window was played"] : []),
    ...missed.map((line) => `missed: ${line}`),
    ...wrong.map((line) => `wrong: ${line}`),
    ...deaths.map((line) => `the agent ended: ${line}`),
    ...slopesOf(samples).filter(({ isTooSteep }) => isTooSteep).map(describeSlope),
  ];
}

/** The figures as a subsection of `docs/reliability.md`. */
export function soakSection(figures: SoakFigures): string {
  const { samples } = figures;
  const failures = failuresOf(figures);
  const points = (measure: Measure): { at: number; value: number }[] =>
    samples.map((sample) => ({ at: sample.atSeconds, value: sample[measure] }));
  const charts = (["rssMb", "files", "threads"] as const).map((measure) =>
    drawChart(points(measure), { title: MEASURES[measure], rows: measure === "rssMb" ? 5 : 3 })
  );
  return [
    `### A run of ${figures.minutes} min`,
    "",
    `    ${figures.command}`,
    "",
    `The seed is ${figures.seed}. It ran ${figures.program}, with ${figures.solver}, for ${figures.minutes} min.`,
    ...figures.skipped.map((text) => `Skipped: ${text}.`),
    "",
    ...rowsOf(figures).map(([name, value]) => `- ${name}: ${value}`),
    "",
    `The growth is the median of all pairs of samples of one process, after its first ${SETTLED_AFTER_SECONDS} s:`,
    "",
    ...slopesOf(samples).map((slope) => `- ${describeSlope(slope)}`),
    "",
    "```text",
    charts.join("\n\n"),
    "```",
    "",
    failures.length === 0
      ? "The soak passed."
      : ["The soak failed:", "", ...failures.map((text) => `- ${text}`)].join("\n"),
    "",
  ].join("\n");
}

function rowsOf(figures: SoakFigures): [name: string, value: string][] {
  const sorted = figures.tookMs.toSorted((a, b) => a - b);
  const at = (share: number): string => {
    const ms = sorted[Math.ceil(share * sorted.length) - 1];
    return ms === undefined ? "–" : (ms / 1000).toFixed(1);
  };
  return [
    ["windows", String(figures.windows)],
    ["missed", String(figures.missed.length)],
    ["wrong routings", String(figures.wrong.length)],
    [
      "until all was routed, cbc's delays included",
      `median ${at(0.5)} s, p99 ${at(0.99)} s, at most ${at(1)} s`,
    ],
    ["first routing not proven to be the optimum", String(figures.unproven)],
    ["restarts after SIGKILL", String(figures.restarts)],
    ["unexpected ends", String(figures.deaths.length)],
    ["faults of the line", countsText(figures.faults)],
    ["edits", countsText(figures.edits)],
    ["ASICs", countsText(figures.mishaps)],
    ["hooks", countsText(figures.hooks)],
    ["windows with a slow cbc", String(figures.slowSolver)],
    ["SIGHUP during a window", String(figures.hangUps)],
    ["clock steps", String(figures.clockSteps)],
    ["last block replaced", String(figures.reorganisations)],
  ];
}

function countsText(counts: Counts): string {
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
  if (total === 0) return "0";
  const kinds = [...counts].toSorted((a, b) => b[1] - a[1]).map(([kind, count]) => `${kind} ${count}`);
  return `${total}: ${kinds.join(", ")}`;
}

function describeSlope({ measure, perMinute, mostPerMinute, isTooSteep }: Slope): string {
  if (perMinute === null) return `${MEASURES[measure]}: the soak was too short to tell`;
  const verdict = isTooSteep
    ? `, more than ${rounded(mostPerMinute)}`
    : ` (at most ${rounded(mostPerMinute)})`;
  return `${MEASURES[measure]}: ${perMinute.toFixed(2)} per minute${verdict}`;
}

function rounded(value: number): string {
  return String(Number(value.toFixed(1)));
}
