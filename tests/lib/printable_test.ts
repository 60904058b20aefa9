import assert from "node:assert/strict";
import fc from "fast-check";
import { printable, printableLine } from "../../src/lib/printable.ts";
import { assertPrintable, FOREIGN_TEXTS } from "../support/foreign_text.ts";

const cases: [text: string, expected: string][] = [
  ["a\x1b[2Jb", "a\\u001b[2Jb"],
  ["\x9b\x7f\0", "\\u009b\\u007f\\u0000"],
  ["\u202ea\u2066", "\\u202ea\\u2066"],
  ["a\r\nb\tc", "a\\u000d\nb\tc"],
  ["ä, 漢字, 🦀, \u00a0, \u202f, e\u0301", "ä, 漢字, 🦀, \u00a0, \u202f, e\u0301"],
];

for (const [text, expected] of cases) {
  Deno.test(`printable() makes ${JSON.stringify(expected)} of ${expected === text ? "itself" : "its raw form"}`, () => {
    assert.equal(printable(text), expected);
    assert.equal(printable(expected), expected);
  });
}

Deno.test("printableLine() makes one line of any text", () => {
  for (const text of Object.values(FOREIGN_TEXTS)) {
    const line = printableLine(text);
    assertPrintable(line);
    assert.doesNotMatch(line, /[\n\t]/);
  }
  assert.equal(printableLine("a\nb\tc"), "a\\u000ab\\u0009c");
});

Deno.test("printable() leaves JSON of the same value", () => {
  const text = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.string({ unit: fc.constantFrom(...'\x1b\x7f\x9b\u202e\u2028\\"\nau') }),
  );
  fc.assert(
    fc.property(fc.dictionary(text, text), fc.constantFrom(0, 2), (value, indent) => {
      const json = printable(JSON.stringify(value, null, indent));
      assertPrintable(json);
      assert.deepEqual(JSON.parse(json), JSON.parse(JSON.stringify(value)));
    }),
    { numRuns: 1000 },
  );
});
