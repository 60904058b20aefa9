/**
 * One epoch of the chain in the ledger: what it paid, and what our own results promised. Pure.
 *
 * @module
 */

import type { PayComparison } from "../../auction/credit/pay_comparison.ts";
import type { CsvTable } from "./csv_table.ts";

/** One epoch. */
export interface PayLine extends Omit<PayComparison, "origin"> {
  /** When the agent saw it: ISO 8601, UTC; by the host's clock where the chain has no time. */
  readonly seenAt: string;
  /** The windows that it pays for. */
  readonly forFirstBlock: number;
  readonly forLastBlock: number;
}

/** The table of epochs. */
export const PAY_TABLE: CsvTable<PayLine> = {
  kinds: {
    paidAtBlock: "number",
    seenAt: "text",
    forFirstBlock: "number",
    forLastBlock: "number",
    windowsSeen: "number",
    expectedShare: "number?",
    certainShare: "number?",
    paidShare: "number",
    expectedAlpha: "number?",
    paidAlpha: "number?",
    verdict: "text",
  },
  blockOf: ({ paidAtBlock }) => paidAtBlock,
  timeOf: ({ seenAt }) => seenAt,
  suffix: "-paid.csv",
};

/** The line of an epoch. @param nowMs milliseconds since 1970. */
export function payLine({ origin, ...comparison }: PayComparison, nowMs: number): PayLine {
  return {
    ...comparison,
    seenAt: new Date(nowMs).toISOString(),
    forFirstBlock: origin.firstBlock,
    forLastBlock: origin.lastBlock,
  };
}
