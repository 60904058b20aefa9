import assert from "node:assert/strict";
import fc from "fast-check";
import {
  compareByCodePoint,
  isDecimalDigits,
  parsePythonInteger,
  quote,
  readPythonInteger,
  stripSpace,
  toAsciiDigits,
} from "../../../src/auction/protocol/python_text.ts";
import { ProtocolError } from "../../../src/auction/protocol/errors.ts";

Deno.test("stripSpace() removes what str.strip() removes, not what trim() removes", () => {
  assert.equal(stripSpace("\x1c\x85\u3000 1 \u2029\x1f"), "1");
  for (const kept of ["\ufeff1", "\u200b1", "\u180e1", "\0 1"]) assert.equal(stripSpace(kept), kept);
});

Deno.test("toAsciiDigits() gives the digits of every script their value", () => {
  assert.equal(toAsciiDigits("٣५９"), "359");
  // Five sets of mathematical digits stand side by side.
  assert.equal(toAsciiDigits("𝟎𝟙𝟤𝟯𝟺𝟿"), "012349");
  assert.equal(toAsciiDigits("²½Ⅷ一x"), "²½Ⅷ一x");
});

Deno.test("isDecimalDigits() takes only digits that make decimal numbers", () => {
  for (const text of ["", "0", "٣", "𝟙"]) assert.equal(isDecimalDigits(text), true, text);
  for (const text of ["²", "½", "Ⅷ", "一", "-1", "1_0"]) assert.equal(isDecimalDigits(text), false, text);
});

const integers: [string, 10 | 16, bigint | null][] = [
  ["5", 10, 5n],
  [" +5\n", 10, 5n],
  ["-05", 10, -5n],
  ["1_0", 10, 10n],
  ["٣\u3000", 10, 3n],
  ["", 10, null],
  ["1__0", 10, null],
  ["_1", 10, null],
  ["1_", 10, null],
  ["- 5", 10, null],
  ["5.0", 10, null],
  ["0x5", 10, null],
  ["²", 10, null],
  // int() itself skips fewer kinds of white space than str.strip().
  ["\x1c5", 10, null],
  ["ab_cd", 16, 0xabcdn],
  ["0xFF", 16, 255n],
  ["0X_f", 16, 15n],
  ["-0x5", 16, -5n],
  ["0x", 16, null],
  ["0x__f", 16, null],
  ["1".repeat(4300), 10, BigInt("1".repeat(4300))],
  ["1".repeat(4301), 10, null],
];
for (const [text, base, expected] of integers) {
  Deno.test(`readPythonInteger() reads ${quote(text)} in base ${base} as int() does`, () => {
    assert.equal(readPythonInteger(text, base), expected);
  });
}

Deno.test("readPythonInteger() reads back every integer", () => {
  fc.assert(fc.property(fc.bigInt(), (value) => {
    assert.equal(readPythonInteger(` ${value} `), value);
    assert.equal(readPythonInteger(value.toString(16), 16), value);
  }));
});

Deno.test("parsePythonInteger() names a value that is not an integer", () => {
  assert.throws(() => parsePythonInteger("x", "worker count"), (error) => {
    assert.ok(error instanceof ProtocolError);
    assert.equal(error.message, 'Cannot read the worker count: "x" is not an integer');
    return true;
  });
});

Deno.test("compareByCodePoint() puts characters beyond U+FFFF last", () => {
  assert.deepEqual(["\u{1f600}", "\uff01", "b", "a", "ab"].sort(compareByCodePoint), [
    "a",
    "ab",
    "b",
    "\uff01",
    "\u{1f600}",
  ]);
});
