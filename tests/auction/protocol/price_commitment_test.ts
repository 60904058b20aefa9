import assert from "node:assert/strict";
import fc from "fast-check";
import { writePriceCommitment } from "../../../scripts/scene/price_commitment.ts";
import { parsePriceCommitment } from "../../../src/auction/protocol/price_commitment.ts";
import { ProtocolError } from "../../../src/auction/protocol/errors.ts";

const ONE = 10n ** 18n;
const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

Deno.test("parsePriceCommitment() skips bad entries and lets the last valid duplicate count", () => {
  const { prices } = parsePriceCommitment(bytesOf("1;p;a=1;;b=x;=3;c;a=2;a=y; a=5;d=1=2"));
  assert.deepEqual([...prices], [["a", 2n * ONE], [" a", 5n * ONE]]);
});

Deno.test("parsePriceCommitment() reads a bitmap of exactly 32 bytes", () => {
  const withBitmap = (length: number): Uint8Array => {
    const bitmap = new Uint8Array(length);
    bitmap.set([0b1000_0001, 0b10]);
    return new Uint8Array([...bytesOf("1;p;a=1"), 0xff, ...bitmap]);
  };
  assert.deepEqual(parsePriceCommitment(withBitmap(32)).bannedUids, [0, 7, 9]);
  assert.deepEqual(parsePriceCommitment(withBitmap(31)).bannedUids, []);
  assert.deepEqual(parsePriceCommitment(withBitmap(33)).bannedUids, []);
});

Deno.test("parsePriceCommitment() refuses other types and other data", () => {
  for (const text of ["2;b;BTC,1=0.1:5", "1;P;a=1", "1;p", "x;p;a=1", "1.0;p;a=1", ""]) {
    assert.throws(() => parsePriceCommitment(bytesOf(text)), ProtocolError, text);
  }
});

Deno.test("writePriceCommitment() writes what parsePriceCommitment() reads", () => {
  const key = fc.stringMatching(/^[a-zA-Z_]{1,9}$/);
  const prices = fc.uniqueArray(fc.tuple(key, fc.bigInt(-(10n ** 20n), 10n ** 20n)), {
    maxLength: 3,
    selector: ([name]) => name,
  });
  const uids = fc.uniqueArray(fc.nat(255));
  fc.assert(fc.property(prices, uids, (published, banned) => {
    const read = parsePriceCommitment(writePriceCommitment(published, banned));
    assert.deepEqual(read.prices, new Map(published));
    assert.deepEqual(read.bannedUids, banned.toSorted((a, b) => a - b));
  }));
});

Deno.test("writePriceCommitment() leaves out keys with separators and UIDs without a bit", () => {
  const bytes = writePriceCommitment([["a=b", ONE], ["c", ONE], ["d;e", ONE]], [-1, 256, 3]);
  assert.equal(new TextDecoder().decode(bytes.subarray(0, 7)), "1;p;c=1");
  assert.deepEqual(parsePriceCommitment(bytes).bannedUids, [3]);
});
