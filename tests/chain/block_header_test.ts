import assert from "node:assert/strict";
import { headerNumber } from "../../src/chain/block_header.ts";

Deno.test("headerNumber() reads the number in hexadecimal", () => {
  assert.equal(headerNumber({ number: "0x7270e0", parentHash: "0x" }), 7_500_000);
  assert.equal(headerNumber({ number: "0x0" }), 0);
  assert.equal(headerNumber({ number: "0x1FFFFFFFFFFFFF" }), Number.MAX_SAFE_INTEGER);
});

const odd: unknown[] = [
  ...[null, undefined, 5, "0x1", [], {}],
  ...["", "5", "0x", "-0x1", "0x20000000000000", 5, true, [], ["0x5"], null, { toString: 1, valueOf: 2 }].map(
    (number) => ({ number }),
  ),
  { number: JSON.parse("[".repeat(20_000) + "]".repeat(20_000)) },
];

Deno.test("headerNumber() gives null for everything else", () => {
  for (const header of odd) assert.equal(headerNumber(header), null);
});
