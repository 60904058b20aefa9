import assert from "node:assert/strict";
import fc from "fast-check";
import {
  formatAgo,
  formatBlock,
  formatDuration,
  formatHashrate,
  shortDecimal,
  shortHotkey,
} from "../../../src/operator/status/format.ts";
import { PAGE_SCRIPT } from "../../../src/operator/status/page_script.ts";

Deno.test("formatDuration() gives the two largest units, whole and not negative", () => {
  const cases = [[-3, "0 s"], [0, "0 s"], [59.9, "59 s"], [60, "1 min"], [372, "6 min 12 s"], [3600, "1 h"]];
  const longer = [[7_500, "2 h 5 min"], [86_399, "23 h 59 min"], [90_000, "1 d 1 h"], [86_460, "1 d"]];
  for (const [seconds, text] of [...cases, ...longer]) assert.equal(formatDuration(Number(seconds)), text);
});

Deno.test("The page's script formats durations as the server does", () => {
  const source = /function formatDuration[\s\S]*?\n\}/.exec(PAGE_SCRIPT)?.[0] ?? "";
  const inBrowser = new Function(`${source}; return formatDuration;`)() as typeof formatDuration;
  fc.assert(fc.property(fc.double({ min: -1e3, max: 1e9, noNaN: true }), (seconds) => {
    assert.equal(inBrowser(seconds), formatDuration(seconds));
  }));
});

Deno.test("format functions keep figures short and exact", () => {
  assert.equal(formatAgo(null), "never");
  assert.equal(formatAgo(8.7), "8 s ago");
  assert.equal(formatHashrate(0.1 + 0.2), "0.3 PH/s");
  assert.equal(formatBlock(7_500_040), "7\u202f500\u202f040");
  assert.equal(formatBlock(12), "12");
  assert.equal(shortDecimal("352.180000", 6), "352.18");
  assert.equal(shortDecimal("0.0119", 6), "0.0119");
  assert.equal(shortDecimal("7", 6), "7");
  assert.equal(shortHotkey("5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY"), "5Grwva…utQY");
});
