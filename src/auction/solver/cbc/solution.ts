/**
 * Reading the solution file that CBC writes (spec, section 5; `vectors/cbc-files.json`).
 *
 * @module
 */

import type { AuctionProblem } from "../../inputs/problem.ts";
import { columnName, itemsByColumn } from "./columns.ts";

/** A solution file that the validators' reader would fail on. */
export class SolutionFileError extends Error {
  override readonly name = "SolutionFileError";
}

/** A worker wins when its value is at least this. */
const WINS_FROM = 0.5;
/** Reading stops at the first line this short. */
const LAST_LINE_LENGTH = 2;
/** Texts that Python's `float()` accepts and JavaScript's `Number()` does not. */
const PYTHON_SPECIAL = /^[+-]?(?:inf(?:inity)?|nan)$/i;

/**
 * The workers won by run, parallel to `problem.items`.
 *
 * The status line is ignored: the incumbent of a stopped run counts as well. Omitted columns lose.
 *
 * @throws {SolutionFileError} when the text is no solution file
 */
export function readSolution(text: string, problem: AuctionProblem): number[] {
  const lines = text.split("\n");
  if (lines[0]!.trim() === "") {
    throw new SolutionFileError("Cannot read the solution file: its first line, the status, is empty");
  }
  const values = new Map<string, number>();
  for (const line of lines.slice(1)) {
    if (line.length <= LAST_LINE_LENGTH) break;
    const words = line.trim().split(/\s+/);
    if (words[0] === "**") words.shift();
    const [, name, value, reducedCost] = words;
    if (name === undefined || value === undefined || reducedCost === undefined) {
      throw new SolutionFileError(
        `Cannot read the solution file: "${line.slice(0, 80)}" has fewer than four columns`,
      );
    }
    values.set(name, parseValue(value));
  }

  const wins = problem.items.map(() => 0);
  itemsByColumn(problem.items).forEach((run, column) => {
    if ((values.get(columnName(column)) ?? 0) >= WINS_FROM) wins[run]!++;
  });
  return wins;
}

function parseValue(text: string): number {
  if (PYTHON_SPECIAL.test(text)) {
    return /nan/i.test(text) ? NaN : text.startsWith("-") ? -Infinity : Infinity;
  }
  const value = Number(text);
  if (Number.isNaN(value)) {
    throw new SolutionFileError(`Cannot read the solution file: "${text.slice(0, 40)}" is not a number`);
  }
  return value;
}
