/**
 * What workers say to the main thread. A package in a worker may be compromised, so it may be anything that a structured
 * clone can carry.
 *
 * @module
 */

import assert from "node:assert/strict";
import fc from "fast-check";
import { type AskedAuction, readAuctionAnswer } from "../../src/agent/jobs/auction_result.ts";
import { type AskedCommitment, readCommitmentAnswer } from "../../src/agent/jobs/commitment_answer.ts";
import { solvePrepared } from "../../src/agent/jobs/compute_outcome.ts";
import { WorkerAnswerError } from "../../src/agent/jobs/worker_answer.ts";
import { parseFromWorker } from "../../src/agent/workers/messages.ts";
import { WorkerLog } from "../../src/agent/workers/worker_log.ts";
import { parseBidCommitment } from "../../src/auction/protocol/bid_commitment.ts";
import { prepareAuction } from "../../src/auction/inputs/prepare.ts";
import { ProtocolError, SnapshotError } from "../../src/auction/protocol/errors.ts";
import { epochStart, windowAt } from "../../src/auction/protocol/windows.ts";
import { readChainLook } from "../../src/operator/check/chain_look_answer.ts";
import { makeSnapshot, PRICES } from "../auction/inputs/make_snapshot.ts";
import { LogRecorder } from "../support/log_recorder.ts";
import { family, unlessRefused } from "./family.ts";

const HASH = `0x${"ab".repeat(32)}`;
const HOTKEY = "5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty";
const WINDOW = windowAt(8_000_000, epochStart(89, 360, 8_000_000));
const ENDPOINT = "wss://node.example/key";
const LABEL = "wss://node.example/…";

const cyclic: Record<string, unknown> = {};
cyclic["self"] = [cyclic];

/** What a structured clone can carry, and no job says. */
const oddValue: fc.Arbitrary<unknown> = fc.constantFrom<unknown>(
  ...[
    undefined,
    null,
    true,
    "",
    "x".repeat(5000),
    "\u0000\u001b[2J\u009b",
    "0x",
    NaN,
    Infinity,
    -0,
    -1,
    0.5,
    1e300,
  ],
  ...[
    2 ** 53,
    10n ** 70n,
    -1n,
    [],
    {},
    new Array(2 ** 32 - 1),
    Array(60).fill(Array(60).fill("y".repeat(100))),
  ],
  ...[new Date(NaN), new Map([[{}, 1]]), new Set([1]), /x/g, new Uint8Array(100), new Error("x"), cyclic],
  ...[JSON.parse('{"__proto__":{"x":1},"toString":5}'), JSON.parse("[".repeat(500) + "]".repeat(500)), [
    1,
    ,
    3,
  ]],
);

interface Edit {
  readonly at: number;
  readonly how: "replace" | "remove" | "repeat" | "add";
  readonly odd: unknown;
}

const edits: fc.Arbitrary<readonly Edit[]> = fc.array(
  fc.record({
    at: fc.nat(10_000),
    how: fc.constantFrom("replace", "replace", "remove", "repeat", "add"),
    odd: oddValue,
  }),
  { maxLength: 3 },
);

/** A copy of a message with edits, as the main thread receives it. */
function edited(message: unknown, edits: readonly Edit[]): unknown {
  const root = { message: structuredClone(message) };
  const places = placesIn(root);
  for (const { at, how, odd } of edits) {
    const { parent, key, value } = places[at % places.length]!;
    if (how === "replace") parent[key] = odd;
    else if (how === "remove" && parent !== root as object) delete parent[key];
    else if (how === "repeat" && Array.isArray(value)) value.push(...value.slice(0, 3));
    else if (how === "add" && typeof value === "object" && value !== null) Reflect.set(value, "extra", odd);
  }
  return structuredClone(root.message);
}

interface Place {
  readonly parent: Record<string, unknown>;
  readonly key: string;
  readonly value: unknown;
}

function placesIn(value: unknown): Place[] {
  if (typeof value !== "object" || value === null) return [];
  const parent = value as Record<string, unknown>;
  return Object.entries(parent).flatMap(([key, value]) => [{ parent, key, value }, ...placesIn(value)]);
}

const MESSAGES: readonly unknown[] = [
  {
    type: "log",
    level: "info",
    event: "Solved",
    fields: { blocks: 5, list: [1, { a: "b" }], error: "x", big: 5n },
  },
  { type: "step", step: "reading the snapshot" },
  { type: "endpoint-failed", endpoint: LABEL, kind: "timeout" },
  { type: "done", output: { kind: "unchanged" } },
  { type: "failed", name: "ChainError", message: "Cannot", stack: null, wrongInput: false },
];

/** Messages of a run. */
export const workerMessages = family({
  name: "messages",
  holds:
    "a worker's message is one of a job with short texts, or is refused with WorkerAnswerError; its log stays small",
  sample: 150,
  cases: fc.array(fc.record({ message: fc.constantFrom(...MESSAGES), edits }), {
    minLength: 1,
    maxLength: 5,
  }),
  check: (messages) => {
    const recorder = new LogRecorder();
    const log = new WorkerLog(recorder);
    for (const { message, edits } of messages) {
      const read = unlessRefused(
        [WorkerAnswerError],
        () => parseFromWorker("auction", edited(message, edits)),
      );
      if (read === null) continue;
      if (read.type === "log") log.add(read);
      else {
        const { type, ...texts } = read;
        // Whoever runs the job knows the endpoints, and reads the answer.
        if (type === "done" || type === "endpoint-failed") continue;
        for (const text of Object.values(texts)) {
          if (typeof text === "string") assert.ok(text.length < 2100, `a text has ${text.length} characters`);
        }
      }
    }
    log.end();
    const size =
      Deno.inspect(recorder.lines, { depth: 9, iterableLimit: 1e6, strAbbreviateSize: 1e6 }).length;
    assert.ok(size < 2_000_000, `the log has ${size} characters`);
  },
});

const BID = "2;b;BTC,1=0.45:2,0.1:3";
const ASKED: AskedAuction = {
  netuid: 89,
  hotkey: "me",
  known: null,
  onAmbiguous: "deliver-safe",
  network: { endpoints: [ENDPOINT], expectedGenesisHash: undefined },
};

/** What an honest worker says of a market. */
async function honestAuction(bids: Readonly<Record<string, string>>, hashPrice: string): Promise<unknown> {
  const made = makeSnapshot({
    firstBlock: WINDOW.firstBlock,
    bids,
    validators: { vaLidator: { prices: { ...PRICES, HASHP_USDC: hashPrice } } },
  });
  const snapshot = { ...made, chain: { ...made.chain, endpoint: LABEL } };
  return {
    kind: "solved",
    snapshot,
    startBlock: snapshot.head.number,
    solved: await solvePrepared(prepareAuction(snapshot), { ...ASKED, remainingMs: () => 5000 }),
    splitStorageKey: "0x1234",
    headAgeSeconds: 3,
    pay: {
      uid: 7,
      incentive: 820,
      emissionRao: 1_500_000_000n,
      revealPeriodEpochs: 1,
      lastEpochBlock: 7_999_000,
    },
  };
}

const MARKETS: readonly unknown[] = [
  await honestAuction({ me: BID, rivaL: "2;b;BTC,1=0.45:2,0.05:1" }, "5000"),
  await honestAuction({ me: BID, rivaL: "2;b;BTC,0.9=0.3:9", other: "2;b;BTC,1.05=0.2:40" }, "500"),
  await honestAuction({ rivaL: "2;b;BTC,0.9=0.3:9" }, "500"),
  { kind: "unchanged", head: { number: WINDOW.firstBlock + 5, hash: HASH } },
];

/** Answers of the auction's worker. */
export const auctionAnswers = family({
  name: "auction-answers",
  holds: "an auction worker's answer never wins more than the bid in its snapshot offers, or is refused",
  sample: 150,
  cases: fc.record({ message: fc.constantFrom(...MARKETS), edits }),
  check: ({ message, edits }) => {
    const answer = edited(message, edits);
    const read = unlessRefused(
      // Whoever reads the answer makes one error of these.
      [WorkerAnswerError, ProtocolError, SnapshotError],
      () => readAuctionAnswer(answer, ASKED),
    );
    if (read === null || read.kind === "unchanged") return;
    const { own } = read.outcome;
    const offered = offeredIn(read.snapshot.commitments);
    const workers = [...own.won, ...own.lost].reduce((sum, { count }) => sum + count, 0);
    assert.ok(workers <= offered.count, `${workers} workers won or lost of ${offered.count}`);
    assert.ok(
      own.wonHashratePh >= 0 && own.wonHashratePh <= offered.hashratePh + 1e-9,
      "more won than offered",
    );
    assert.ok(own.possibleHashratePh <= offered.hashratePh + 1e-9, "more possible than offered");
    assert.ok(
      own.routedHashratePh >= 0 && own.routedHashratePh <= offered.hashratePh + 1e-9,
      "more routed than offered",
    );
  },
});

/** What the bids of our hotkey offer, stated without the auction. */
function offeredIn(
  records: readonly { readonly hotkey: string; readonly data: string | null }[],
): { readonly count: number; readonly hashratePh: number } {
  let [count, hashratePh] = [0, 0];
  for (const { hotkey, data } of records) {
    if (hotkey !== ASKED.hotkey || data === null) continue;
    const reading = parseBidCommitment(Uint8Array.fromHex(data.slice(2)), null);
    for (const bid of reading.kind === "bids" ? reading.bids : []) {
      count += bid.count;
      hashratePh += Number(bid.sizeText) * bid.count;
    }
  }
  return { count, hashratePh };
}

const COMMITMENT: AskedCommitment = {
  netuid: 89,
  hotkey: HOTKEY,
  text: BID,
  workerCount: 5,
  force: false,
  dryRun: false,
  endpoints: [ENDPOINT],
};
const PUBLISHED = {
  action: "published",
  reason: "differs",
  currentText: "2;b;",
  ageSeconds: 120,
  endpoint: LABEL,
  netuid: 89,
  hotkey: HOTKEY,
  text: BID,
  textBytes: BID.length,
  workerCount: 5,
  headNumber: 8_000_000,
  submitted: { extrinsicHash: HASH, blockHash: HASH, blockNumber: 8_000_002 },
  countsFrom: { window: WINDOW, beginsAt: "2026-01-02T03:04:05.000Z" },
  dryRun: false,
};
const LOOK = {
  wallet: { address: HOTKEY, canSign: true },
  endpoints: [{ endpoint: LABEL, spec: "node/1", headNumber: 5, headAgeSeconds: -1.5, connectMs: 12.5 }],
  registration: { uid: 7 },
};

/** Answers of the other workers. */
export const otherAnswers = family({
  name: "other-answers",
  holds:
    "what the commitment's and the check's workers answer keeps to what they were asked, or is refused with WorkerAnswerError",
  sample: 150,
  cases: fc.record({ isLook: fc.boolean(), edits }),
  check: ({ isLook, edits }) => {
    if (isLook) {
      const look = unlessRefused([WorkerAnswerError], () => readChainLook(edited(LOOK, edits), [ENDPOINT]));
      if (look !== null) assert.deepEqual(look.endpoints.map(({ endpoint }) => endpoint), [LABEL]);
      return;
    }
    const read = unlessRefused(
      [WorkerAnswerError],
      () => readCommitmentAnswer(edited(PUBLISHED, edits), COMMITMENT),
    );
    if (read === null) return;
    const { text, hotkey, netuid, endpoint, dryRun, countsFrom, currentText } = read;
    assert.deepEqual({ text, hotkey, netuid, endpoint, dryRun }, {
      text: BID,
      hotkey: HOTKEY,
      netuid: 89,
      endpoint: LABEL,
      dryRun: false,
    });
    assert.ok((currentText ?? "").length < 2100);
    if (countsFrom !== null) assert.ok([0, 1, 2, 3, 4, 5].includes(countsFrom.window.index));
  },
});
