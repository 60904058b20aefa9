/**
 * What validators pay for a window (spec, section 10; `vectors/payment.json`).
 *
 * @module
 */

import {
  BLOCKS_PER_DAY,
  FP18_ONE,
  MINERS_SHARE,
  WINDOW_BLOCKS,
  WINDOWS_PER_EPOCH,
} from "../protocol/constants.ts";
import { fp18ToNumber } from "../protocol/fp18.ts";

/** The consensus prices of a window. */
export interface PaymentPrices {
  /** USDC per PH/s and day. */
  readonly hashpUsdc: number;
  /** TAO per alpha. */
  readonly alphaTao: number;
  /** USDC per TAO. */
  readonly taoUsdc: number;
}

/** Hashrate at a price. */
export interface PaidHashrate {
  readonly hashratePh: number;
  /** Multiplier of the hashprice × 10^18. */
  readonly priceFp18: bigint;
}

/** An amount in three currencies. */
export interface Amount {
  readonly alpha: number;
  readonly tao: number;
  readonly usdc: number;
}

/** What the same hashrate earns elsewhere unless somebody knows better: about the hashprice, at any other pool. */
export const DEFAULT_ALTERNATIVE_FP18 = FP18_ONE;

const DAY_BLOCKS = Number(BLOCKS_PER_DAY);

/** The blocks that validators pay for in a window: 60, and 61 in the last of an epoch. */
export function paidBlocks(windowIndex: number): number {
  return windowIndex === WINDOWS_PER_EPOCH - 1 ? WINDOW_BLOCKS + 1 : WINDOW_BLOCKS;
}

/** What credited hashrate earns in a window. Without a price of alpha or TAO, only USDC. */
export function windowPayment(
  credited: readonly PaidHashrate[],
  prices: PaymentPrices,
  windowIndex: number,
): Amount {
  return payment(credited, prices, paidBlocks(windowIndex));
}

/** What the same hashrate earns in a day of such windows. Without a price of alpha or TAO, only USDC. */
export function dailyPayment(credited: readonly PaidHashrate[], prices: PaymentPrices): Amount {
  return payment(credited, prices, DAY_BLOCKS);
}

function payment(
  credited: readonly PaidHashrate[],
  { hashpUsdc, alphaTao, taoUsdc }: PaymentPrices,
  blocks: number,
): Amount {
  const days = blocks / DAY_BLOCKS;
  const usdc = credited.reduce(
    (sum, { hashratePh, priceFp18 }) => sum + hashratePh * hashpUsdc * fp18ToNumber(priceFp18) * days,
    0,
  );
  const alphaUsdc = alphaTao * taoUsdc;
  const alpha = alphaUsdc > 0 ? usdc / alphaUsdc : 0;
  return { alpha, tao: alpha * alphaTao, usdc };
}

/**
 * The alpha that a window can pay to all miners.
 *
 * @param mechanismShare the mechanism's share of the emission, 0 to 1.
 */
export function windowBudgetAlpha(mechanismShare: number, windowIndex: number): number {
  return MINERS_SHARE * mechanismShare * paidBlocks(windowIndex);
}
