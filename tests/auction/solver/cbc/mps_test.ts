import assert from "node:assert/strict";
import fc from "fast-check";
import { cbcArguments } from "../../../../src/auction/solver/cbc/arguments.ts";
import { columnName, workersByColumn } from "../../../../src/auction/solver/cbc/columns.ts";
import { formatScientific, writeMps } from "../../../../src/auction/solver/cbc/mps.ts";
import { problemOf } from "../brute_force.ts";

Deno.test("formatScientific() prints like C's % .12e", () => {
  // Right-hand sides from printf of glibc.
  const cases: [bigint, string][] = [
    [0n, " 0.000000000000e+00"],
    [1n, " 1.000000000000e+00"],
    [-472500n, "-4.725000000000e+05"],
    [3948749977500n, " 3.948749977500e+12"],
    [9999999999999n, " 9.999999999999e+12"],
    [10000000000000n, " 1.000000000000e+13"],
    // Ties go to the even digit, in both directions.
    [12345678901225n, " 1.234567890122e+13"],
    [12345678901235n, " 1.234567890124e+13"],
    [-12345678901225n, "-1.234567890122e+13"],
    [99999999999995n, " 1.000000000000e+14"],
    // Just beside a tie.
    [123456789012250n, " 1.234567890122e+14"],
    [123456789012251n, " 1.234567890123e+14"],
    // A double first: 2^53 + 1 is 2^53.
    [9007199254740993n, " 9.007199254741e+15"],
    [10n ** 100n, " 1.000000000000e+100"],
  ];
  for (const [integer, text] of cases) assert.equal(formatScientific(integer), text);
  assert.throws(() => formatScientific(10n ** 400n), RangeError);
});

Deno.test("formatScientific() agrees with toExponential() wherever there is no tie", () => {
  fc.assert(fc.property(fc.bigInt({ min: -(10n ** 25n), max: 10n ** 25n }), (integer) => {
    const digits = BigInt(Number(integer)).toString().replace("-", "");
    fc.pre(!/^\d{13}50*$/.test(digits));
    const expected = Number(integer).toExponential(12).replace(/e\+(\d)$/, "e+0$1");
    assert.equal(formatScientific(integer), (integer < 0n ? "" : " ") + expected);
  }));
});

Deno.test("workersByColumn() follows the text order of the workers' names", () => {
  for (const count of [0, 1, 9, 10, 11, 100, 101, 1234]) {
    const expected = Array.from({ length: count }, (_, worker) => `x_${worker}`).sort();
    assert.deepEqual(Array.from(workersByColumn(count), (worker) => `x_${worker}`), expected);
  }
  assert.equal(columnName(7), "X0000007");
});

const problem = problemOf([
  { hotkey: "a", cost: 100_000, value: 120_000, count: 1 },
  { hotkey: "b", cost: 50_000, value: 70_000, count: 1 },
], 130_000);

Deno.test("writeMps() writes one binary column per worker", () => {
  const column = (name: string, cost: string, objective: string): string =>
    [
      "    MARK      'MARKER'                 'INTORG'",
      `    ${name}  C0000000   ${cost}`,
      `    ${name}  OBJ        ${objective}`,
      "    MARK      'MARKER'                 'INTEND'",
      "",
    ].join("\n");
  assert.equal(
    writeMps(problem),
    "*SENSE:Maximize\nNAME          MODEL\nROWS\n N  OBJ\n L  C0000000\nCOLUMNS\n" +
      // 120000 * 130001 - 100000 and 70000 * 130001 - 50000.
      column("X0000000", "1.000000000000e+05", "1.560002000000e+10") +
      column("X0000001", "5.000000000000e+04", "9.100020000000e+09") +
      "RHS\n    RHS       C0000000   1.300000000000e+05\nBOUNDS\n BV BND       X0000000\n BV BND       X0000001\n" +
      "ENDATA\n",
  );
  const valueOnly = writeMps({ ...problem, objective: "value-only" });
  assert.match(valueOnly, /X0000000 {2}OBJ {8}1\.200000000000e\+05\n/);
});

Deno.test("writeMps() gives column 2 to worker 10", () => {
  const runs = Array.from({ length: 12 }, (_, k) => ({ hotkey: "a", cost: 1000 + k, value: 1000, count: 1 }));
  const text = writeMps(problemOf(runs, 5000));
  assert.match(text, /X0000001 {2}C0000000 {3}1\.001000000000e\+03\n/);
  assert.match(text, /X0000002 {2}C0000000 {3}1\.010000000000e\+03\n/);
  assert.match(text, /X0000004 {2}C0000000 {3}1\.002000000000e\+03\n/);
});

Deno.test("writeMps() refuses an auction without workers", () => {
  assert.throws(() => writeMps(problemOf([], 5)), RangeError);
  assert.throws(() => writeMps(problemOf([{ hotkey: "a", cost: 1, value: 1, count: 0 }], 5)), RangeError);
});

Deno.test("cbcArguments() is the validators' command line", () => {
  assert.equal(
    cbcArguments("IN.mps", "OUT.sol", 42).join(" "),
    "IN.mps -max -threads 1 -randomSeed 42 -maxNodes 100000 -timeMode elapsed -branch -printingOptions all " +
      "-solution OUT.sol",
  );
});
