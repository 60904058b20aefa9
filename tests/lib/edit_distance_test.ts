import assert from "node:assert/strict";
import fc from "fast-check";
import { editDistance } from "../../src/lib/edit_distance.ts";

Deno.test("editDistance() counts added, dropped, changed and exchanged letters", () => {
  const cases = [
    ["status", "status", 0],
    ["stauts", "status", 1],
    ["statu", "status", 1],
    ["sstatus", "status", 1],
    ["statos", "status", 1],
    ["chcek", "check", 1],
    ["", "check", 5],
    ["ab", "", 2],
    ["kitten", "sitting", 3],
  ] as const;
  for (const [from, to, distance] of cases) assert.equal(editDistance(from, to), distance, `${from} ${to}`);
});

Deno.test("editDistance() is the same both ways, and 0 for the same word alone", () => {
  const word = fc.string({ unit: fc.constantFrom("a", "b", "c"), maxLength: 6 });
  fc.assert(fc.property(word, word, (from, to) => {
    assert.equal(editDistance(from, to), editDistance(to, from));
    assert.equal(editDistance(from, to) === 0, from === to);
    assert.ok(editDistance(from, to) <= Math.max(from.length, to.length));
  }));
});
