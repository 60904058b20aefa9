import assert from "node:assert/strict";
import type { RunFigures } from "../../../scripts/bench/measure.ts";
import { median, mediansOf, ratiosOf, tableLines } from "../../../scripts/bench/report.ts";

function run(wallMs: number, overrides: Partial<RunFigures> = {}): RunFigures {
  const stages = { start: 1, connect: 2, metadata: 3, reads: 4, decode: 5, solve: 6, route: 7 };
  return { wallMs, cpuMs: 100, peakMb: 50, requests: 17, sentKb: 5, receivedKb: 700, stages, ...overrides };
}

Deno.test("median: the middle, or between the two in the middle", () => {
  assert.equal(median([3, 1, 100]), 3);
  assert.equal(median([4, 1, 2, 100]), 3);
  assert.throws(() => median([]), RangeError);
});

Deno.test("mediansOf: each figure by itself, stages too", () => {
  const medians = mediansOf([run(10, { cpuMs: 3 }), run(30, { cpuMs: 1 }), run(20, { cpuMs: 2 })]);
  assert.equal(medians["wall ms"], 20);
  assert.equal(medians["CPU ms"], 2);
  assert.equal(medians["solve ms"], 6);
});

Deno.test("ratiosOf: pair by pair, so that a machine that becomes slower does not count", () => {
  const ratios = ratiosOf([run(10), run(100), run(1000)], [run(20), run(200), run(2000)]);
  assert.equal(ratios["wall ms"], 0.5);
});

Deno.test("tableLines: the other build and the ratio stand below each build", () => {
  const own = [{ situation: "16 records, first run", program: "new", runs: [run(50)] }];
  const against = [{ situation: "16 records, first run", program: "old", runs: [run(100)] }];
  const lines = tableLines(own, against);
  assert.equal(lines.length, 4);
  assert.match(lines[1]!, /^16 records, first run\s+new\s+50\s/);
  assert.match(lines[2]!, /old\s+100\s/);
  assert.match(lines[3]!, /ratio\s+0\.50\s/);
  assert.equal(tableLines(own, []).length, 2);
});
