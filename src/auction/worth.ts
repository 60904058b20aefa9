/**
 * The worth of a window for one miner: what it won, and once that is known, what was credited (spec, section 10).
 *
 * @module
 */

import type { AuctionOutcome, ConsensusPrices, WorkerRun } from "./outcome.ts";
import { type PaidHashrate, type PaymentPrices, windowBudgetAlpha } from "./credit/payment.ts";
import { type Worth, worthOf } from "./credit/worth.ts";
import { formatFp18, parseFp18 } from "./protocol/fp18.ts";

/** The worth of a window. */
export interface WindowWorth {
  /** What the same hashrate earns elsewhere, as a multiple of the hashprice: decimal text. */
  readonly alternative: string;
  /** What the window can pay to all miners together. */
  readonly budgetAlpha: number | null;
  /** If all that was won is delivered and credited. */
  readonly won: Worth;
  /** `null` while the credit is unknown. */
  readonly credited: Worth | null;
}

/**
 * The worth of an outcome by the window's consensus prices.
 *
 * @param alternativeFp18 what the same hashrate earns elsewhere, as a multiple of the hashprice × 10^18.
 * @param credited what was credited, by price; `null` while it is unknown.
 * @returns `null` if a consensus price is missing: then nothing is won.
 */
export function windowWorth(
  { window, prices, mechanismShare, own }: AuctionOutcome,
  alternativeFp18: bigint,
  credited: readonly PaidHashrate[] | null = null,
): WindowWorth | null {
  const paymentPrices = paymentPricesOf(prices);
  if (paymentPrices === null) return null;
  const terms = { prices: paymentPrices, windowIndex: window.index, alternativeFp18 };
  return {
    alternative: formatFp18(alternativeFp18),
    budgetAlpha: mechanismShare === null ? null : windowBudgetAlpha(mechanismShare, window.index),
    won: worthOf(own.won.map(paidRun), terms),
    credited: credited === null ? null : worthOf(credited, terms),
  };
}

/** Consensus prices as payments are computed from; `null` if one is missing. */
export function paymentPricesOf({ hashpUsdc, alphaTao, taoUsdc }: ConsensusPrices): PaymentPrices | null {
  if (hashpUsdc === null || alphaTao === null || taoUsdc === null) return null;
  return { hashpUsdc: Number(hashpUsdc), alphaTao: Number(alphaTao), taoUsdc: Number(taoUsdc) };
}

/** A run of won workers as paid hashrate. */
export function paidRun({ hashratePh, price, count }: WorkerRun): PaidHashrate {
  return { hashratePh: Number(hashratePh) * count, priceFp18: parseFp18(price) };
}

/** What was credited, as a credit report says it. */
export interface CreditedWorkers {
  readonly creditedPh: number;
  /** The won workers with the part of each that was credited. */
  readonly won: readonly { readonly price: string; readonly creditedPh: number }[];
}

/**
 * The credited hashrate at the prices at which it is paid.
 *
 * @returns `null` if they are unknown: it is not known which workers won, and they have several prices.
 */
export function creditedHashrates(
  { own }: AuctionOutcome,
  { creditedPh, won }: CreditedWorkers,
): PaidHashrate[] | null {
  if (!own.ambiguous) {
    return won.map((worker) => ({ hashratePh: worker.creditedPh, priceFp18: parseFp18(worker.price) }));
  }
  const [price, ...others] = new Set(own.ranges.map((bid) => bid.price));
  if (price === undefined || others.length > 0) return null;
  return [{ hashratePh: creditedPh, priceFp18: parseFp18(price) }];
}
