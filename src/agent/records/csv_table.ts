/**
 * Tables as CSV text with a header. Pure.
 *
 * No value contains a comma, a quote or a line break, so nothing is quoted.
 *
 * @module
 */

import { fromDocument, toDocument } from "../../lib/document.ts";

/** How a value is written; with a question mark it may be missing. */
export type Kind = "number" | "number?" | "text" | "text?" | "boolean";

/** A table. Its columns are the properties of a line, in snake case. */
export interface CsvTable<Line> {
  readonly kinds: Readonly<Record<keyof Line & string, Kind>>;
  /** What a line is about: the block that no other line of the table has. */
  readonly blockOf: (line: Line) => number;
  /** ISO 8601, UTC. */
  readonly timeOf: (line: Line) => string;
  /** What the names of its files end with, after the month. */
  readonly suffix: string;
}

/** The lines of a text, and how many cannot be read. */
export interface ParsedTable<Line> {
  readonly lines: Line[];
  /** A last line that was cut off is one of these. */
  readonly unreadable: number;
}

/** The columns, in the order of a new file. */
export function columnsOf<Line>({ kinds }: CsvTable<Line>): string[] {
  return Object.keys(kindsByColumn(kinds));
}

/** The columns of a file, from its first line; an older version may have begun it. */
export function columnsOfHeader(header: string): string[] {
  return header.trim().split(",");
}

/** The text of a line, without its line feed. */
export function formatLine(line: object, columns: readonly string[]): string {
  const values = toDocument(line) as Readonly<Record<string, unknown>>;
  return columns.map((column) => String(values[column] ?? "")).join(",");
}

/** The lines of a file. */
export function parseTable<Line>(text: string, table: CsvTable<Line>): ParsedTable<Line> {
  const [header = "", ...rows] = text.split("\n");
  const columns = columnsOfHeader(header);
  const filled = rows.map((row, i) => ({ row: row.trim(), isWhole: i < rows.length - 1 }))
    .filter(({ row }) => row !== "");
  const lines = filled.map(({ row, isWhole }) => isWhole ? parseLine(row, columns, table) : null);
  const readable = lines.filter((line) => line !== null);
  return { lines: readable, unreadable: lines.length - readable.length };
}

function parseLine<Line>(
  row: string,
  columns: readonly string[],
  { kinds, timeOf }: CsvTable<Line>,
): Line | null {
  const cells = row.split(",");
  if (cells.length !== columns.length) return null;
  const cellOf = new Map(columns.map((column, i) => [column, cells[i]!]));
  const values: Record<string, unknown> = {};
  for (const [column, kind] of Object.entries(kindsByColumn(kinds))) {
    const value = parseValue(cellOf.get(column) ?? "", kind);
    if (value === undefined) return null;
    values[column] = value;
  }
  const line = fromDocument(values) as Line;
  return Number.isNaN(Date.parse(timeOf(line))) ? null : line;
}

function kindsByColumn(kinds: Readonly<Record<string, Kind>>): Readonly<Record<string, Kind>> {
  return toDocument(kinds) as Readonly<Record<string, Kind>>;
}

/** `undefined` for a value that is missing or wrong. */
function parseValue(cell: string, kind: Kind): string | number | boolean | null | undefined {
  if (cell === "") return kind.endsWith("?") ? null : undefined;
  switch (kind) {
    case "text":
    case "text?":
      return cell;
    case "boolean":
      return cell === "true" ? true : cell === "false" ? false : undefined;
    case "number":
    case "number?": {
      const value = Number(cell);
      return Number.isFinite(value) ? value : undefined;
    }
  }
}
