/**
 * The MPS text that validators give to CBC, byte for byte (spec, section 5; `vectors/cbc-files.json`).
 *
 * @module
 */

import type { AuctionItem, AuctionProblem } from "../../inputs/problem.ts";
import { columnName, itemsByColumn } from "./columns.ts";

const SIGNIFICANT_DIGITS = 13;

/**
 * An integer as C's `printf("% .12e")` prints it: converted to a double first, as the validators' client does, then
 * 13 significant digits with ties to even, a space for plus, and at least two exponent digits.
 *
 * @throws {RangeError} when the integer is beyond a double
 */
export function formatScientific(integer: bigint): string {
  const double = Number(integer);
  if (!Number.isFinite(double)) {
    throw new RangeError(`Cannot write ${integer} into an MPS file: it is beyond a double`);
  }
  const exact = BigInt(double);
  const sign = exact < 0n ? "-" : " ";
  const magnitude = exact < 0n ? -exact : exact;
  const digits = magnitude.toString();
  let exponent = digits.length - 1;
  let mantissa = digits.padEnd(SIGNIFICANT_DIGITS, "0");
  const excess = digits.length - SIGNIFICANT_DIGITS;
  if (excess > 0) {
    const unit = 10n ** BigInt(excess);
    const kept = magnitude / unit;
    const twiceRest = magnitude % unit * 2n;
    const roundsUp = twiceRest > unit || (twiceRest === unit && kept % 2n === 1n);
    mantissa = (roundsUp ? kept + 1n : kept).toString();
    // 9999999999999.5 becomes 1e13.
    if (mantissa.length > SIGNIFICANT_DIGITS) exponent++;
  }
  const fraction = mantissa.slice(1, SIGNIFICANT_DIGITS);
  return `${sign}${mantissa[0]}.${fraction}e+${String(exponent).padStart(2, "0")}`;
}

/** The contribution of one worker of a run to the objective: value * (cap + 1) - cost, or value alone. */
function objectiveOf({ value, cost }: AuctionItem, { cap, objective }: AuctionProblem): bigint {
  return objective === "value-only" ? value : value * (cap + 1n) - cost;
}

/**
 * The whole MPS text of a problem that has workers: one binary variable per worker.
 *
 * @throws {RangeError} when the problem has no workers (validators do not run CBC then) or a number is beyond a double
 */
export function writeMps(problem: AuctionProblem): string {
  const runs = problem.items.map((item) => ({
    constraint: `  C0000000  ${formatScientific(item.cost)}\n`,
    objective: `  OBJ       ${formatScientific(objectiveOf(item, problem))}\n`,
  }));
  const runOfColumn = itemsByColumn(problem.items);
  if (runOfColumn.length === 0) {
    throw new RangeError("Cannot write an MPS file: the auction has no workers; there is nothing to solve");
  }
  const columns: string[] = [];
  const bounds: string[] = [];
  runOfColumn.forEach((run, column) => {
    const name = columnName(column);
    const { constraint, objective } = runs[run]!;
    columns.push(
      "    MARK      'MARKER'                 'INTORG'\n",
      "    ",
      name,
      constraint,
      "    ",
      name,
      objective,
      "    MARK      'MARKER'                 'INTEND'\n",
    );
    bounds.push(" BV BND       ", name, "\n");
  });
  return "*SENSE:Maximize\nNAME          MODEL\nROWS\n N  OBJ\n L  C0000000\nCOLUMNS\n" + columns.join("") +
    `RHS\n    RHS       C0000000  ${formatScientific(problem.cap)}\nBOUNDS\n` + bounds.join("") + "ENDATA\n";
}
