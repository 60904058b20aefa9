import assert from "node:assert/strict";
import fc from "fast-check";
import { prepareAuction } from "../../../src/auction/inputs/prepare.ts";
import type { AuctionSnapshot, CommitmentRecord } from "../../../src/auction/inputs/snapshot.ts";
import type { Bid } from "../../../src/auction/inputs/problem.ts";
import { formatFp18 } from "../../../src/auction/protocol/fp18.ts";
import { ProtocolError } from "../../../src/auction/protocol/errors.ts";
import { FIRST_BLOCK, makeRecord, makeSnapshot, PRICES } from "./make_snapshot.ts";

const describe = ({ hotkey, sizeText, priceFp18, count }: Bid): string =>
  `${hotkey} ${formatFp18(priceFp18)}=${sizeText}:${count}`;

Deno.test("prepareAuction() turns a snapshot into the integer program", () => {
  const prepared = prepareAuction(makeSnapshot({
    bids: { alice: "2;b;BTC,1=0.45:2;BTC,0.9=0.1:1", bob: "2;b;BTC,1.05=0.25:1000" },
  }));
  assert.equal(prepared.noWinners, null);
  assert.deepEqual(prepared.problem?.items.map(describe), [
    "alice 1=0.45:2",
    "alice 0.9=0.1:1",
    "bob 1.05=0.25:1000",
  ]);
  assert.deepEqual(prepared.problem?.items.map(({ cost, value }) => [cost, value]), [
    [450_000n, 450_000n],
    [90_000n, 100_000n],
    [262_500n, 250_000n],
  ]);
  assert.ok(prepared.budgetPh! > 100.79 && prepared.budgetPh! < 100.8);
  assert.equal(prepared.problem?.cap, BigInt(Math.floor(prepared.budgetPh! * 1e6)));
  assert.equal(prepared.problem?.objective, "value-then-cost");
  assert.equal(prepared.problem?.seed, 0x1235);
  assert.deepEqual(prepared.estimatedBecause, []);
});

Deno.test("prepareAuction() applies the budget cap", () => {
  const uncapped = prepareAuction(makeSnapshot({ bids: { a: "2;b;BTC,1=0.1:1" } }));
  const capped = prepareAuction(makeSnapshot({
    bids: { a: "2;b;BTC,1=0.1:1" },
    validators: { v: { prices: { ...PRICES, cap: "0.5" } } },
  }));
  assert.equal(capped.budgetPh, uncapped.budgetPh! * 0.5);
});

Deno.test("prepareAuction() uses the value alone before block 7405572, and v1 bids before 7414264", () => {
  const at = (firstBlock: number) =>
    prepareAuction(makeSnapshot({ firstBlock, bids: { a: "1;b;1=0.1,0.1,7" } }));
  assert.equal(at(7_405_571).problem?.objective, "value-only");
  assert.equal(at(7_405_572).problem?.objective, "value-then-cost");
  assert.deepEqual(at(7_414_263).problem?.items.map(describe), ["a 1=0.1:2", "a 1=7:1"]);
  assert.deepEqual(at(7_414_264).noWinners, { reason: "no-bids" });
});

Deno.test("prepareAuction() drops bids of 150 minutes or more, not those whose block is unknown", () => {
  const text = "2;b;BTC,1=0.1:1";
  const prepared = prepareAuction(makeSnapshot({
    records: [
      makeRecord("young", text, { block: FIRST_BLOCK - 749 }),
      makeRecord("old", text, { block: FIRST_BLOCK - 750 }),
      makeRecord("unknown", text, { block: null }),
    ],
  }));
  assert.deepEqual(prepared.bids.map(({ hotkey }) => hotkey), ["young", "unknown"]);
  assert.ok(
    prepared.dropped.some((d) => d.hotkey === "old" && d.reason === "too-old" && d.ageSeconds === 9000),
  );
});

Deno.test("prepareAuction() does not age price commitments", () => {
  const snapshot = makeSnapshot({ bids: { a: "2;b;BTC,1=0.1:1" } });
  const commitments = snapshot.commitments.map((record) =>
    record.hotkey === "validator" ? { ...record, block: 1 } : record
  );
  assert.equal(prepareAuction({ ...snapshot, commitments }).noWinners, null);
});

Deno.test("prepareAuction() drops the bids of banned hotkeys and keeps the stake behind it", () => {
  const prepared = prepareAuction(makeSnapshot({
    bids: { good: "2;b;BTC,1=0.1:1", bad: "2;b;BTC,1=0.1:1" },
    validators: {
      v1: { prices: PRICES, bannedUids: [1], stakeRao: "2000000000000" },
      v2: { prices: PRICES, stakeRao: "1000000000000" },
    },
  }));
  assert.deepEqual(prepared.bids.map(({ hotkey }) => hotkey), ["good"]);
  assert.deepEqual(prepared.dropped.find(({ hotkey }) => hotkey === "bad"), {
    hotkey: "bad",
    reason: "banned",
    ban: { uid: 1, markingStake: 2_000_000_000_000n, totalStake: 3_000_000_000_000n },
  });
});

Deno.test("prepareAuction() reports why each commitment contributes no bids", () => {
  const prepared = prepareAuction(makeSnapshot({
    bids: {
      withdrawn: "2;b;",
      malformed: "2;b;BTC,1=0.1:0",
      v1: "1;b;1=0.1",
      good: "2;b;BTC,1=0.1:1",
    },
  }));
  assert.deepEqual(prepared.dropped.map(({ hotkey, reason }) => [hotkey, reason]), [
    ["withdrawn", "withdrawn"],
    ["malformed", "malformed"],
    ["v1", "v1-ignored"],
    ["validator", "other-type"],
  ]);
});

Deno.test("prepareAuction() goes on without records that break validators, and marks the outcome", () => {
  const unreadable = ["None", "Raw0", "ResetBondsFlag", "TimelockEncrypted", "Empty", "Undecodable"];
  const prepared = prepareAuction(makeSnapshot({
    bids: { good: "2;b;BTC,1=0.1:1" },
    records: unreadable.map((fieldKind) => makeRecord(fieldKind, null, { fieldKind })),
  }));
  assert.deepEqual(prepared.bids.map(({ hotkey }) => hotkey), ["good"]);
  assert.deepEqual(
    prepared.estimatedBecause,
    unreadable.map((fieldKind) => ({ kind: "unreadable-record", hotkey: fieldKind, fieldKind })),
  );
});

Deno.test("prepareAuction() has no winners when a price is missing, and then does not look at the share", () => {
  const snapshot = { ...makeSnapshot({ bids: {}, validators: {} }), mechanismEmissionSplit: null };
  const { noWinners, mechanismShare, budgetPh } = prepareAuction(snapshot);
  assert.deepEqual([noWinners?.reason, mechanismShare, budgetPh], ["prices-missing", null, null]);
});

Deno.test("prepareAuction() skips unusable prices of staked hotkeys, and marks the outcome", () => {
  const prepared = prepareAuction(makeSnapshot({
    bids: { a: "2;b;BTC,1=0.1:1" },
    validators: {
      good: { prices: PRICES },
      negative: { prices: { ...PRICES, TAO_USDC: "-350", other: "-1" } },
      poor: { prices: { TAO_USDC: "-1" }, stakeRao: "0" },
    },
  }));
  assert.equal(prepared.noWinners, null);
  assert.deepEqual(prepared.estimatedBecause, [
    { kind: "unusable-price", hotkey: "negative", metric: "TAO_USDC" },
  ]);
});

Deno.test("prepareAuction() reports why there are no winners", () => {
  const bids = { a: "2;b;BTC,1=0.45:1" };
  const whyWith = (prices: Record<string, string>, theirs: Record<string, string> = bids) =>
    prepareAuction(makeSnapshot({ bids: theirs, validators: { v: { prices } } })).noWinners;
  assert.deepEqual(whyWith({ TAO_USDC: "350", HASHP_USDC: "0" }), {
    reason: "prices-missing",
    metrics: ["ALPHA_TAO", "HASHP_USDC"],
  });
  assert.deepEqual(whyWith({ ...PRICES, ALPHA_TAO: "0.000000000000000001" }), { reason: "no-budget" });
  assert.deepEqual(whyWith(PRICES, {}), { reason: "no-bids" });
  assert.deepEqual(whyWith({ ...PRICES, cap: "0.001" }), { reason: "nothing-fits" });
});

Deno.test("prepareAuction() gives up a budget beyond a double, and marks the outcome", () => {
  const huge = "9".repeat(100);
  const prepared = prepareAuction(makeSnapshot({
    bids: { a: "2;b;BTC,1=0.45:1" },
    validators: {
      v1: { prices: { TAO_USDC: huge } },
      v2: { prices: { ALPHA_TAO: huge } },
      v3: { prices: { HASHP_USDC: "0.000000000000000001" } },
      v4: { prices: { cap: huge } },
    },
  }));
  assert.deepEqual(prepared.noWinners, { reason: "budget-overflow" });
  assert.equal(prepared.budgetPh, null);
  assert.deepEqual(prepared.estimatedBecause, [{ kind: "budget-overflow" }]);
});

Deno.test("prepareAuction() is an error without a share for the mechanism", () => {
  for (const split of [null, [], [65535], [65535, 0]]) {
    assert.throws(() => prepareAuction(makeSnapshot({ split })), (error) => {
      assert.ok(error instanceof ProtocolError);
      assert.match(error.message, /^Subnet 89 has no auction on this chain: .*MechanismEmissionSplit is /);
      return true;
    });
  }
});

Deno.test("prepareAuction() keeps 256 hotkeys of 1000 workers as runs", () => {
  const bids = Object.fromEntries(
    Array.from({ length: 256 }, (_, i) => [`hotkey-${i}`, "2;b;BTC,1.05=0.25:500,0.45:500"]),
  );
  assert.equal(prepareAuction(makeSnapshot({ bids })).problem?.items.length, 512);
});

const decimal = fc.stringMatching(/^-?\d{0,60}\.?\d{0,18}$/);
const foreignText = fc.oneof(
  fc.tuple(fc.constantFrom("1", "2", "3"), decimal, decimal, fc.integer({ min: -2, max: 1100 }))
    .map(([v, price, size, count]) =>
      v === "1" ? `1;b;${price}=${size}` : `${v};b;BTC,${price}=${size}:${count}`
    ),
  fc.array(fc.tuple(fc.constantFrom("TAO_USDC", "ALPHA_TAO", "HASHP_USDC", "cap", "x"), decimal), {
    maxLength: 4,
  })
    .map((prices) => `1;p;${prices.map(([key, value]) => `${key}=${value}`).join(";")}`),
  fc.string({ maxLength: 40 }),
);
const foreignBytes = fc.oneof(
  foreignText.map((text) => new TextEncoder().encode(text)),
  fc.tuple(foreignText, fc.uint8Array({ minLength: 30, maxLength: 34 }))
    .map(([text, bitmap]) => new Uint8Array([...new TextEncoder().encode(text), 0xff, ...bitmap])),
  fc.uint8Array({ maxLength: 128 }),
);
const foreignRecord: fc.Arbitrary<CommitmentRecord> = fc.record({
  storageKey: fc.stringMatching(/^0x[\da-f]{8}$/),
  hotkey: fc.constantFrom("a", "b", "c", "d", "e"),
  block: fc.option(fc.integer({ min: 0, max: FIRST_BLOCK }), { nil: null }),
  fieldKind: fc.constantFrom("Raw12", "Raw12", "Raw12", "Raw0", "None", "BigRaw", "Sha256", "Surprise"),
  data: fc.option(foreignBytes.map((bytes) => `0x${bytes.toHex()}`), { nil: null, freq: 9 }),
});
const foreignSnapshot: fc.Arbitrary<AuctionSnapshot> = fc.record({
  commitments: fc.uniqueArray(foreignRecord, { maxLength: 8, selector: ({ storageKey }) => storageKey }),
  neurons: fc.array(fc.record({
    uid: fc.nat(300),
    hotkey: fc.constantFrom("a", "b", "c", "d", "e", "f"),
    stakeRao: fc.bigInt(0n, 2n ** 64n).map(String),
  })),
  firstBlock: fc.constantFrom(7_400_000, 7_410_000, FIRST_BLOCK),
}).map(({ commitments, neurons, firstBlock }) => ({
  ...makeSnapshot({ firstBlock, bids: {}, validators: {} }),
  commitments,
  neurons,
}));

Deno.test("prepareAuction() never fails on foreign data, and its program is sound", () => {
  fc.assert(
    fc.property(foreignSnapshot, (snapshot) => {
      const { problem, noWinners, dropped, bids } = prepareAuction(snapshot);
      assert.equal(problem === null, noWinners !== null);
      assert.equal(
        new Set([...dropped, ...bids].map(({ hotkey }) => hotkey)).size,
        new Set(snapshot.commitments.map(({ hotkey }) => hotkey)).size,
      );
      for (const { cost, value, count } of problem?.items ?? []) {
        assert.ok(cost > 0n && cost <= problem!.cap && value > 0n && count >= 1);
      }
    }),
    { numRuns: 500 },
  );
});

Deno.test("prepareAuction() adds foreign records to good ones without disturbing them", () => {
  fc.assert(
    fc.property(fc.array(foreignRecord, { maxLength: 5 }), (foreign) => {
      const good = makeSnapshot({ bids: { good: "2;b;BTC,1=0.45:3" } });
      const mixed = { ...good, commitments: [...good.commitments, ...foreign] };
      const prepared = prepareAuction(mixed);
      assert.equal(prepared.budgetPh, prepareAuction(good).budgetPh);
      assert.ok(prepared.problem?.items.some(({ hotkey, count }) => hotkey === "good" && count === 3));
    }),
  );
});

Deno.test("prepareAuction() goes by storage keys, not by the order of the list", () => {
  fc.assert(
    fc.property(foreignSnapshot, (snapshot) => {
      const turned = { ...snapshot, commitments: snapshot.commitments.toReversed() };
      assert.deepEqual(prepareAuction(turned), prepareAuction(snapshot));
    }),
  );
});
