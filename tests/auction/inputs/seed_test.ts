import assert from "node:assert/strict";
import fc from "fast-check";
import { solverSeed } from "../../../src/auction/inputs/seed.ts";

Deno.test("solverSeed() takes the last 16 hex digits modulo 2^31 - 1, plus 1", () => {
  const hash = (last: string): string => `0x${last.padStart(64, "a")}`;
  assert.equal(solverSeed(hash("0000000000001234")), 0x1235);
  assert.equal(solverSeed(hash("000000007ffffffe")), 2_147_483_647);
  assert.equal(solverSeed(hash("000000007fffffff")), 1);
  assert.equal(solverSeed(hash("ffffffffffffffff")), 4);
});

Deno.test("solverSeed() of any text is 1 to 2147483647", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => {
    const seed = solverSeed(text);
    assert.ok(Number.isInteger(seed) && seed >= 1 && seed <= 2_147_483_647);
  }));
});
