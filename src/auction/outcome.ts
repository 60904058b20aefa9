/**
 * The outcome of one window for one miner, as plain data: the input of the log, the result document, the callbacks and the
 * routing (spec, sections 5 and 6).
 *
 * @module
 */

import { type AmbiguityPolicy, type OwnRange, type RoutedHashrate, routedHashrate } from "./ambiguity.ts";
import { BLOCK_TIME_SECONDS } from "./protocol/constants.ts";
import type { WonWorker } from "./credit/delivery_credit.ts";
import { formatFp18, fp18ToNumber, parseFp18 } from "./protocol/fp18.ts";
import type { ValidationWindow } from "./protocol/windows.ts";
import type { SolverResult } from "./solver/types.ts";
import { describeOwnReason, ownStanding, reconcileBids, totalOutcomes } from "./own_bids.ts";
import type { EstimateReason, NoWinnersReason, PreparedAuction } from "./inputs/prepare.ts";
import type { AuctionSnapshot, SnapshotBlock } from "./inputs/snapshot.ts";
import type { Bid } from "./inputs/problem.ts";
import { listWinners } from "./winners.ts";

/** Equal workers of one bid. */
export interface WorkerRun {
  /** Size in PH/s as decimal text, `0.45`. */
  readonly hashratePh: string;
  /** Price multiplier as decimal text. */
  readonly price: string;
  readonly count: number;
}

/**
 * Whether an outcome stands. It is `provisional` while the configured program has not answered, and remains so where that fails.
 */
export type Stage = "provisional" | "final";

/** A window with its times. */
export interface WindowReport extends ValidationWindow {
  /** `null` for a past window whose first block was not read. */
  readonly firstBlockHash: string | null;
  /** ISO 8601, UTC; `null` if the chain has no time. */
  readonly firstBlockTime: string | null;
  /** ISO 8601, UTC; estimated from the head while the block is in the future. */
  readonly lastBlockTime: string | null;
  readonly lastBlockTimeEstimated: boolean;
}

/** How the winners were found. */
export interface SolverReport extends
  Pick<
    SolverResult,
    | "engine"
    | "decidedBy"
    | "parity"
    | "provenOptimal"
    | "limitation"
    | "fallbackReason"
    | "build"
    | "durationMs"
  > {
  readonly objective: "value-then-cost" | "value-only";
  readonly seed: number;
  /** Millionths of a PH. */
  readonly cap: bigint;
  /** Millionths of a PH. */
  readonly totalValue: bigint;
  /** Millionths of a PH. */
  readonly totalCost: bigint;
  /** Number of workers that could win. */
  readonly workers: number;
}

/** Why the miner won nothing. */
export interface OutcomeReason {
  /** `never-committed`, `banned`, `prices-missing`, `outbid`, … */
  readonly code: string;
  readonly message: string;
}

/** The won and lost workers of the miner. */
export interface OwnOutcome extends RoutedHashrate {
  readonly hotkey: string;
  readonly registered: boolean;
  /** Whether the miner has bids in this auction; without any, nothing is won or lost. */
  readonly hasBids: boolean;
  readonly won: readonly WorkerRun[];
  readonly lost: readonly WorkerRun[];
  readonly wonCount: number;
  readonly lostCount: number;
  readonly wonHashratePh: number;
  readonly lostHashratePh: number;
  /** Whether equally good outcomes exist in which the miner wins something else. */
  readonly ambiguous: boolean;
  /** Won in every optimal outcome. */
  readonly certainHashratePh: number;
  /** Won in the best of the optimal outcomes. */
  readonly possibleHashratePh: number;
  /** For each bid the fewest and the most workers that can have won. */
  readonly ranges: readonly (WorkerRun & { readonly fewest: number; readonly most: number })[];
  /** Whether the ranges are exact; otherwise they are outer bounds. */
  readonly rangesExact: boolean;
}

/** A summary of the commitments on the chain. */
export interface CommitmentsReport {
  /** Number of records at the window's first block. */
  readonly records: number;
  /** Number of hotkeys with bids in the auction. */
  readonly bidders: number;
  /** Number of their workers. */
  readonly workers: number;
  /** Number of records left out, by reason. */
  readonly dropped: Readonly<Record<string, number>>;
}

/** The consensus of the validators as decimal text; `null` without consensus. */
export interface ConsensusPrices {
  /** USDC per TAO. */
  readonly taoUsdc: string | null;
  /** TAO per alpha. */
  readonly alphaTao: string | null;
  /** USDC per PH and day. */
  readonly hashpUsdc: string | null;
  /** The factor of the budget. */
  readonly cap: string | null;
}

/** The outcome of one window. */
export interface AuctionOutcome {
  readonly netuid: number;
  readonly chain: AuctionSnapshot["chain"];
  readonly head: SnapshotBlock;
  readonly window: WindowReport;
  readonly prices: ConsensusPrices;
  /** Mechanism 1's share of the emission. */
  readonly mechanismShare: number | null;
  readonly budgetPh: number | null;
  readonly commitments: CommitmentsReport;
  /** Why there are no winners at all; `null` if there may be some. */
  readonly noWinners: NoWinnersReason["reason"] | null;
  readonly stage: Stage;
  /** `null` if there was nothing to solve. */
  readonly solver: SolverReport | null;
  /** Whether this window's data makes the validators' run fail, so that the outcome is a guess. */
  readonly estimated: boolean;
  readonly estimatedBecause: readonly EstimateReason[];
  readonly own: OwnOutcome;
  /** Why the miner won nothing; `null` if it won something. */
  readonly reason: OutcomeReason | null;
  /** All winners in the validators' order, with equal workers of a hotkey as one entry. */
  readonly winners: readonly (WorkerRun & { readonly hotkey: string })[];
}

/** Input of {@link concludeAuction}. */
export interface AuctionConclusion {
  readonly snapshot: AuctionSnapshot;
  readonly window: ValidationWindow;
  readonly hotkey: string;
  readonly onAmbiguous: AmbiguityPolicy;
  readonly prepared: PreparedAuction;
  /** `null` exactly when `prepared.problem` is. */
  readonly solved: SolverResult | null;
}

/** Derives the outcome. */
export function concludeAuction(conclusion: AuctionConclusion): AuctionOutcome {
  const { snapshot, window, prepared, solved } = conclusion;
  const winners = prepared.problem === null || solved === null
    ? []
    : listWinners(prepared.problem.items, solved.wins);
  const own = ownOutcome(conclusion, winners);
  return {
    netuid: snapshot.netuid,
    chain: snapshot.chain,
    head: snapshot.head,
    window: reportWindow(window, snapshot),
    prices: mapPrices(prepared.prices),
    mechanismShare: prepared.mechanismShare,
    budgetPh: prepared.budgetPh,
    commitments: reportCommitments(prepared, snapshot),
    noWinners: prepared.noWinners?.reason ?? null,
    stage: solved === null || solved.fallbackReason === null ? "final" : "provisional",
    solver: reportSolver(prepared, solved),
    estimated: prepared.estimatedBecause.length > 0,
    estimatedBecause: prepared.estimatedBecause,
    own,
    reason: own.wonCount > 0 ? null : whyNothingWon(conclusion),
    winners: winners.map((winner) => ({ hotkey: winner.hotkey, ...workerRun(winner, winner.count) })),
  };
}

/** The miner's workers that won, one by one, in the order of the winners. */
export function wonWorkers({ own, winners }: AuctionOutcome): WonWorker[] {
  return winners.filter(({ hotkey }) => hotkey === own.hotkey).flatMap(({ hashratePh, price, count }) =>
    Array.from({ length: count }, () => ({ hashratePh: Number(hashratePh), priceFp18: parseFp18(price) }))
  );
}

/** The report of a past window of which only the position is known. */
export function reportPastWindow(window: ValidationWindow): WindowReport {
  return {
    ...window,
    firstBlockHash: null,
    firstBlockTime: null,
    lastBlockTime: null,
    lastBlockTimeEstimated: false,
  };
}

function reportWindow(window: ValidationWindow, { head, firstBlock }: AuctionSnapshot): WindowReport {
  const blocksLeft = window.lastBlock - head.number;
  const lastBlockMs = head.timestampMs === null
    ? null
    : head.timestampMs + blocksLeft * BLOCK_TIME_SECONDS * 1000;
  return {
    ...window,
    firstBlockHash: firstBlock.hash,
    firstBlockTime: isoTime(firstBlock.timestampMs),
    lastBlockTime: isoTime(lastBlockMs),
    lastBlockTimeEstimated: blocksLeft !== 0,
  };
}

/** `null` for an invalid date: a chain may hold any number as its time. */
function isoTime(ms: number | null): string | null {
  if (ms === null) return null;
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? null : date.toISOString();
}

function mapPrices(prices: PreparedAuction["prices"]): ConsensusPrices {
  const text = (value: bigint | null): string | null => (value === null ? null : formatFp18(value));
  return {
    taoUsdc: text(prices.TAO_USDC),
    alphaTao: text(prices.ALPHA_TAO),
    hashpUsdc: text(prices.HASHP_USDC),
    cap: text(prices.cap),
  };
}

function reportCommitments(prepared: PreparedAuction, snapshot: AuctionSnapshot): CommitmentsReport {
  const dropped: Record<string, number> = {};
  for (const { reason } of prepared.dropped) dropped[reason] = (dropped[reason] ?? 0) + 1;
  return {
    records: snapshot.commitments.length,
    bidders: new Set(prepared.bids.map(({ hotkey }) => hotkey)).size,
    workers: prepared.bids.reduce((sum, { count }) => sum + count, 0),
    dropped,
  };
}

function reportSolver({ problem }: PreparedAuction, solved: SolverResult | null): SolverReport | null {
  if (problem === null || solved === null) return null;
  const {
    engine,
    decidedBy,
    parity,
    provenOptimal,
    limitation,
    fallbackReason,
    build,
    durationMs,
    totalValue,
    totalCost,
  } = solved;
  return {
    engine,
    decidedBy,
    parity,
    provenOptimal,
    limitation,
    fallbackReason,
    build,
    durationMs: Math.round(durationMs),
    objective: problem.objective,
    seed: problem.seed,
    cap: problem.cap,
    totalValue,
    totalCost,
    workers: problem.items.reduce((sum, { count }) => sum + count, 0),
  };
}

function ownOutcome(conclusion: AuctionConclusion, winners: readonly Bid[]): OwnOutcome {
  const { snapshot, hotkey, onAmbiguous, prepared, solved } = conclusion;
  const { registered, bids } = ownStanding(prepared, snapshot, hotkey);
  const outcomes = reconcileBids(bids, winners.filter((winner) => winner.hotkey === hotkey));
  const totals = totalOutcomes(outcomes);
  const wonHashratePh = fp18ToNumber(totals.wonHashrateFp18);
  const ranges = solved?.own ?? null;
  const range: OwnRange = {
    wonHashratePh,
    ambiguous: solved?.ambiguous ?? false,
    // A solver that stopped before the optimum may lie outside the ranges over all optimal outcomes.
    certainHashratePh: Math.min(wonHashratePh, microToPh(ranges?.value.fewest, wonHashratePh)),
    possibleHashratePh: Math.max(wonHashratePh, microToPh(ranges?.value.most, wonHashratePh)),
  };
  return {
    hotkey,
    registered,
    hasBids: bids.length > 0,
    won: outcomes.map(({ bid, won }) => workerRun(bid, won)).filter(isNotEmpty),
    lost: outcomes.map(({ bid, won }) => workerRun(bid, bid.count - won)).filter(isNotEmpty),
    wonCount: totals.wonWorkers,
    lostCount: totals.lostWorkers,
    lostHashratePh: fp18ToNumber(totals.lostHashrateFp18),
    ...range,
    ...routedHashrate(range, onAmbiguous),
    ranges: (ranges?.bids ?? []).map((bid) => ({ ...workerRun(bid, bid.count), ...bid.won })),
    rangesExact: ranges?.exact ?? true,
  };
}

/** Millionths of a PH as PH. */
function microToPh(value: bigint | undefined, otherwise: number): number {
  return value === undefined ? otherwise : Number(value) / 1e6;
}

function whyNothingWon({ snapshot, hotkey, prepared }: AuctionConclusion): OutcomeReason {
  const { reason } = ownStanding(prepared, snapshot, hotkey);
  if (reason !== null) return { code: reason.reason, message: describeOwnReason(reason) };
  if (prepared.noWinners !== null) {
    return { code: prepared.noWinners.reason, message: describeNoWinners(prepared.noWinners) };
  }
  return { code: "outbid", message: "Other bids offered more hashrate for the budget, or the same for less" };
}

function describeNoWinners(noWinners: NoWinnersReason): string {
  switch (noWinners.reason) {
    case "prices-missing":
      return `No validator with stake has published ${noWinners.metrics.join(", ")}, so nobody wins`;
    case "budget-overflow":
      return "The consensus prices give a budget that is too large to compute with, so nobody wins";
    case "no-budget":
      return "The budget of the window is zero, so nobody wins";
    case "no-bids":
      return "Nobody has a valid bid";
    case "nothing-fits":
      return "No worker of any bid can win under this budget";
  }
}

function workerRun(bid: Pick<Bid, "sizeText" | "priceFp18">, count: number): WorkerRun {
  return { hashratePh: bid.sizeText, price: formatFp18(bid.priceFp18), count };
}

function isNotEmpty({ count }: WorkerRun): boolean {
  return count > 0;
}
