import assert from "node:assert/strict";
import { summaryOf } from "../../../src/delivery/asics/cgminer_summary.ts";

const figures: [string, Record<string, unknown>, number | null][] = [
  ["cgminer's MHS", { "MHS av": 1, "MHS 5s": 2, "MHS 1m": 104_500_000, "MHS 5m": 3, "MHS 15m": 4 }, 0.1045],
  ["bmminer's GHS as text", { "GHS 5s": "95634.50", "GHS av": 93000.1 }, 0.0956345],
  ["GHS 5s that is empty", { "GHS 5s": "", "GHS av": 93000 }, 0.093],
  ["THS", { "THS av": 140.5 }, 0.1405],
  ["PHS", { "PHS 5m": "0.2" }, 0.2],
  ["KHS", { "KHS av": 1e11 }, 0.1],
  ["HS", { "HS av": 1e14 }, 0.1],
  ["Whatsminer's HS RT, which is in MH/s", { "HS RT": 84_941_366.02, "Factory GHS": 88000 }, 0.08494136602],
  ["nothing", { "MHS 24h": 5, Utility: 1 }, null],
  ["what is no number", { "MHS 1m": "-nan", "MHS av": -1 }, null],
];

for (const [what, fields, expected] of figures) {
  Deno.test(`summaryOf() reads ${what}`, () => {
    const { hashratePh, elapsedSeconds } = summaryOf({ SUMMARY: [fields] });
    if (expected === null) assert.equal(hashratePh, null);
    else assert.ok(hashratePh !== null && Math.abs(hashratePh - expected) < 1e-12, String(hashratePh));
    assert.equal(elapsedSeconds, null);
  });
}

Deno.test("summaryOf() reads a summary that is not in a list", () => {
  assert.equal(summaryOf({ SUMMARY: { "PHS 1m": 0.2 } }).hashratePh, 0.2);
});

Deno.test("summaryOf() reports the period of its figure", () => {
  const periodOf = (name: string): number | null => summaryOf({ SUMMARY: [{ [name]: 1 }] }).periodSeconds;
  assert.deepEqual(["MHS 1m", "MHS 5m", "MHS 15m", "GHS 5s", "HS RT", "MHS av", "MHS 24h"].map(periodOf), [
    60,
    300,
    900,
    5,
    5,
    null,
    null,
  ]);
});

Deno.test("summaryOf() reads how long the machine has been running", () => {
  assert.equal(summaryOf({ SUMMARY: [{ Elapsed: "413831" }] }).elapsedSeconds, 413831);
  assert.equal(summaryOf({ SUMMARY: [] }).elapsedSeconds, null);
  assert.equal(summaryOf({}).hashratePh, null);
});
