import assert from "node:assert/strict";
import fc from "fast-check";
import {
  describeOwnReason,
  type OwnReason,
  ownStanding,
  reconcileBids,
  totalOutcomes,
} from "../../src/auction/own_bids.ts";
import { prepareAuction } from "../../src/auction/inputs/prepare.ts";
import { formatFp18, parseFp18 } from "../../src/auction/protocol/fp18.ts";
import { makeRecord, makeSnapshot, PRICES, type SnapshotFixture } from "./inputs/make_snapshot.ts";

const makeBid = (size: string, price: string, count: number) => ({
  sizeText: size,
  hashrateFp18: parseFp18(size),
  priceFp18: parseFp18(price),
  count,
});

Deno.test("reconcileBids() gives winners to the bids in their order and leaves the rest over", () => {
  const bids = [
    makeBid("0.1", "1", 2),
    makeBid("0.2", "1", 1),
    makeBid("0.10", "1", 2),
    makeBid("0.1", "0.9", 1),
  ];
  const outcomes = reconcileBids(bids, [
    makeBid("0.1", "1", 3),
    makeBid("0.2", "1", 7),
    makeBid("0.3", "1", 1),
  ]);
  assert.deepEqual(outcomes.map(({ won }) => won), [2, 1, 1, 0]);
  assert.deepEqual(totalOutcomes(outcomes), {
    wonWorkers: 4,
    lostWorkers: 2,
    wonHashrateFp18: parseFp18("0.5"),
    lostHashrateFp18: parseFp18("0.2"),
  });
});

Deno.test("reconcileBids() marks every worker once, and never more than there are winners", () => {
  const bid = fc.tuple(
    fc.constantFrom("0.1", "0.2"),
    fc.constantFrom("1", "0.9"),
    fc.integer({ min: 1, max: 9 }),
  )
    .map(([size, price, count]) => makeBid(size, price, count));
  fc.assert(fc.property(fc.array(bid), fc.array(bid), (bids, winners) => {
    const outcomes = reconcileBids(bids, winners);
    for (const { bid: { count }, won } of outcomes) assert.ok(won >= 0 && won <= count);
    for (const { hashrateFp18, priceFp18 } of bids) {
      const sum = (list: typeof bids): number =>
        list.filter((b) => b.hashrateFp18 === hashrateFp18 && b.priceFp18 === priceFp18)
          .reduce((total, { count }) => total + count, 0);
      const won = sum(outcomes.map((outcome) => ({ ...outcome.bid, count: outcome.won }) as typeof bids[0]));
      assert.equal(won, Math.min(sum(bids), sum(winners)));
    }
  }));
});

function reasonOf(fixture: SnapshotFixture, hotkey = "me"): OwnReason | null {
  const snapshot = makeSnapshot(fixture);
  return ownStanding(prepareAuction(snapshot), snapshot, hotkey).reason;
}

Deno.test("ownStanding() names no reason when some worker can win", () => {
  const snapshot = makeSnapshot({ bids: { me: "2;b;BTC,1=0.1:1;BTC,2=0.1:1" } });
  const standing = ownStanding(prepareAuction(snapshot), snapshot, "me");
  assert.equal(standing.reason, null);
  assert.equal(standing.registered, true);
  assert.deepEqual(standing.bids.map(({ priceFp18 }) => formatFp18(priceFp18)), ["1", "2"]);
});

const text = "2;b;BTC,1=0.1:1";
const banning = { v: { prices: PRICES, bannedUids: [0] } };
const reasons: [string, SnapshotFixture, RegExp][] = [
  ["not-registered", {}, /no commitment and is not registered/],
  ["malformed", { bids: { me: "2;b;BTC,1=0.1" } }, /malformed: .*"0.1".*SIZE:COUNT/],
  ["malformed", { records: [makeRecord("me", null)] }, /field 0 is None/],
  ["v1-ignored", { bids: { me: "1;b;1=0.1" } }, /v1 bid/],
  ["withdrawn", { bids: { me: "2;b;" } }, /offers no workers/],
  ["other-type", { bids: { me: "1;p;cap=1" } }, /of type "p"/],
  [
    "too-old",
    { records: [makeRecord("me", text, { block: 7_999_000 })] },
    /is 200 minutes old; bids count for less than 150/,
  ],
  [
    "banned",
    { bids: { me: text }, validators: banning },
    /UID 0\) is banned by 100.00 % of the validators' stake/,
  ],
  ["over-max-price", { bids: { me: "2;b;BTC,1.06=0.1:1" } }, /above the maximum of 1.05/],
  [
    "cost-above-cap",
    { bids: { me: text }, validators: { v: { prices: { ...PRICES, cap: "0.0001" } } } },
    /whole budget/,
  ],
  ["cost-not-positive", { bids: { me: "2;b;BTC,0=0.1:1" } }, /less than a millionth/],
];
for (const [reason, fixture, sentence] of reasons) {
  Deno.test(`ownStanding() explains an absence by name: ${reason} (${sentence.source.slice(0, 20)})`, () => {
    const own = reasonOf(fixture);
    assert.equal(own?.reason, reason);
    assert.match(describeOwnReason(own!), sentence);
  });
}

Deno.test("ownStanding() distinguishes a registered hotkey without commitment from an unregistered one", () => {
  const snapshot = makeSnapshot({});
  const neurons = [...snapshot.neurons, { uid: 77, hotkey: "me", stakeRao: "0" }];
  const registered = { ...snapshot, neurons };
  const { reason } = ownStanding(prepareAuction(registered), registered, "me");
  assert.deepEqual(reason, { reason: "never-committed" });
  assert.match(describeOwnReason(reason!), /no commitment on the chain/);
});
