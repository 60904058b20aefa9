/**
 * What hashrate sold to the subnet is worth, against what it earns elsewhere (spec, section 10). Pure.
 *
 * @module
 */

import {
  type Amount,
  dailyPayment,
  type PaidHashrate,
  type PaymentPrices,
  windowPayment,
} from "./payment.ts";

/** The worth of hashrate that is delivered and credited in full. */
export interface Worth {
  readonly hashratePh: number;
  /** In the window. */
  readonly window: Amount;
  /** In a day of such windows. */
  readonly perDay: Amount;
  /** What it earns beyond the alternative; negative where the alternative earns more. */
  readonly advantage: { readonly windowUsdc: number; readonly perDayUsdc: number };
}

/** What does not depend on the hashrate. */
export interface WorthTerms {
  readonly prices: PaymentPrices;
  /** The window's position in its validation epoch: the last one is paid for one block more. */
  readonly windowIndex: number;
  /** What the same hashrate earns elsewhere, as a multiple of the hashprice × 10^18. */
  readonly alternativeFp18: bigint;
}

/** The worth of hashrate at its prices. */
export function worthOf(
  hashrates: readonly PaidHashrate[],
  { prices, windowIndex, alternativeFp18 }: WorthTerms,
): Worth {
  const elsewhere = hashrates.map(({ hashratePh }) => ({ hashratePh, priceFp18: alternativeFp18 }));
  const window = windowPayment(hashrates, prices, windowIndex);
  const perDay = dailyPayment(hashrates, prices);
  return {
    hashratePh: hashrates.reduce((sum, { hashratePh }) => sum + hashratePh, 0),
    window,
    perDay,
    advantage: {
      windowUsdc: window.usdc - windowPayment(elsewhere, prices, windowIndex).usdc,
      perDayUsdc: perDay.usdc - dailyPayment(elsewhere, prices).usdc,
    },
  };
}
