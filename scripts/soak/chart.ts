/**
 * A small chart of a series over time, as text. Pure.
 *
 * @module
 */

import { median } from "../bench/report.ts";

/** A value at a time. */
export interface Point {
  readonly at: number;
  readonly value: number;
}

/** Options of {@link drawChart}. */
export interface ChartOptions {
  readonly title: string;
  readonly columns?: number;
  readonly rows?: number;
}

const EIGHTHS = [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];

/** Draws the median of each stretch of time as a column over 0. A stretch without a value stays empty. */
export function drawChart(points: readonly Point[], { title, columns = 60, rows = 4 }: ChartOptions): string {
  if (points.length === 0) return `${title}: no values`;
  const [start, end] = [points[0]!.at, points.at(-1)!.at];
  const span = Math.max(end - start, Number.MIN_VALUE);
  const stretches = Map.groupBy(
    points,
    ({ at }) => Math.min(columns - 1, Math.floor((at - start) / span * columns)),
  );
  const values = Array.from({ length: columns }, (_, i) => {
    const stretch = stretches.get(i);
    return stretch === undefined ? null : median(stretch.map(({ value }) => value));
  });
  const top = Math.max(...points.map(({ value }) => value));
  const lines = Array.from({ length: rows }, (_, i) => {
    const floor = rows - 1 - i;
    const cells = values.map((value) => {
      const eighths = value === null || top === 0 ? 0 : Math.round(value / top * rows * 8) - floor * 8;
      return EIGHTHS[Math.max(0, Math.min(8, eighths))]!;
    });
    const label = i === 0 ? top.toFixed(0) : i === rows - 1 ? "0" : "";
    return `${label.padStart(6)} │${cells.join("")}`.trimEnd();
  });
  const axis = `${" ".repeat(7)}└${"─".repeat(columns)}`;
  const last = `${((end - start) / 60).toFixed(0)} min`;
  return [title, ...lines, axis, `${" ".repeat(8)}0${last.padStart(columns - 1)}`].join("\n");
}
