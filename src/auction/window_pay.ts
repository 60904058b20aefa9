/**
 * What a window's outcome promises our hotkey, to be held against what the chain pays (spec, section 10).
 *
 * @module
 */

import type { AuctionOutcome } from "./outcome.ts";
import type { WindowPay } from "./credit/pay_comparison.ts";
import { windowPayment } from "./credit/payment.ts";
import { settleWindow } from "./credit/settlement.ts";
import { MECHANISM_ID } from "./protocol/constants.ts";
import { mechanismShare } from "./protocol/budget.ts";
import { paidRun, paymentPricesOf } from "./worth.ts";

/**
 * What is expected if validators have the same winners, and credit what they won.
 *
 * @param split `SubtensorModule.MechanismEmissionSplit` at the head of the run.
 */
export function expectedWindowPay(outcome: AuctionOutcome, split: readonly number[] | null): WindowPay {
  const { netuid, own, window, winners, noWinners, estimated } = outcome;
  const prices = paymentPricesOf(outcome.prices);
  const { alphaByHotkey, totalAlpha } = settleWindow({
    windowIndex: window.index,
    // Without prices the auction does not look at the split, which may then be missing.
    mechanismShare: split?.[MECHANISM_ID] ? mechanismShare(split, { netuid }) : 0,
    prices,
    credited: winners.map(({ hotkey, ...run }) => ({ hotkey, ...paidRun(run) })),
  });
  const ownAlpha = alphaByHotkey.get(own.hotkey) ?? 0;
  const fewest = own.ranges.map(({ fewest, ...run }) => paidRun({ ...run, count: fewest }));
  return {
    firstBlock: window.firstBlock,
    ownAlpha,
    certainAlpha: own.ambiguous && prices !== null
      ? Math.min(ownAlpha, windowPayment(fewest, prices, window.index).alpha)
      : ownAlpha,
    totalAlpha,
    isEstimated: estimated || noWinners === "prices-missing",
  };
}
