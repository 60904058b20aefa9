/**
 * What the main thread makes of the auction job's answer.
 *
 * The worker reads the chain and solves; what is won follows here, from the snapshot and the numbers of workers that win.
 * So a worker that lies can invent a snapshot, but no outcome that the snapshot does not give (docs/permissions.md).
 *
 * @module
 */

import * as z from "zod";
import type { AmbiguityPolicy } from "../../auction/ambiguity.ts";
import { prepareAuction } from "../../auction/inputs/prepare.ts";
import { parseSnapshot } from "../../auction/inputs/parse_snapshot.ts";
import type { AuctionProblem } from "../../auction/inputs/problem.ts";
import { type AuctionSnapshot, MAX_NEURONS, MAX_RECORDS } from "../../auction/inputs/snapshot.ts";
import { concludeAuction, reportPastWindow, type WindowReport } from "../../auction/outcome.ts";
import {
  MAX_WORKER_FP18,
  MAX_WORKERS,
  VALIDATION_EPOCH_BLOCKS,
  WINDOW_BLOCKS,
} from "../../auction/protocol/constants.ts";
import { fp18ToNumber } from "../../auction/protocol/fp18.ts";
import { epochStart, inputBlockOf, type ValidationWindow, windowAt } from "../../auction/protocol/windows.ts";
import { bidsOfHotkey, certainResult, totalsOfWins } from "../../auction/solver/outcome.ts";
import { singleSizeWins } from "../../auction/solver/single_size.ts";
import type { HotkeyRanges, SolverResult } from "../../auction/solver/types.ts";
import { endpointLabel } from "../../chain/networks.ts";
import type { BlockRef, PayReading } from "../../chain/types.ts";
import { cutText } from "../../lib/cut_text.ts";
import type { AuctionJobInput } from "./auction_job.ts";
import type { SnapshotWindow, SolvedOutcome } from "./compute_outcome.ts";
import type { JobNetwork } from "./connect.ts";
import { checkAnswer, listOf, WorkerAnswerError } from "./worker_answer.ts";

/** The result of an auction run. */
export type AuctionResult = ComputedAuction | UnchangedAuction;

/** A window's outcome. */
export interface ComputedAuction extends SnapshotWindow, SolvedOutcome {
  readonly kind: "computed";
  /** The window that closed while the job waited; `null` when none did. */
  readonly completed: WindowReport | null;
  /** The storage key of the one input that can change within the window; `null` if the chain lacks this item. */
  readonly splitStorageKey: string | null;
  /** Age of the best head at connection time, by the host's clock; `null` without `Timestamp.Now`. */
  readonly headAgeSeconds: number | null;
  /** What the last epoch before the head paid; `null` if it could not be read. */
  readonly pay: PayReading | null;
}

/** The chain is in the known window, and its inputs are unchanged. */
export interface UnchangedAuction {
  readonly kind: "unchanged";
  readonly window: ValidationWindow;
  readonly head: BlockRef;
}

/** How far the host's clock and the chain's may differ; blocks are 12 s apart. */
const MAX_CLOCK_OFFSET_SECONDS = 30;

/** Whether an age of the head means that the host's clock and the chain's differ, or that the node lags. */
export function isClockOff(headAgeSeconds: ComputedAuction["headAgeSeconds"]): boolean {
  return headAgeSeconds !== null && Math.abs(headAgeSeconds) > MAX_CLOCK_OFFSET_SECONDS;
}

/** What the job was asked. */
export interface AskedAuction extends Pick<AuctionJobInput, "netuid" | "hotkey" | "known"> {
  readonly onAmbiguous: AmbiguityPolicy;
  readonly network: JobNetwork;
}

const JOB = "auction";
/** The most characters of all records' data: 4096 of the largest kind, 512 bytes in hex, have half as many. */
const MAX_DATA = 8 * 1024 * 1024;
/** The most characters of a name in the snapshot. */
const MAX_NAME = 100;
/** The most workers of all bids. */
const MAX_AUCTION_WORKERS = MAX_RECORDS * MAX_WORKERS;
/** The most that one bid can offer, in PH/s. */
const MAX_OWN_PH = MAX_WORKERS * fp18ToNumber(MAX_WORKER_FP18);

const count = z.int().min(0).max(MAX_AUCTION_WORKERS);
const winRange = z.object({ fewest: count, most: count });
const amount = z.bigint().nonnegative();
const name = z.string().max(MAX_NAME);
const base58 = z.string().regex(/^[1-9A-HJ-NP-Za-km-z]{1,64}$/, "must be an SS58 address");

/** Limits that a snapshot in a file need not keep; {@link parseSnapshot} checks the rest. */
const snapshotLimits = z.looseObject({
  chain: z.looseObject({ specName: name }),
  commitments: listOf(
    z.looseObject({
      hotkey: base58,
      fieldKind: name,
      storageKey: z.string().max(1000),
      data: z.string().nullable(),
    }),
    MAX_RECORDS,
  ).refine(
    (records) => records.reduce((sum, { data }) => sum + (data?.length ?? 0), 0) <= MAX_DATA,
    `must have at most ${MAX_DATA} characters of data`,
  ),
  neurons: listOf(z.looseObject({ hotkey: base58 }), MAX_NEURONS),
  mechanismEmissionSplit: listOf(z.unknown(), MAX_RECORDS).nullable(),
});

const solvedByGlpk = z.object({
  engine: z.literal("glpk"),
  provenOptimal: z.boolean(),
  limitation: z.string().transform(cutText).nullable(),
  wins: listOf(count, MAX_AUCTION_WORKERS),
  own: z.object({
    runs: listOf(z.object({ itemIndex: count, won: winRange }), MAX_WORKERS),
    bids: listOf(z.object({ won: winRange }), MAX_WORKERS),
    workers: winRange,
    value: z.object({ fewest: amount, most: amount }),
    exact: z.boolean(),
  }).nullable(),
  ambiguous: z.boolean(),
  durationMs: z.number().min(0).max(3_600_000),
});
type SolvedByGlpk = z.output<typeof solvedByGlpk>;

const u16 = z.int().min(0).max(65_535);
const payReading = z.object({
  uid: u16.nullable(),
  incentive: u16.nullable(),
  emissionRao: amount.nullable(),
  revealPeriodEpochs: u16.nullable(),
  lastEpochBlock: z.int().nonnegative().nullable(),
});

const auctionAnswer = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("solved"),
    snapshot: snapshotLimits,
    startBlock: z.int().nonnegative(),
    solved: solvedByGlpk.nullable(),
    splitStorageKey: z.string().regex(/^0x[\da-f]{1,1000}$/, "must be a storage key").nullable(),
    headAgeSeconds: z.number().nullable(),
    pay: payReading.nullable(),
  }),
  z.object({
    kind: z.literal("unchanged"),
    head: z.object({
      number: z.int().nonnegative(),
      hash: z.string().regex(/^0x[\da-f]{64}$/, "must be a hash"),
    }),
  }),
]);
type SolvedAnswer = Extract<z.output<typeof auctionAnswer>, { kind: "solved" }>;

/**
 * Reads the job's answer, and derives the outcome from it.
 *
 * @throws {WorkerAnswerError} if the job cannot have answered this to what it was asked.
 */
export function readAuctionAnswer(answer: unknown, asked: AskedAuction): AuctionResult {
  const checked = checkAnswer(JOB, auctionAnswer, answer);
  return checked.kind === "solved" ? conclude(checked, asked) : unchanged(checked.head, asked);
}

/**
 * Checks the head of a result against the one that the main thread follows itself. The job may have read a slower or faster
 * node, but not one of another window than the last or the next.
 *
 * @param watched the number of that head.
 * @throws {WorkerAnswerError} if they are further apart.
 */
export function checkAgainstHead(headNumber: number, watched: number): void {
  if (Math.abs(headNumber - watched) <= WINDOW_BLOCKS) return;
  throw wrong(`its head is block ${headNumber}, and the head that the agent follows is ${watched}`);
}

function unchanged(head: BlockRef, { known }: AskedAuction): UnchangedAuction {
  if (known === null) throw wrong("it knows of no change, but no window was known");
  const { window } = known;
  if (head.number < window.firstBlock || head.number > window.lastBlock) {
    throw wrong(`its head, block ${head.number}, is not in the known window`);
  }
  return { kind: "unchanged", window, head };
}

function conclude(
  { startBlock, solved, splitStorageKey, headAgeSeconds, pay, ...answer }: SolvedAnswer,
  { hotkey, onAmbiguous, ...asked }: AskedAuction,
): ComputedAuction {
  const snapshot = parseSnapshot(answer.snapshot);
  const { head } = snapshot;
  checkAsked(snapshot, asked);
  if (startBlock > head.number || head.number - startBlock > VALIDATION_EPOCH_BLOCKS) {
    throw wrong(`it began at block ${startBlock} and read block ${head.number}`);
  }
  const epochStartBlock = epochStart(snapshot.netuid, snapshot.tempo, startBlock);
  const window = windowAt(head.number, epochStartBlock);
  if (snapshot.firstBlock.number !== inputBlockOf(window)) {
    throw wrong(`it read block ${snapshot.firstBlock.number}, which is not the first of its window`);
  }
  const prepared = prepareAuction(snapshot);
  if (prepared.bids.reduce((sum, { count }) => sum + count, 0) > MAX_AUCTION_WORKERS) {
    throw wrong(`its snapshot has more than ${MAX_AUCTION_WORKERS} workers`);
  }
  const checked = checkSolved(solved, prepared.problem, hotkey);
  const outcome = concludeAuction({ snapshot, window, hotkey, onAmbiguous, prepared, solved: checked });
  const { wonHashratePh, lostHashratePh } = outcome.own;
  if (!(wonHashratePh + lostHashratePh <= MAX_OWN_PH)) {
    throw wrong(`a bid of more than ${MAX_OWN_PH} PH/s is impossible`);
  }
  const startWindow = windowAt(startBlock, epochStartBlock);
  return {
    kind: "computed",
    outcome,
    solved: checked,
    snapshot,
    window,
    completed: startWindow.firstBlock < window.firstBlock ? reportPastWindow(startWindow) : null,
    splitStorageKey,
    headAgeSeconds,
    pay,
  };
}

/** @throws {WorkerAnswerError} if a snapshot is not of the subnet and the chain that the job was asked about. */
function checkAsked(
  { netuid, chain, commitments }: AuctionSnapshot,
  asked: Pick<AskedAuction, "netuid" | "network">,
): void {
  const { endpoints, expectedGenesisHash = chain.genesisHash } = asked.network;
  if (netuid !== asked.netuid) throw wrong(`its snapshot is of subnet ${netuid}, not ${asked.netuid}`);
  if (chain.genesisHash !== expectedGenesisHash) throw wrong("its snapshot is of another chain");
  if (!endpoints.map(endpointLabel).includes(chain.endpoint)) {
    throw wrong("its snapshot is from an endpoint that is not configured");
  }
  if (new Set(commitments.map(({ hotkey }) => hotkey)).size < commitments.length) {
    throw wrong("a hotkey has two records in its snapshot");
  }
}

/**
 * The engine's result, with everything in it that follows from the problem computed anew.
 *
 * @throws {WorkerAnswerError} if it is no solution of the problem.
 */
function checkSolved(
  solved: SolvedByGlpk | null,
  problem: AuctionProblem | null,
  hotkey: string,
): SolverResult | null {
  if ((solved === null) !== (problem === null)) throw wrong("it solved an auction that needs none, or none");
  if (solved === null || problem === null) return null;
  const { items, cap } = problem;
  const { wins, own, durationMs } = solved;
  // The rule takes less than the check of an answer would; it is the only reason to take the outcome for the validators'.
  const ruled = singleSizeWins(problem);
  if (ruled !== null) {
    const decision = {
      engine: "glpk",
      decidedBy: "single-size rule",
      provenOptimal: true,
      build: null,
    } as const;
    return certainResult(items, ruled, hotkey, { ...decision, durationMs });
  }
  if (wins.length !== items.length || wins.some((won, i) => won > items[i]!.count)) {
    throw wrong("it has other winners than bids");
  }
  const totals = totalsOfWins(items, wins);
  if (totals.totalCost > cap) throw wrong("its winners cost more than the budget");
  return {
    ...solved,
    decidedBy: "glpk",
    parity: "estimated",
    ...totals,
    own: checkRanges(own, problem, hotkey),
    fallbackReason: null,
    build: null,
  };
}

/** @throws {WorkerAnswerError} if the ranges are not of this hotkey's bids, or beyond them. */
function checkRanges(
  ranges: SolvedByGlpk["own"],
  { items }: AuctionProblem,
  hotkey: string,
): HotkeyRanges | null {
  const bids = bidsOfHotkey(items, hotkey);
  if ((ranges === null) !== (bids.length === 0)) {
    throw wrong("it has ranges of no bid, or bids without ranges");
  }
  if (ranges === null) return null;
  const itemIndexes = bids.flatMap(({ itemIndexes }) => itemIndexes).sort((a, b) => a - b);
  const offered = totalsOfWins(items, items.map((item) => item.hotkey === hotkey ? item.count : 0));
  const isRange = <T extends number | bigint>({ fewest, most }: { fewest: T; most: T }, limit: T): boolean =>
    fewest <= most && most <= limit;
  const isRight = ranges.runs.length === itemIndexes.length && ranges.bids.length === bids.length &&
    ranges.runs.every(({ itemIndex, won }, i) =>
      itemIndex === itemIndexes[i] && isRange(won, items[itemIndex]!.count)
    ) &&
    ranges.bids.every(({ won }, i) => isRange(won, bids[i]!.count)) &&
    isRange(ranges.workers, bids.reduce((sum, { count }) => sum + count, 0)) &&
    isRange(ranges.value, offered.totalValue);
  if (!isRight) throw wrong("its ranges go beyond this hotkey's bids");
  return {
    ...ranges,
    hotkey,
    bids: bids.map(({ item: { sizeText, hashrateFp18, priceFp18 }, count }, i) => ({
      sizeText,
      hashrateFp18,
      priceFp18,
      count,
      won: ranges.bids[i]!.won,
    })),
  };
}

function wrong(why: string): WorkerAnswerError {
  return new WorkerAnswerError(JOB, why);
}
