/**
 * The hashrate that the validators buy in a window (spec, sections 4.3 and 4.6; `vectors/budget.json`).
 *
 * @module
 */

import { BLOCKS_PER_DAY, FP18_ONE, MECHANISM_ID, MINERS_SHARE } from "./constants.ts";
import { fp18ToNumber } from "./fp18.ts";
import { floorDivide } from "./integer_math.ts";
import { ProtocolError } from "./errors.ts";

/** The prices a budget is computed from, all FP18. */
export interface BudgetPrices {
  readonly taoUsdcFp18: bigint;
  readonly alphaTaoFp18: bigint;
  /** USDC per PH/s per day. */
  readonly hashpUsdcFp18: bigint;
}

const MECHANISM_SPLIT_WHOLE = 65535;

/**
 * The mechanism's share of the subnet's emission, 0 to 1.
 *
 * @param split `SubtensorModule.MechanismEmissionSplit` of the subnet, shares out of 65535.
 * @throws {ProtocolError} if the split is absent, has no entry for the mechanism, or that entry is zero.
 */
export function mechanismShare(
  split: readonly number[] | null,
  { netuid, mechanismId = MECHANISM_ID }: { readonly netuid: number; readonly mechanismId?: number },
): number {
  const share = split?.[mechanismId];
  if (!share) {
    const found = split === null ? "absent" : JSON.stringify(split);
    throw new ProtocolError(
      `Subnet ${netuid} has no auction on this chain: its MechanismEmissionSplit is ${found}, without a share for ` +
        `mechanism ${mechanismId}; check [bittensor] netuid and network`,
    );
  }
  return share / MECHANISM_SPLIT_WHOLE;
}

/** The miners' part of the subnet's emission × 10^18, from the mechanism's share. */
export function minersShareFp18(share: number): bigint {
  return BigInt(Math.trunc(share * MINERS_SHARE * 1e18));
}

/**
 * The budget in PH/s before the cap factor: what a day's emission for miners buys at the hashprice. It is 0 if the hashprice
 * is 0, and infinite if absurd prices overflow a double.
 */
export function budgetPh(prices: BudgetPrices, minersShare: bigint): number {
  const { taoUsdcFp18, alphaTaoFp18, hashpUsdcFp18 } = prices;
  if (hashpUsdcFp18 === 0n) return 0;
  const alphaUsdc = floorDivide(alphaTaoFp18 * taoUsdcFp18, FP18_ONE);
  const usdcPerDay = floorDivide(alphaUsdc * (minersShare * BLOCKS_PER_DAY), FP18_ONE);
  return fp18ToNumber(floorDivide(usdcPerDay * FP18_ONE, hashpUsdcFp18));
}

/** The budget factor of the `cap` metric; 1 if it is absent or not positive. */
export function capFactor(capFp18: bigint | null): number {
  return capFp18 === null || capFp18 <= 0n ? 1 : fp18ToNumber(capFp18);
}

/**
 * The capacity of the auction in millionths of a PH/s: the budget, rounded down.
 *
 * @param budget finite.
 * @returns `null` if it is not positive.
 */
export function budgetCap(budget: number): bigint | null {
  const cap = Math.floor(budget * 1e6);
  return cap > 0 ? BigInt(cap) : null;
}
