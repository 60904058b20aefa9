/**
 * Prepares the integer program from a snapshot: all steps before the solver, in the validators' order (spec, sections 4 and
 * 5).
 *
 * @module
 */

import { type Ban, bannedHotkeys } from "../protocol/ban_consensus.ts";
import { parseBidCommitment } from "../protocol/bid_commitment.ts";
import {
  budgetCap,
  budgetPh as computeBudgetPh,
  capFactor,
  mechanismShare,
  minersShareFp18,
} from "../protocol/budget.ts";
import { BLOCK_TIME_SECONDS, MAX_BID_AGE_SECONDS } from "../protocol/constants.ts";
import { type Metric, metricConsensus } from "../protocol/price_consensus.ts";
import { findValidators, stakeWeight } from "../protocol/validators.ts";
import { buildItems, type ExcludedBid } from "./items.ts";
import { readRecord } from "./records.ts";
import { solverSeed } from "./seed.ts";
import type { AuctionSnapshot, NeuronRecord } from "./snapshot.ts";
import { type AuctionProblem, type Bid, objectiveOfWindow } from "./problem.ts";

/** Why a commitment contributes no bids. */
export type DropReason =
  /** It contains something other than bids, such as prices (`p`). */
  | { readonly reason: "other-type"; readonly type: string }
  /** Validators cannot read it, or one of its bids breaks the rules; `why` is a sentence. */
  | { readonly reason: "malformed"; readonly why: string }
  /** A well-formed v1 bid, which no longer counts. */
  | { readonly reason: "v1-ignored" }
  /** The empty bid, `2;b;`. */
  | { readonly reason: "withdrawn" }
  | { readonly reason: "too-old"; readonly ageSeconds: number }
  | { readonly reason: "banned"; readonly ban: Ban };

/** A commitment without bids in the auction. */
export type DroppedCommitment = DropReason & { readonly hotkey: string };

/** Data that makes the validators' run fail, so that the outcome is a guess. */
export type EstimateReason =
  /** Their client cannot read field 0 of the record. */
  | { readonly kind: "unreadable-record"; readonly hotkey: string; readonly fieldKind: string }
  /** A staked value has no logarithm. */
  | { readonly kind: "unusable-price"; readonly hotkey: string; readonly metric: Metric }
  /** The cost of a worker exceeds a double. */
  | { readonly kind: "worker-overflow"; readonly hotkey: string }
  /** The budget from the consensus prices exceeds a double. */
  | { readonly kind: "budget-overflow" };

/** Why a window has no winners at all. */
export type NoWinnersReason =
  | { readonly reason: "prices-missing"; readonly metrics: readonly Metric[] }
  | { readonly reason: "budget-overflow" }
  /** The budget is zero, negative, or less than a millionth of a PH. */
  | { readonly reason: "no-budget" }
  | { readonly reason: "no-bids" }
  /** There are bids, but no worker can win; see {@linkcode PreparedAuction.excluded}. */
  | { readonly reason: "nothing-fits" };

/** A window before the solver runs. */
export interface PreparedAuction {
  /** The bids that passed the filters on age and bans, in the order that decides ties. */
  readonly bids: readonly Bid[];
  /** The other commitments, in the same order. */
  readonly dropped: readonly DroppedCommitment[];
  /** Bids whose workers cannot win, neighbours merged. */
  readonly excluded: readonly ExcludedBid[];
  /** Consensus per metric as FP18; `null` if no validator has a value. */
  readonly prices: Readonly<Record<Metric, bigint | null>>;
  /** Mechanism 1's share of the emission, 0 to 1; `null` if a price is missing, and it is not looked at. */
  readonly mechanismShare: number | null;
  /** The budget with the cap factor; `null` if a price is missing or it exceeds a double. */
  readonly budgetPh: number | null;
  /** The problem to solve; `null` if there are no winners. */
  readonly problem: AuctionProblem | null;
  /** `null` exactly when there is a problem to solve. */
  readonly noWinners: NoWinnersReason | null;
  /** Empty if validators can compute this window; otherwise the outcome is estimated. */
  readonly estimatedBecause: readonly EstimateReason[];
}

const METRICS = ["TAO_USDC", "ALPHA_TAO", "HASHP_USDC", "cap"] as const satisfies readonly Metric[];

/**
 * Prepares the auction of the window at whose first block the snapshot was taken. Foreign data never throws: what validators
 * ignore is ignored, and what would make their run fail is left out and marks the outcome as estimated.
 *
 * @throws {ProtocolError} if the snapshot has no share for mechanism 1, unless a price is missing: an error of this run.
 */
export function prepareAuction(snapshot: AuctionSnapshot): PreparedAuction {
  const { firstBlock, neurons } = snapshot;
  const estimatedBecause: EstimateReason[] = [];
  const dropped: DroppedCommitment[] = [];

  // Snapshots are sorted; sort again so that a file edited by hand does not change ties.
  const records = snapshot.commitments.toSorted((a, b) =>
    a.storageKey < b.storageKey ? -1 : a.storageKey > b.storageKey ? 1 : 0
  );
  const commitments: { hotkey: string; block: number | null; bytes: Uint8Array }[] = [];
  for (const record of records) {
    const { hotkey, block, fieldKind } = record;
    const reading = readRecord(record);
    if (reading.kind === "bytes") {
      commitments.push({ hotkey, block, bytes: reading.bytes });
      continue;
    }
    const why = `Its field 0 is ${fieldKind}, which validators cannot read`;
    dropped.push({ hotkey, reason: "malformed", why });
    estimatedBecause.push({ kind: "unreadable-record", hotkey, fieldKind });
  }

  const validators = findValidators(
    commitments.map(({ hotkey, bytes }) => [hotkey, bytes] as const),
    stakeWeights(neurons),
  );
  const bans = bannedHotkeys(validators, neurons);

  const bids: Bid[] = [];
  for (const { hotkey, block, bytes } of commitments) {
    const reading = parseBidCommitment(bytes, firstBlock.number);
    const ageSeconds = block === null ? 0 : (firstBlock.number - block) * BLOCK_TIME_SECONDS;
    const ban = bans.get(hotkey);
    if (reading.kind === "other-type") dropped.push({ hotkey, reason: "other-type", type: reading.type });
    else if (reading.kind === "malformed") dropped.push({ hotkey, reason: "malformed", why: reading.why });
    else if (reading.kind === "v1-after-switch") dropped.push({ hotkey, reason: "v1-ignored" });
    else if (reading.bids.length === 0) dropped.push({ hotkey, reason: "withdrawn" });
    else if (ageSeconds >= MAX_BID_AGE_SECONDS) dropped.push({ hotkey, reason: "too-old", ageSeconds });
    else if (ban !== undefined) dropped.push({ hotkey, reason: "banned", ban });
    else bids.push(...reading.bids.map((bid) => ({ hotkey, ...bid })));
  }

  const prices: Record<Metric, bigint | null> = {
    TAO_USDC: null,
    ALPHA_TAO: null,
    HASHP_USDC: null,
    cap: null,
  };
  for (const metric of METRICS) {
    const { priceFp18, skipped } = metricConsensus(metric, validators);
    prices[metric] = priceFp18;
    for (const hotkey of skipped) estimatedBecause.push({ kind: "unusable-price", hotkey, metric });
  }

  const budget = computeBudget(prices, snapshot);
  if (budget.noWinners?.reason === "budget-overflow") estimatedBecause.push({ kind: "budget-overflow" });
  const { items, excluded } = buildItems(bids, budget.cap);
  for (const { bid, reason } of excluded) {
    if (reason === "overflow") estimatedBecause.push({ kind: "worker-overflow", hotkey: bid.hotkey });
  }

  const noWinners = budget.noWinners ?? whyNoItems(bids.length, items.length);
  const problem = noWinners === null && budget.cap !== null
    ? {
      items,
      cap: budget.cap,
      objective: objectiveOfWindow(firstBlock.number),
      seed: solverSeed(firstBlock.hash),
    }
    : null;
  return {
    bids,
    dropped,
    excluded,
    prices,
    mechanismShare: budget.mechanismShare,
    budgetPh: budget.budgetPh,
    problem,
    noWinners,
    estimatedBecause,
  };
}

/** Stake by hotkey, without hotkeys that have none. */
function stakeWeights(neurons: readonly NeuronRecord[]): Map<string, bigint> {
  const weights = neurons.map(({ hotkey, stakeRao }) =>
    [hotkey, stakeWeight(Number(stakeRao) / 1e9)] as const
  );
  return new Map(weights.filter(([, weight]) => weight > 0n));
}

/** The budget with its cap factor, and its integer form `cap`, or why there is none. */
type Budget =
  & { readonly mechanismShare: number | null }
  & (
    | { readonly budgetPh: number; readonly cap: bigint; readonly noWinners: null }
    | { readonly budgetPh: number | null; readonly cap: null; readonly noWinners: NoWinnersReason }
  );

function computeBudget(
  prices: Readonly<Record<Metric, bigint | null>>,
  { netuid, mechanismEmissionSplit }: Pick<AuctionSnapshot, "netuid" | "mechanismEmissionSplit">,
): Budget {
  const { TAO_USDC: taoUsdcFp18, ALPHA_TAO: alphaTaoFp18, HASHP_USDC: hashpUsdcFp18 } = prices;
  if (taoUsdcFp18 === null || alphaTaoFp18 === null || hashpUsdcFp18 === null) {
    const metrics = METRICS.filter((metric) => metric !== "cap" && prices[metric] === null);
    const noWinners = { reason: "prices-missing", metrics } as const;
    return { mechanismShare: null, budgetPh: null, cap: null, noWinners };
  }
  const share = mechanismShare(mechanismEmissionSplit, { netuid });
  const uncapped = computeBudgetPh({ taoUsdcFp18, alphaTaoFp18, hashpUsdcFp18 }, minersShareFp18(share));
  const budgetPh = uncapped <= 0 ? uncapped : uncapped * capFactor(prices.cap);
  if (!Number.isFinite(budgetPh * 1e6)) {
    return { mechanismShare: share, budgetPh: null, cap: null, noWinners: { reason: "budget-overflow" } };
  }
  const cap = budgetCap(budgetPh);
  return cap === null
    ? { mechanismShare: share, budgetPh, cap, noWinners: { reason: "no-budget" } }
    : { mechanismShare: share, budgetPh, cap, noWinners: null };
}

function whyNoItems(bidCount: number, itemCount: number): NoWinnersReason | null {
  if (bidCount === 0) return { reason: "no-bids" };
  return itemCount === 0 ? { reason: "nothing-fits" } : null;
}
