/**
 * What a validator settles a window with: pay by hotkey, and what burns (spec, section 10).
 *
 * @module
 */

import { type PaidHashrate, type PaymentPrices, windowBudgetAlpha, windowPayment } from "./payment.ts";

/** Credited hashrate of a hotkey at one price. */
export interface CreditedRun extends PaidHashrate {
  /** SS58 address. */
  readonly hotkey: string;
}

/** A window that has ended. */
export interface EndedWindow {
  /** 0 to 5 within its validation epoch. */
  readonly windowIndex: number;
  /** Mechanism 1's share of the emission, 0 to 1. */
  readonly mechanismShare: number;
  /** `null` if a consensus price is missing: then nobody has won. */
  readonly prices: PaymentPrices | null;
  readonly credited: readonly CreditedRun[];
}

/** What a window pays. */
export interface Settlement {
  /** Only hotkeys that are paid. */
  readonly alphaByHotkey: ReadonlyMap<string, number>;
  /** The rest of the budget, which goes to the subnet's owner. */
  readonly burnAlpha: number;
  /** Pay and burn together: what shares are taken of. */
  readonly totalAlpha: number;
}

/** Settles a window. */
export function settleWindow({ windowIndex, mechanismShare, prices, credited }: EndedWindow): Settlement {
  const alphaByHotkey = new Map<string, number>();
  let paidAlpha = 0;
  for (const run of prices === null ? [] : credited) {
    const { alpha } = windowPayment([run], prices!, windowIndex);
    if (alpha > 0) alphaByHotkey.set(run.hotkey, (alphaByHotkey.get(run.hotkey) ?? 0) + alpha);
    paidAlpha += alpha;
  }
  const burnAlpha = Math.max(0, windowBudgetAlpha(mechanismShare, windowIndex) - paidAlpha);
  return { alphaByHotkey, burnAlpha, totalAlpha: paidAlpha + burnAlpha };
}
