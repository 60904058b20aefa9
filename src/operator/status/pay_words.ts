/**
 * What is said of the chain's pay, on the page as in the terminal.
 *
 * @module
 */

import { describePayShortfall } from "../../auction/credit/pay_comparison.ts";
import { formatBlock } from "./format.ts";
import type { PayStatus, StatusReport } from "./status_report.ts";
import { wrongTexts } from "./identities.ts";
import { formatAmount } from "./worth_words.ts";

/** What the last epoch paid: `0.41 alpha, 1.2 % of the miners' emission`. */
export function lastPayText({ lastEpoch }: PayStatus): string {
  if (lastEpoch === null) return "no epoch has been paid yet";
  const { paidAlpha, paidShare } = lastEpoch;
  const alpha = paidAlpha === null ? "" : `${formatAmount(paidAlpha)} alpha, `;
  return `${alpha}${percent(paidShare)} of the miners' emission`;
}

/** How that compares with our results: `paid 1.2 % of 1.2 % expected`, or from when on it can be told. */
export function comparedPayText(
  { lastCompared, comparableFromBlock }: PayStatus,
): string {
  if (lastCompared === null || lastCompared.expectedShare === null) {
    return `can be compared from block ${formatBlock(comparableFromBlock)} on`;
  }
  const { paidShare, expectedShare } = lastCompared;
  return `paid ${percent(paidShare)} of ${percent(expectedShare)} expected`;
}

/** Why the chain pays too little, with the worker ids that are known to be wrong; `null` while it pays what is expected. */
export function payShortfallText(
  { pay, identities }: StatusReport,
): string | null {
  const shortfall = pay?.shortfall ?? null;
  if (shortfall === null) return null;
  return [describePayShortfall(shortfall), ...wrongTexts(identities)].join(
    ". ",
  );
}

function percent(share: number): string {
  return `${formatAmount(share * 100)} %`;
}
