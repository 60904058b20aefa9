import assert from "node:assert/strict";
import fc from "fast-check";
import {
  type BidCommitmentReading,
  parseBidCommitment,
  parseWorkerSize,
  writeBidCommitmentV1,
  writeBidCommitmentV2,
} from "../../../src/auction/protocol/bid_commitment.ts";
import { formatFp18, parseFp18 } from "../../../src/auction/protocol/fp18.ts";
import { ProtocolError } from "../../../src/auction/protocol/errors.ts";

const ONE = 10n ** 18n;
const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const read = (text: string, block: number | null = 8_000_000): BidCommitmentReading =>
  parseBidCommitment(bytesOf(text), block);

/** Bids as `price=size:count`, in order. */
function bidsOf(text: string, block: number | null = 8_000_000): string[] | string {
  const reading = read(text, block);
  if (reading.kind !== "bids") return reading.kind;
  return reading.bids.map((bid) => `${formatFp18(bid.priceFp18)}=${bid.sizeText}:${bid.count}`);
}

Deno.test("parseBidCommitment() keeps the order of the text and merges equal sizes only within a group", () => {
  assert.deepEqual(bidsOf("2;b;BTC,2=0.3:1,0.1:2,0.30:4;BTC,1=0.1:1;BTC,2=0.3:1"), [
    "2=0.3:5",
    "2=0.1:2",
    "1=0.1:1",
    "2=0.3:1",
  ]);
});

Deno.test("parseBidCommitment() reads any version from 2 on as v2 and any below as v1", () => {
  assert.deepEqual(bidsOf("99;b;BTC,1=0.1:5"), ["1=0.1:5"]);
  assert.deepEqual(bidsOf("-7;b;1=0.1,0.1", null), ["1=0.1:1", "1=0.1:1"]);
  assert.equal(bidsOf("0;b;BTC,1=0.1:5", null), "malformed");
});

Deno.test("parseBidCommitment() ignores v1 from block 7414264 on", () => {
  assert.deepEqual(bidsOf("1;b;1=5,-1", 7_414_263), ["1=5:1", "1=-1:1"]);
  assert.equal(bidsOf("1;b;1=5", 7_414_264), "v1-after-switch");
  assert.equal(bidsOf("1;b;1=x", 7_414_264), "malformed");
});

Deno.test("parseBidCommitment() takes empty data as no bids", () => {
  for (const text of ["2;b;", "2;b; ", "3;b;\t"]) assert.deepEqual(bidsOf(text), []);
});

Deno.test("parseBidCommitment() distinguishes commitments of another type from malformed ones", () => {
  assert.deepEqual(read("1;p;TAO_USDC=350"), { kind: "other-type", type: "p" });
  assert.deepEqual(read("2; b;BTC,1=0.1:5"), { kind: "other-type", type: " b" });
});

const malformed: [string, RegExp][] = [
  ["2;b", /not of the form version;type;data/],
  ["x;b;BTC,1=0.1:5", /commitment version: "x" is not an integer/],
  ["2;b;BTC,1=0.1:5;", /Cannot read the bid ""/],
  ["2;b;LTC,1=0.1:5", /Cannot bid for "LTC"/],
  ["2;b;BTC,1=0.46:1", /worker of "0.46" PH: a worker has 0.05 to 0.45 PH/],
  ["2;b;BTC,1=0.1:0", /0 workers of "0.1" PH: the count is 1 or more/],
  ["2;b;BTC,1=0.1:1.5", /worker count: "1.5" is not an integer/],
  ["2;b;BTC,1=0.1:600;BTC,2=0.1:401", /at most 1000/],
  [`2;b;BTC,1=0.1:${"9".repeat(400)}`, /at most 1000/],
  ["2;b;BTC,1e0=0.1:5", /"1e0" is not one/],
];
for (const [text, why] of malformed) {
  Deno.test(`parseBidCommitment() explains what is wrong with ${text.slice(0, 40)}`, () => {
    const reading = read(text);
    assert.ok(reading.kind === "malformed");
    assert.match(reading.why, why);
  });
}

Deno.test("parseBidCommitment() reads up to the first 0xFF and keeps a byte order mark", () => {
  const suffixed = new Uint8Array([...bytesOf("2;b;BTC,1=0.1:5"), 0xff, 0xfe, 0xff]);
  assert.equal(parseBidCommitment(suffixed, null).kind, "bids");
  assert.equal(read("\ufeff2;b;BTC,1=0.1:5").kind, "malformed");
});

Deno.test("parseBidCommitment() never throws", () => {
  const pieces = fc.constantFrom(
    "2",
    "1",
    ";",
    "b",
    "BTC",
    ",",
    "=",
    "0.1",
    ":",
    "5",
    " ",
    "-",
    "_",
    "\xff",
    "p",
  );
  fc.assert(fc.property(fc.array(pieces, { maxLength: 30 }).map((list) => list.join("")), (text) => {
    assert.ok(read(text).kind.length > 0);
  }));
  fc.assert(fc.property(fc.uint8Array({ maxLength: 140 }), (bytes) => {
    assert.ok(parseBidCommitment(bytes, 8_000_000).kind.length > 0);
  }));
});

const size = fc.integer({ min: 50, max: 450 }).map((thousandths) => (thousandths / 1000).toString());
const groups = fc.uniqueArray(
  fc.record({
    algorithm: fc.constant("BTC"),
    priceFp18: fc.integer({ min: 1, max: 9 }).map((tenths) => BigInt(tenths) * ONE / 10n),
    sizes: fc.uniqueArray(fc.tuple(size, fc.integer({ min: 1, max: 99 })), {
      minLength: 1,
      maxLength: 4,
      selector: ([text]) => text,
    }),
  }),
  { maxLength: 2, selector: ({ priceFp18 }) => priceFp18 },
);

Deno.test("writeBidCommitmentV2() writes what parseBidCommitment() reads, in ascending order", () => {
  fc.assert(fc.property(groups, (offered) => {
    const reading = read(writeBidCommitmentV2(offered));
    assert.ok(reading.kind === "bids");
    const expected = offered.flatMap(({ priceFp18, sizes }) =>
      sizes.map(([sizeText, count]) => ({
        sizeText,
        hashrateFp18: parseFp18(sizeText),
        priceFp18,
        count,
      }))
    ).sort((a, b) => Number(a.priceFp18 - b.priceFp18 || a.hashrateFp18 - b.hashrateFp18));
    assert.deepEqual(reading.bids, expected);
  }));
});

Deno.test("writeBidCommitmentV2() does not depend on the order of groups and sizes", () => {
  fc.assert(fc.property(groups, (offered) => {
    const turned = offered.toReversed().map((group) => ({ ...group, sizes: group.sizes.toReversed() }));
    assert.equal(writeBidCommitmentV2(turned), writeBidCommitmentV2(offered));
  }));
});

Deno.test("writeBidCommitmentV2() merges groups of one price and drops empty ones", () => {
  const text = writeBidCommitmentV2([
    { algorithm: "BTC", priceFp18: ONE, sizes: [["0.10", 1], ["0.2", 1]] },
    { algorithm: "BTC", priceFp18: 2n * ONE, sizes: [] },
    { algorithm: "BTC", priceFp18: ONE, sizes: [["0.1", 2]] },
  ]);
  assert.equal(text, "2;b;BTC,1=0.1:3,0.2:1");
  assert.equal(writeBidCommitmentV2([]), "2;b;");
});

Deno.test("writeBidCommitmentV2() reports the length of a text that does not fit", () => {
  const sizes = Array.from({ length: 16 }, (_, i) => [`0.${101 + i}`, 1] as const);
  assert.throws(
    () => writeBidCommitmentV2([{ algorithm: "BTC", priceFp18: ONE, sizes }]),
    /its text is 136 bytes, 8 more than the 128 that fit; use fewer distinct worker sizes/,
  );
});

Deno.test("writeBidCommitmentV2() refuses counts that are no positive integers", () => {
  for (const count of [0, -1, 1.5, NaN, 1001]) {
    const group = { algorithm: "BTC", priceFp18: ONE, sizes: [["0.1", count]] as const };
    assert.throws(() => writeBidCommitmentV2([group]), ProtocolError, String(count));
  }
});

Deno.test("writeBidCommitmentV1() sorts prices as numbers and sizes as text", () => {
  const text = writeBidCommitmentV1([
    { sizeText: "10", priceFp18: 10n * ONE },
    { sizeText: "9.0", priceFp18: 10n * ONE },
    { sizeText: "5", priceFp18: 9n * ONE },
    { sizeText: "5", priceFp18: 9n * ONE },
  ]);
  assert.equal(text, "1;b;9=5,5;10=10,9");
});

Deno.test("parseWorkerSize() takes sizes from 0.05 to 0.45 PH", () => {
  assert.equal(parseWorkerSize("0.05"), ONE / 20n);
  assert.equal(parseWorkerSize(" .450 "), ONE * 9n / 20n);
  for (const text of ["0.049999999999999999", "0.450000000000000001", "0", "-0.1", "x"]) {
    assert.throws(() => parseWorkerSize(text), ProtocolError, text);
  }
});
