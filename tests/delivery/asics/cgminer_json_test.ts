import assert from "node:assert/strict";
import fc from "fast-check";
import { numberOf, parseCgminerJson } from "../../../src/delivery/asics/cgminer_json.ts";

const repaired: [string, string, unknown][] = [
  ["a NUL and garbage after it", '{"a":1}\0\0rest of {"b":2}', { a: 1 }],
  ["a newline and no NUL", '{"a":1}\n', { a: 1 }],
  ["something before it", '\0\n{"a":1}', { a: 1 }],
  ["a missing comma between objects", '{"a":[{"b":1}{"c":2} {"d":3}]}', {
    a: [{ b: 1 }, { c: 2 }, { d: 3 }],
  }],
  ["}{ in a string, which stays", String.raw`{"a":"x}{y\"}{"}`, { a: 'x}{y"}{' }],
  ["control characters in a string", '{"a":"x\u0001\ty"}', { a: "x  y" }],
];

for (const [what, text, expected] of repaired) {
  Deno.test(`parseCgminerJson() reads an answer with ${what}`, () => {
    assert.deepEqual(parseCgminerJson(text), expected);
  });
}

Deno.test("parseCgminerJson() returns null for anything else, and repairs nothing more", () => {
  for (
    const text of [
      "",
      "STATUS=S|",
      '{"a":',
      '{"a":1',
      "{a:1}",
      '{"a":[1 2]}',
      '{"a":1,}',
      '["a"]',
      '{"a":-nan}',
    ]
  ) {
    assert.equal(parseCgminerJson(text), null, text);
  }
});

Deno.test("parseCgminerJson() reads every JSON object as JSON.parse() does, whatever follows", () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.string(), (object, rest) => {
      const json = JSON.stringify(object);
      assert.deepEqual(parseCgminerJson(json + rest), JSON.parse(json));
    }),
  );
});

Deno.test("parseCgminerJson() never throws", () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'{}[]":,\\a1 \0\n') }), (text) => {
      const parsed = parseCgminerJson(text);
      assert.ok(parsed === null || typeof parsed === "object");
    }),
    { numRuns: 2000 },
  );
});

Deno.test("numberOf() reads numbers and decimal text only", () => {
  const cases: [unknown, number | null][] = [
    [1.5, 1.5],
    ["13564.12", 13564.12],
    [" 7 ", 7],
    ["", null],
    ["-nan", null],
    ["0x10", null],
    ["1e999", null],
    [null, null],
    [true, null],
    [Infinity, null],
  ];
  for (const [value, expected] of cases) assert.equal(numberOf(value), expected, String(value));
});
