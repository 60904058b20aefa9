/**
 * Tables for a terminal.
 *
 * @module
 */

/**
 * Aligns the cells of rows of equal length: text to the left, figures to the right.
 *
 * @param textColumns the columns that hold text.
 */
export function alignColumns(
  rows: readonly (readonly string[])[],
  textColumns: readonly number[],
): string[] {
  const widths = rows[0]!.map((_, i) => Math.max(...rows.map((row) => row[i]!.length)));
  const aligned = (cell: string, i: number): string =>
    textColumns.includes(i) ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!);
  return rows.map((row) => row.map(aligned).join("  ").trimEnd());
}
