/**
 * The files that `ih-miner replay` reads: chain data of other people, saved and perhaps edited.
 *
 * @module
 */

import assert from "node:assert/strict";
import fc from "fast-check";
import { computeOutcome } from "../../src/agent/jobs/compute_outcome.ts";
import { logOutcome } from "../../src/agent/jobs/log_outcome.ts";
import { outcomeDocument } from "../../src/agent/jobs/result_document.ts";
import { formatSavedAuction, parseSavedAuction } from "../../src/agent/jobs/saved_auction.ts";
import type { AuctionOutcome } from "../../src/auction/outcome.ts";
import type { AuctionSnapshot } from "../../src/auction/inputs/snapshot.ts";
import { DEFAULT_ALTERNATIVE_FP18 } from "../../src/auction/credit/payment.ts";
import { ProtocolError, SnapshotError } from "../../src/auction/protocol/errors.ts";
import { epochStart, windowAt } from "../../src/auction/protocol/windows.ts";
import { documentText } from "../../src/lib/document.ts";
import { makeRecord, makeSnapshot } from "../auction/inputs/make_snapshot.ts";
import { LogRecorder } from "../support/log_recorder.ts";
import { bidText, priceText, suffixed } from "./commitment_text.ts";
import { family, unlessRefused, unlessRejected } from "./family.ts";
import { DEEP, JSON_PIECES } from "./json_text.ts";
import { mutatedText } from "./mutation.ts";

const HOTKEY = "me";
const FIRST_BLOCK = 8_000_100;
const WINDOW = windowAt(FIRST_BLOCK, epochStart(89, 360, FIRST_BLOCK));

const record = fc.tuple(
  fc.oneof(
    suffixed(bidText, fc.uint8Array({ maxLength: 3 })),
    suffixed(priceText, fc.uint8Array({ minLength: 32, maxLength: 32 })),
  ),
  fc.constantFrom("Raw", "BigRaw", "Sha256", "None", "TimelockEncrypted", "Raw0", "Undecodable"),
  fc.constantFrom(
    null,
    0,
    WINDOW.firstBlock - 10,
    WINDOW.firstBlock - 749,
    WINDOW.firstBlock - 750,
    WINDOW.firstBlock + 5,
  ),
);

/** A price that is mostly usable. */
const price = (usual: string): fc.Arbitrary<string> =>
  fc.oneof(
    { weight: 20, arbitrary: fc.constant(usual) },
    { weight: 1, arbitrary: fc.constantFrom("0", "-1", "0.000000000000000001", "9".repeat(20), "0.5") },
  );

const usualBid = fc.array(fc.tuple(fc.integer({ min: 50, max: 450 }), fc.integer({ min: 1, max: 9 })), {
  minLength: 1,
  maxLength: 3,
}).map((sizes) => `2;b;BTC,1.0=${sizes.map(([size, count]) => `${size / 1000}:${count}`).join(",")}`);

const snapshot: fc.Arbitrary<AuctionSnapshot> = fc.record({
  own: fc.oneof({ weight: 4, arbitrary: usualBid }, bidText),
  rivals: fc.array(usualBid, { maxLength: 4 }),
  records: fc.array(record, { maxLength: 3 }),
  prices: fc.record({
    TAO_USDC: price("350"),
    ALPHA_TAO: price("0.01"),
    HASHP_USDC: price("5000"),
    cap: price("0.05"),
  }),
  bans: fc.array(fc.nat(6), { maxLength: 2 }),
  split: fc.constantFrom<readonly number[] | null>(
    [33_567, 31_968],
    [33_567, 31_968],
    null,
    [],
    [0, 65_535],
    [65_535],
  ),
  stakes: fc.array(fc.constantFrom("0", "1", "1000000000000", "9".repeat(40)), {
    minLength: 1,
    maxLength: 3,
  }),
}).map(({ own, rivals, records, prices, bans, split, stakes }) =>
  makeSnapshot({
    firstBlock: WINDOW.firstBlock,
    bids: { [HOTKEY]: own, ...Object.fromEntries(rivals.map((bid, i) => [`rivaL${i}`, bid])) },
    records: records.map(([bytes, kind, block], i) => {
      const fieldKind = kind === "Raw" ? `Raw${bytes.length}` : kind;
      return makeRecord(`other${i}`, bytes, { fieldKind, block, ...(kind === "None" ? { data: null } : {}) });
    }),
    validators: Object.fromEntries(
      stakes.map((stakeRao, i) => [`vaLidator${i}`, { prices, bannedUids: bans, stakeRao }]),
    ),
    split,
  })
);

const saved = fc.record({
  snapshot,
  hotkey: fc.constantFrom(HOTKEY, HOTKEY, "rivaL0", "nobody"),
  onAmbiguous: fc.constantFrom("deliver-safe", "deliver-possible", "deliver-certain"),
}).map((auction) => formatSavedAuction({ ...auction, window: WINDOW }));

/** What may stand in the place of a value. */
const ODD = [
  ...[
    null,
    true,
    "",
    "x",
    "0x",
    [],
    {},
    -1,
    0.5,
    1e300,
    2 ** 53 - 1,
    -(2 ** 53 - 1),
    65_535,
    65_536,
    "9".repeat(40),
  ],
  ...["0x" + "00".repeat(600), "\u0000\u001b[2J", "__proto__"],
];

/** Replaces, removes or repeats single values of a file. */
const edited = fc.tuple(
  saved,
  fc.array(
    fc.tuple(fc.nat(10_000), fc.constantFrom("replace", "remove", "repeat"), fc.constantFrom(...ODD)),
    {
      maxLength: 3,
    },
  ),
).map(([text, edits]) => {
  const document = JSON.parse(text);
  for (const [at, how, odd] of edits) {
    const places = placesIn(document);
    const [parent, key] = places[at % places.length]!;
    if (how === "replace") parent[key] = odd;
    else if (how === "remove") delete parent[key];
    else if (Array.isArray(parent)) parent.push(structuredClone(parent[Number(key)]));
  }
  return JSON.stringify(document);
});

type Place = readonly [parent: Record<string, unknown>, key: string];

function placesIn(value: unknown): Place[] {
  if (typeof value !== "object" || value === null) return [];
  const parent = value as Record<string, unknown>;
  return Object.keys(parent).flatMap((key): Place[] => [[parent, key], ...placesIn(parent[key])]);
}

const deep = fc.constant(
  `{"format":"ih-miner/saved-auction/1","snapshot":${"[".repeat(DEEP)}${"]".repeat(DEEP)}}`,
);

/** Saved auctions, edited ones, and texts that are none. */
export const snapshots = family({
  name: "snapshots",
  holds:
    "a saved auction gives a possible outcome, the same after being saved again, or is refused with SnapshotError",
  sample: 60,
  cases: fc.oneof(
    { weight: 20, arbitrary: saved },
    { weight: 40, arbitrary: edited },
    { weight: 20, arbitrary: mutatedText(saved, JSON_PIECES) },
    { weight: 1, arbitrary: deep },
  ),
  limitMs: 5000,
  check: async (text) => {
    const auction = unlessRefused([SnapshotError], () => parseSavedAuction(text));
    if (auction === null) return;
    assert.deepEqual(parseSavedAuction(formatSavedAuction(auction)), auction);
    // The share of mechanism 1 is the chain's to give.
    const computed = await unlessRejected(
      [ProtocolError],
      computeOutcome({ ...auction, remainingMs: () => 500 }),
    );
    if (computed === null) return;
    const { outcome } = computed;
    const { wonHashratePh, lostHashratePh } = outcome.own;
    for (const hashratePh of [wonHashratePh, lostHashratePh]) {
      assert.ok(hashratePh >= 0 && Number.isFinite(hashratePh), `${hashratePh} PH/s is no hashrate`);
    }
    checkBudget(outcome);
    logOutcome(outcome, new LogRecorder(), DEFAULT_ALTERNATIVE_FP18);
    JSON.parse(documentText(outcomeDocument(outcome, DEFAULT_ALTERNATIVE_FP18)));
  },
});

/** Checks that the winners cost no more than the budget. The integer program rounds each worker to a millionth of a PH. */
function checkBudget({ budgetPh, winners }: AuctionOutcome): void {
  if (winners.length === 0) return;
  const workers = winners.reduce((sum, { count }) => sum + count, 0);
  const cost = winners.reduce(
    (sum, { hashratePh, price, count }) => sum + Number(hashratePh) * Number(price) * count,
    0,
  );
  assert.ok(cost <= budgetPh! + (workers + 1) * 1e-6, `the winners cost ${cost} of ${budgetPh} PH/s`);
}
