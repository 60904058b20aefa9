/**
 * Commitments of other people: bids and prices with bans (spec, sections 2 and 4.4).
 *
 * @module
 */

import assert from "node:assert/strict";
import fc from "fast-check";
import { bannedHotkeys } from "../../src/auction/protocol/ban_consensus.ts";
import {
  type CommittedBid,
  parseBidCommitment,
  writeBidCommitmentV2,
} from "../../src/auction/protocol/bid_commitment.ts";
import { ProtocolError } from "../../src/auction/protocol/errors.ts";
import { formatFp18, parseFp18 } from "../../src/auction/protocol/fp18.ts";
import { parsePriceCommitment } from "../../src/auction/protocol/price_commitment.ts";
import {
  bidText,
  COMMITMENT_PIECES,
  decimalOf,
  priceText,
  statedBids,
  statedEnvelope,
  suffixed,
} from "./commitment_text.ts";
import { family, unlessRefused } from "./family.ts";
import { mutatedBytes, mutatedText } from "./mutation.ts";

const V2_ONLY_FROM_BLOCK = 7_414_264;

const anySuffix = fc.oneof(
  fc.uint8Array({ minLength: 32, maxLength: 32 }),
  fc.uint8Array({ maxLength: 40 }),
);

function bytesOf(text: fc.Arbitrary<string>): fc.Arbitrary<Uint8Array> {
  const written = suffixed(fc.oneof(text, mutatedText(text, COMMITMENT_PIECES, 3)), anySuffix);
  return fc.oneof({ weight: 4, arbitrary: written }, { weight: 1, arbitrary: mutatedBytes(written) });
}

/** The text before the suffix if it is ASCII; `null` for any other. */
function asciiOf(bytes: Uint8Array): string | null {
  const end = bytes.indexOf(0xff);
  const head = end === -1 ? bytes : bytes.subarray(0, end);
  return head.every((byte) => byte < 0x80) ? new TextDecoder().decode(head) : null;
}

/** Bids. */
export const bids = family({
  name: "bids",
  holds: "a bid commitment never throws, means what validators read in it, and survives being written again",
  sample: 600,
  cases: fc.record({
    bytes: bytesOf(bidText),
    block: fc.constantFrom(null, V2_ONLY_FROM_BLOCK - 1, V2_ONLY_FROM_BLOCK, 2 ** 31),
  }),
  check: ({ bytes, block }) => {
    const reading = parseBidCommitment(bytes, block);
    if (reading.kind === "malformed") assert.ok(reading.why.length < 1000, "the reason is too long");
    if (reading.kind === "bids") checkBids(reading.bids, reading.version);
    const text = asciiOf(bytes);
    if (text === null) return;
    const stated = statedEnvelope(text);
    if (stated === null) return assert.equal(reading.kind, "malformed");
    if (stated.type !== "b") return assert.equal(reading.kind, "other-type");
    const expected = statedBids(stated.version, stated.data);
    if (expected === null) return assert.equal(reading.kind, "malformed");
    if (stated.version < 2n && block !== null && block >= V2_ONLY_FROM_BLOCK) {
      return assert.equal(reading.kind, "v1-after-switch");
    }
    assert.deepEqual(reading, {
      kind: "bids",
      version: stated.version,
      bids: expected.map(({ count, ...bid }) => ({
        sizeText: formatFp18(bid.hashrateFp18),
        ...bid,
        count: Number(count),
      })),
    });
  },
});

function checkBids(bids: readonly CommittedBid[], version: bigint): void {
  for (const { sizeText, hashrateFp18, count } of bids) {
    assert.equal(parseFp18(sizeText), hashrateFp18);
    assert.ok(Number.isSafeInteger(count) && count >= 1);
  }
  if (version < 2n) return;
  assert.ok(bids.reduce((sum, { count }) => sum + count, 0) <= 1000, "more than 1000 workers");
  const groups = bids.map(({ priceFp18, sizeText, count }) => ({
    algorithm: "BTC",
    priceFp18,
    sizes: [[sizeText, count]] as const,
  }));
  const written = unlessRefused([ProtocolError], () => writeBidCommitmentV2(groups));
  if (written === null) return;
  assert.ok(new TextEncoder().encode(written).length <= 128, "the written bid is too long");
  const again = parseBidCommitment(new TextEncoder().encode(written), null);
  assert.ok(again.kind === "bids", "the written bid cannot be read");
  assert.deepEqual(workersOf(again.bids), workersOf(bids));
}

/** The number of workers by price and size. */
function workersOf(bids: readonly CommittedBid[]): Map<string, number> {
  const workers = new Map<string, number>();
  for (const { priceFp18, hashrateFp18, count } of bids) {
    const key = `${priceFp18} ${hashrateFp18}`;
    workers.set(key, (workers.get(key) ?? 0) + count);
  }
  return new Map([...workers].sort(([a], [b]) => a < b ? -1 : 1));
}

/** Prices. */
export const prices = family({
  name: "prices",
  holds: "a price commitment means what validators read in it, or is refused with ProtocolError",
  sample: 600,
  cases: bytesOf(priceText),
  check: (bytes) => {
    const read = unlessRefused([ProtocolError], () => parsePriceCommitment(bytes));
    const text = asciiOf(bytes);
    if (text === null) return;
    const stated = statedEnvelope(text);
    assert.equal(read !== null, stated?.type === "p");
    if (read === null || stated === null) return;
    const expected = new Map<string, bigint>();
    for (const entry of stated.data.split(";")) {
      const [, metric, written] = /^([^=]+)=([^]*)$/.exec(entry) ?? [];
      const value = written === undefined ? null : decimalOf(written);
      if (value !== null) expected.set(metric!, value);
    }
    assert.deepEqual([...read.prices], [...expected]);
  },
});

const stake = fc.oneof(fc.bigInt({ min: 0n, max: 5n }), fc.bigInt({ min: 0n, max: 2n ** 80n }));

/** Ban bitmaps and their majority. */
export const bitmaps = family({
  name: "bitmaps",
  holds:
    "a bitmap of 32 bytes bans the UIDs of its bits, any other none, and a strict majority of stake bans a hotkey",
  sample: 500,
  cases: fc.record({
    validators: fc.array(fc.record({ suffix: anySuffix, text: priceText, stakeWeight: stake }), {
      maxLength: 6,
    }),
    uids: fc.array(fc.oneof(fc.nat(7), fc.nat(300)), { maxLength: 12 }),
  }),
  check: ({ validators, uids }) => {
    const read = validators.map(({ suffix, text, stakeWeight }) => {
      // A validator may have written anything before the bitmap.
      const head = new TextEncoder().encode(text.replace(/^[^;]*;[^;]*/, "1;p"));
      const { bannedUids } = parsePriceCommitment(Uint8Array.from([...head, 0xff, ...suffix]));
      const bits = suffix.length === 32
        ? [...suffix].map((byte) => byte.toString(2).padStart(8, "0").split("").reverse().join("")).join("")
        : "";
      assert.deepEqual(bannedUids, [...bits].flatMap((bit, uid) => bit === "1" ? [uid] : []));
      return { bannedUids, stakeWeight };
    });
    const neurons = uids.map((uid, i) => ({ uid, hotkey: `hotkey ${i}` }));
    const total = read.reduce((sum, { stakeWeight }) => sum + stakeWeight, 0n);
    const expected = [...new Set(uids)].filter((uid) => {
      const marking = read.reduce(
        (sum, validator) => sum + (validator.bannedUids.includes(uid) ? validator.stakeWeight : 0n),
        0n,
      );
      return marking > total / 2n;
    }).map((uid) => `hotkey ${uids.lastIndexOf(uid)}`);
    assert.deepEqual([...bannedHotkeys(read, neurons).keys()].sort(), expected.sort());
  },
});
