/**
 * Turns bids into the items of the solver (spec, section 5; `vectors/worker-items.json`).
 *
 * @module
 */

import type { CommittedBid } from "../protocol/bid_commitment.ts";
import { MAX_PRICE_FP18 } from "../protocol/constants.ts";
import { fp18ToNumber } from "../protocol/fp18.ts";
import { roundHalfEven } from "../protocol/integer_math.ts";
import type { AuctionItem, Bid } from "./problem.ts";

/** Why the workers of a bid cannot win in any case. */
export type ItemExclusion =
  /** The price multiplier is above 1.05. */
  | "over-max-price"
  /** The cost or size of a worker exceeds a double: the validators' run would fail. */
  | "overflow"
  /** The cost of a worker is at most 0 millionths of a PH. */
  | "cost-not-positive"
  /** The value of a worker is at most 0 millionths of a PH. */
  | "value-not-positive"
  /** One worker costs more than the whole budget. */
  | "cost-above-cap";

/** Cost and value of a worker, in millionths of a PH. */
export interface WorkerWeight {
  readonly cost: bigint;
  readonly value: bigint;
}

/** A bid whose workers do not enter the solver. */
export interface ExcludedBid {
  readonly bid: Bid;
  readonly reason: ItemExclusion;
}

/**
 * Weighs one worker: cost = round(hashrate × price × 1e6 + 1e-7) and value = round(hashrate × 1e6 + 1e-7) in
 * doubles, halves to even.
 *
 * @returns `null` if a double overflows.
 */
function weighWorker(hashrateFp18: bigint, priceFp18: bigint): WorkerWeight | null {
  const hashrate = fp18ToNumber(hashrateFp18);
  const cost = hashrate * fp18ToNumber(priceFp18) * 1e6 + 1e-7;
  const value = hashrate * 1e6 + 1e-7;
  if (!Number.isFinite(cost) || !Number.isFinite(value)) return null;
  return { cost: roundHalfEven(cost), value: roundHalfEven(value) };
}

/**
 * Whether a worker can win under a capacity, and if not, why.
 *
 * @param cap in millionths of a PH; `null` ignores the capacity.
 */
export function classifyWorker(
  { hashrateFp18, priceFp18 }: Pick<CommittedBid, "hashrateFp18" | "priceFp18">,
  cap: bigint | null,
): { readonly weight: WorkerWeight } | { readonly exclusion: ItemExclusion } {
  if (priceFp18 > MAX_PRICE_FP18) return { exclusion: "over-max-price" };
  const weight = weighWorker(hashrateFp18, priceFp18);
  if (weight === null) return { exclusion: "overflow" };
  if (weight.cost <= 0n) return { exclusion: "cost-not-positive" };
  if (weight.value <= 0n) return { exclusion: "value-not-positive" };
  if (cap !== null && weight.cost > cap) return { exclusion: "cost-above-cap" };
  return { weight };
}

/**
 * The items of the solver in the order of the bids, with neighbours of equal hotkey, size and price merged, and the excluded
 * bids.
 *
 * @param cap in millionths of a PH; `null` ignores the capacity.
 */
export function buildItems(
  bids: readonly Bid[],
  cap: bigint | null,
): { readonly items: readonly AuctionItem[]; readonly excluded: readonly ExcludedBid[] } {
  const items: AuctionItem[] = [];
  const excluded: ExcludedBid[] = [];
  for (const bid of bids) {
    const worker = classifyWorker(bid, cap);
    if ("exclusion" in worker) excluded.push({ bid, reason: worker.exclusion });
    else items.push({ ...bid, ...worker.weight });
  }
  return { items: mergeNeighbours(items), excluded };
}

/** Merges neighbours of equal hotkey, size and price. */
export function mergeNeighbours<B extends Bid>(bids: readonly B[]): B[] {
  const runs: B[] = [];
  for (const bid of bids) {
    const last = runs.at(-1);
    const same = last?.hotkey === bid.hotkey && last.hashrateFp18 === bid.hashrateFp18 &&
      last.priceFp18 === bid.priceFp18;
    if (same) runs[runs.length - 1] = { ...last, count: last.count + bid.count };
    else runs.push(bid);
  }
  return runs;
}
