/**
 * The result of an auction for one miner: which of its bids won, or why it has none (spec, section 6;
 * `vectors/reconcile.json`).
 *
 * @module
 */

import type { CommittedBid } from "./protocol/bid_commitment.ts";
import { MAX_BID_AGE_SECONDS, MAX_PRICE_FP18 } from "./protocol/constants.ts";
import { formatFp18 } from "./protocol/fp18.ts";
import type { ItemExclusion } from "./inputs/items.ts";
import type { DropReason, PreparedAuction } from "./inputs/prepare.ts";
import type { AuctionSnapshot } from "./inputs/snapshot.ts";
import type { Bid } from "./inputs/problem.ts";

/** A bid of the miner and how many of its workers won. */
export interface BidOutcome {
  readonly bid: CommittedBid;
  /** 0 to `bid.count`. */
  readonly won: number;
}

/** Why a miner has no bid that can win. */
export type OwnReason =
  /** No commitment, and the hotkey has no UID on the subnet. */
  | { readonly reason: "not-registered" }
  /** No commitment on the chain. */
  | { readonly reason: "never-committed" }
  | DropReason
  /** There are bids, but none of their workers can win. */
  | { readonly reason: ItemExclusion; readonly bids: readonly CommittedBid[] };

/** The standing of a miner in an auction before the solver runs. */
export interface OwnStanding {
  /** Whether the hotkey has a UID on the subnet. */
  readonly registered: boolean;
  /** Its bids in the auction; empty when its commitment is missing or was dropped. */
  readonly bids: readonly Bid[];
  /** Why none of its workers can win; `null` when some can. */
  readonly reason: OwnReason | null;
}

/** Sums over a miner's bids. */
export interface OwnTotals {
  readonly wonWorkers: number;
  readonly lostWorkers: number;
  /** PH/s × 10^18. */
  readonly wonHashrateFp18: bigint;
  /** PH/s × 10^18. */
  readonly lostHashrateFp18: bigint;
}

/**
 * The standing of a hotkey in a prepared auction, with the reason if none of its workers can win.
 *
 * @param snapshot the snapshot that `prepared` was made from.
 */
export function ownStanding(
  prepared: PreparedAuction,
  snapshot: AuctionSnapshot,
  hotkey: string,
): OwnStanding {
  const registered = snapshot.neurons.some((neuron) => neuron.hotkey === hotkey);
  const bids = prepared.bids.filter((bid) => bid.hotkey === hotkey);
  if (bids.length === 0) {
    const dropped = prepared.dropped.find((commitment) => commitment.hotkey === hotkey);
    return {
      registered,
      bids,
      reason: dropped ?? { reason: registered ? "never-committed" : "not-registered" },
    };
  }
  const excluded = prepared.excluded.filter(({ bid }) => bid.hotkey === hotkey);
  const offered = countWorkers(bids);
  const first = excluded[0];
  const reason = first !== undefined && countWorkers(excluded.map(({ bid }) => bid)) === offered
    ? { reason: first.reason, bids: excluded.map(({ bid }) => bid) }
    : null;
  return { registered, bids, reason };
}

/** Describes an {@linkcode OwnReason} to the operator. */
export function describeOwnReason(own: OwnReason): string {
  switch (own.reason) {
    case "not-registered":
      return "The hotkey has no commitment and is not registered on the subnet";
    case "never-committed":
      return "The hotkey has no commitment on the chain";
    case "other-type":
      return `The hotkey's commitment is of type ${JSON.stringify(own.type)} and holds no bids`;
    case "malformed":
      return `The hotkey's commitment is malformed: ${own.why}`;
    case "v1-ignored":
      return "The hotkey's commitment is a v1 bid, which validators no longer read";
    case "withdrawn":
      return "The hotkey's commitment offers no workers";
    case "too-old":
      return `The hotkey's commitment is ${
        Math.floor(own.ageSeconds / 60)
      } minutes old; bids count for less than ${MAX_BID_AGE_SECONDS / 60}`;
    case "banned":
      return `The hotkey (UID ${own.ban.uid}) is banned by ${
        percentOf(own.ban.markingStake, own.ban.totalStake)
      } of the validators' stake`;
    case "over-max-price":
      return `Every price bid is above the maximum of ${formatFp18(MAX_PRICE_FP18)}`;
    case "cost-above-cap":
      return "Every worker bid costs more than the whole budget of the window";
    case "cost-not-positive":
      return "Every worker bid costs less than a millionth of a PH";
    case "value-not-positive":
      return "Every worker bid is smaller than a millionth of a PH";
    case "overflow":
      return "Every worker bid is too large to compute with";
  }
}

/**
 * Matches bids with winners as multisets of (size, price): winners are assigned to the bids in order, surplus winners are
 * ignored.
 *
 * @param winners the winners of this miner.
 */
export function reconcileBids(
  bids: readonly CommittedBid[],
  winners: Iterable<Pick<CommittedBid, "hashrateFp18" | "priceFp18" | "count">>,
): BidOutcome[] {
  const left = new Map<string, number>();
  for (const winner of winners) {
    const key = sizeAndPrice(winner);
    left.set(key, (left.get(key) ?? 0) + winner.count);
  }
  return bids.map((bid) => {
    const key = sizeAndPrice(bid);
    const won = Math.min(bid.count, left.get(key) ?? 0);
    left.set(key, (left.get(key) ?? 0) - won);
    return { bid, won };
  });
}

/** Adds up outcomes. */
export function totalOutcomes(outcomes: readonly BidOutcome[]): OwnTotals {
  let [wonWorkers, lostWorkers, wonHashrateFp18, lostHashrateFp18] = [0, 0, 0n, 0n];
  for (const { bid, won } of outcomes) {
    const lost = bid.count - won;
    wonWorkers += won;
    lostWorkers += lost;
    wonHashrateFp18 += bid.hashrateFp18 * BigInt(won);
    lostHashrateFp18 += bid.hashrateFp18 * BigInt(lost);
  }
  return { wonWorkers, lostWorkers, wonHashrateFp18, lostHashrateFp18 };
}

function sizeAndPrice({ hashrateFp18, priceFp18 }: Pick<CommittedBid, "hashrateFp18" | "priceFp18">): string {
  return `${hashrateFp18}:${priceFp18}`;
}

function countWorkers(bids: readonly CommittedBid[]): number {
  return bids.reduce((sum, { count }) => sum + count, 0);
}

function percentOf(part: bigint, whole: bigint): string {
  return `${(100 * Number(part) / Number(whole)).toFixed(2)} %`;
}
