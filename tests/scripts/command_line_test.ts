import assert from "node:assert/strict";
import { wholeNumber } from "../../scripts/command_line.ts";

Deno.test("wholeNumber() reads a number within its limits", () => {
  assert.equal(wholeNumber("--runs", "500"), 500);
  assert.equal(wholeNumber("--port", "65000", 1, 65_000), 65_000);
});

const refusals: [string, unknown, RegExp][] = [
  ["a text", "many", /^--count must be a whole number from 1 to 500; it is many$/],
  ["a fraction", "1.5", /it is 1\.5$/],
  ["a negative number", "-1", /it is -1$/],
  ["a number that is too large", "501", /it is 501$/],
  ["a missing value", undefined, /it is undefined$/],
];
for (const [what, text, message] of refusals) {
  Deno.test(`wholeNumber() refuses ${what}`, () => {
    assert.throws(() => wholeNumber("--count", text, 1, 500), { name: "UsageError", message });
  });
}
