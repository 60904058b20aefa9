/**
 * The figures of a benchmark as medians, ratios and a table.
 *
 * @module
 */

import { alignColumns } from "../../src/cli/table.ts";
import type { RunFigures } from "./measure.ts";
import { STAGES } from "./stages.ts";

/** A figure's name with its unit, its decimals, and where it is found. */
interface Column {
  readonly name: string;
  readonly decimals: number;
  of(run: RunFigures): number;
}

const COLUMNS: readonly Column[] = [
  { name: "wall ms", decimals: 0, of: ({ wallMs }) => wallMs },
  { name: "CPU ms", decimals: 0, of: ({ cpuMs }) => cpuMs },
  { name: "peak MB", decimals: 1, of: ({ peakMb }) => peakMb },
  { name: "requests", decimals: 0, of: ({ requests }) => requests },
  { name: "sent kB", decimals: 1, of: ({ sentKb }) => sentKb },
  { name: "received kB", decimals: 1, of: ({ receivedKb }) => receivedKb },
  ...STAGES.map((stage): Column => ({
    name: `${stage} ms`,
    decimals: 0,
    of: ({ stages }) => stages[stage],
  })),
];

/** The runs of one build in one situation. */
export interface Series {
  /** Such as `253 records, first run`. */
  readonly situation: string;
  readonly program: string;
  readonly runs: readonly RunFigures[];
}

/** Medians by column name. */
export type Medians = Readonly<Record<string, number>>;

/** The median of every figure. */
export function mediansOf(runs: readonly RunFigures[]): Medians {
  return Object.fromEntries(COLUMNS.map(({ name, of }) => [name, median(runs.map(of))]));
}

/**
 * The ratio of each figure of a build to the other's, pair by pair, and of these the median: a machine that becomes
 * slower during the measurement then makes both slower.
 */
export function ratiosOf(runs: readonly RunFigures[], others: readonly RunFigures[]): Medians {
  return Object.fromEntries(
    COLUMNS.map(({ name, of }) => [name, median(runs.map((run, i) => of(run) / of(others[i]!)))]),
  );
}

/** The lines of the table: medians of each series; where two builds were compared, their ratio below each pair. */
export function tableLines(series: readonly Series[], against: readonly Series[]): string[] {
  const rows = series.flatMap((own, i) => {
    const other = against[i];
    const shown = [own, ...(other === undefined ? [] : [other])].map(({ situation, program, runs }) => [
      situation,
      program,
      ...cells(mediansOf(runs), ({ decimals }) => decimals),
    ]);
    if (other === undefined) return shown;
    return [...shown, [own.situation, "ratio", ...cells(ratiosOf(own.runs, other.runs), () => 2)]];
  });
  return alignColumns([["", "", ...COLUMNS.map(({ name }) => name)], ...rows], [0, 1]);
}

/** @throws {RangeError} when there are no values. */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError("There is no median of nothing");
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

function cells(figures: Medians, decimalsOf: (column: Column) => number): string[] {
  return COLUMNS.map((column) => {
    const figure = figures[column.name]!;
    return Number.isFinite(figure) ? figure.toFixed(decimalsOf(column)) : "–";
  });
}
