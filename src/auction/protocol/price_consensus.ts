/**
 * The stake-weighted price consensus of the validators (spec, section 4.5; `vectors/price-consensus.json`).
 *
 * @module
 */

import { CONSENSUS_GAMMA } from "./constants.ts";
import { fp18ToNumber } from "./fp18.ts";
import type { Validator } from "./validators.ts";

/** The metrics that the auction uses; validators may publish others. */
export type Metric = "TAO_USDC" | "ALPHA_TAO" | "HASHP_USDC" | "cap";

/** One validator's value of one metric. */
export interface PricePoint {
  readonly hotkey: string;
  readonly priceFp18: bigint;
  readonly stakeWeight: bigint;
}

/** The consensus about one metric. */
export interface MetricConsensus {
  /** FP18; `null` if no validator has a non-zero value. */
  readonly priceFp18: bigint | null;
  /** Hotkeys whose value was skipped because the validators' run fails on it. */
  readonly skipped: readonly string[];
}

/**
 * The consensus about one metric. Values that would make the validators' run fail (negative, or beyond a double) are skipped
 * and reported.
 */
export function metricConsensus(metric: string, validators: readonly Validator[]): MetricConsensus {
  const points: PricePoint[] = [];
  const skipped: string[] = [];
  for (const { hotkey, stakeWeight, prices } of validators) {
    const priceFp18 = prices.get(metric);
    if (priceFp18 === undefined) continue;
    if (breaksConsensus(priceFp18)) skipped.push(hotkey);
    else points.push({ hotkey, priceFp18, stakeWeight });
  }
  return { priceFp18: consensusPrice(points), skipped };
}

/** Whether the logarithm of a price makes the validators' run fail. */
function breaksConsensus(priceFp18: bigint): boolean {
  return priceFp18 < 0n || !Number.isFinite(fp18ToNumber(priceFp18));
}

/**
 * The consensus price: the stake-weighted median of the narrowest interval of log-prices that holds the share
 * `gamma` of the stake. Points without price or stake are ignored.
 *
 * @returns the price as FP18, or `null` without points.
 * @throws {RangeError} if a staked price is negative or beyond a double.
 */
export function consensusPrice(points: readonly PricePoint[], gamma = CONSENSUS_GAMMA): bigint | null {
  const sorted = points
    .filter(({ priceFp18, stakeWeight }) => priceFp18 !== 0n && stakeWeight !== 0n)
    .map(({ hotkey, priceFp18, stakeWeight }) => ({
      hotkey,
      priceFp18,
      stakeWeight,
      x: logPrice(hotkey, priceFp18),
    }))
    .sort((a, b) => a.x - b.x || (a.hotkey < b.hotkey ? -1 : 1));
  const total = sorted.reduce((sum, { stakeWeight }) => sum + stakeWeight, 0n);
  // JavaScript compares a bigint with a double exactly, as Python does.
  const threshold = gamma * Number(total);

  let best: { readonly left: number; readonly right: number; readonly stake: bigint } | null = null;
  for (let right = 0; right < sorted.length; right++) {
    let stake = 0n;
    for (let left = right; left >= 0; left--) {
      stake += sorted[left]!.stakeWeight;
      if (stake < threshold) continue;
      if (best === null || isBetter(left, right, best)) best = { left, right, stake };
      break;
    }
  }
  if (best === null) return null;

  let cumulated = 0n;
  for (const { priceFp18, stakeWeight } of sorted.slice(best.left, best.right + 1)) {
    cumulated += stakeWeight;
    if (cumulated * 2n >= best.stake) return priceFp18;
  }
  return null;

  /** Whether an interval is strictly narrower, or equally narrow and further left. */
  function isBetter(left: number, right: number, than: { left: number; right: number }): boolean {
    const [leftX, rightX] = [sorted[left]!.x, sorted[right]!.x];
    const [bestLeftX, bestRightX] = [sorted[than.left]!.x, sorted[than.right]!.x];
    const widthDifference = (rightX - leftX) - (bestRightX - bestLeftX);
    return (widthDifference || (rightX - bestRightX) || (leftX - bestLeftX)) < 0;
  }
}

function logPrice(hotkey: string, priceFp18: bigint): number {
  if (breaksConsensus(priceFp18)) {
    throw new RangeError(`Cannot take the logarithm of ${hotkey}'s price: it is ${priceFp18}; leave it out`);
  }
  return Math.log(fp18ToNumber(priceFp18));
}
