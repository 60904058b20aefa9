import assert from "node:assert/strict";
import { readSolution, SolutionFileError } from "../../../../src/auction/solver/cbc/solution.ts";
import { problemOf } from "../brute_force.ts";

const problem = problemOf([
  { hotkey: "a", cost: 10, value: 10, count: 11 },
  { hotkey: "b", cost: 20, value: 20, count: 1 },
], 100);

/** Columns 0..11 are the workers 0, 1, 10, 11, 2, 3, …; worker 11 is b's. */
function solution(...lines: string[]): string {
  return [...lines, ""].join("\n");
}

Deno.test("readSolution() maps columns to runs and leaves out columns lose", () => {
  const text = solution(
    "Optimal - objective value 100.00000000",
    "      0 C0000000             100                      -0",
    "      0 X0000000               1                      10",
    "      3 X0000003               1                      20",
    "      4 X0000004               0                      10",
  );
  assert.deepEqual(readSolution(text, problem), [1, 1]);
});

Deno.test("readSolution() counts values from 0.5 regardless of the status, and takes lines that start with **", () => {
  const text = solution(
    "Stopped on iterations - objective value 0.00000000",
    "** 0 X0000000 0.5 10",
    "**      1 X0000001 0.49999 10",
    "      2 X0000002 9.9999999e-01 10",
    "      3 X0000003 -1 10",
    "      9 X9999999 1 10",
  );
  assert.deepEqual(readSolution(text, problem), [2, 0]);
  assert.deepEqual(readSolution("Infeasible - objective value 0.00000000\n", problem), [0, 0]);
});

Deno.test("readSolution() stops at the first line of at most two characters", () => {
  for (const end of ["", "x", "  "]) {
    const text = solution("Optimal", "0 X0000000 1 10", end, "1 X0000001 1 10", "junk");
    assert.deepEqual(readSolution(text, problem), [1, 0]);
  }
});

Deno.test("readSolution() rejects what the validators' reader fails on", () => {
  for (
    const text of ["", "\n", "Optimal\n0 X0000000 1\n", "Optimal\n0 X0000000 one 10\n", "Optimal\n    \n"]
  ) {
    assert.throws(() => readSolution(text, problem), SolutionFileError, JSON.stringify(text));
  }
});
