/**
 * One window in the ledger. Pure.
 *
 * @module
 */

import type { PaidHashrate } from "../../auction/credit/payment.ts";
import { DEFAULT_ALTERNATIVE_FP18 } from "../../auction/credit/payment.ts";
import type { AuctionOutcome } from "../../auction/outcome.ts";
import { windowWorth } from "../../auction/worth.ts";
import type { CsvTable, Kind } from "./csv_table.ts";

/** One window. */
export interface LedgerLine {
  readonly firstBlock: number;
  readonly lastBlock: number;
  /** 0 to 5 within its validation epoch. */
  readonly windowIndex: number;
  /** ISO 8601, UTC; by the host's clock where the chain has no time. */
  readonly firstBlockTime: string;
  readonly lastBlockTime: string | null;
  /** Decimal text. */
  readonly taoUsdc: string | null;
  /** Decimal text. */
  readonly alphaTao: string | null;
  /** Decimal text, USDC per PH/s and day. */
  readonly hashpUsdc: string | null;
  readonly budgetPh: number | null;
  /** What the window can pay to all miners. */
  readonly budgetAlpha: number | null;
  readonly offeredWorkers: number;
  readonly offeredPh: number;
  readonly wonWorkers: number;
  readonly wonPh: number;
  /** `null` if it is unknown. */
  readonly creditedPh: number | null;
  /** PH/s won at each price: `0.95:0.45;1.05:0.9`. */
  readonly priceLevels: string | null;
  /** What is paid if all that was won is credited; `null` if a consensus price is missing. */
  readonly expectedAlpha: number | null;
  readonly expectedTao: number | null;
  readonly expectedUsdc: number | null;
  /** What is paid for what was credited; `null` if that is unknown. */
  readonly creditedAlpha: number | null;
  readonly creditedTao: number | null;
  readonly creditedUsdc: number | null;
  /** `provisional` if the validators' program did not answer in time. */
  readonly stage: string | null;
  readonly decidedBy: string | null;
  readonly parity: string | null;
  readonly ambiguous: boolean;
  readonly certainPh: number;
  readonly possiblePh: number;
  /** Whether validators fail on the window's data, so that the line is a guess. */
  readonly estimated: boolean;
  /** Why nothing was won: `outbid`, `banned`, … */
  readonly reason: string | null;
}

const KINDS: Readonly<Record<keyof LedgerLine, Kind>> = {
  firstBlock: "number",
  lastBlock: "number",
  windowIndex: "number",
  firstBlockTime: "text",
  lastBlockTime: "text?",
  taoUsdc: "text?",
  alphaTao: "text?",
  hashpUsdc: "text?",
  budgetPh: "number?",
  budgetAlpha: "number?",
  offeredWorkers: "number",
  offeredPh: "number",
  wonWorkers: "number",
  wonPh: "number",
  creditedPh: "number?",
  priceLevels: "text?",
  expectedAlpha: "number?",
  expectedTao: "number?",
  expectedUsdc: "number?",
  creditedAlpha: "number?",
  creditedTao: "number?",
  creditedUsdc: "number?",
  stage: "text?",
  decidedBy: "text?",
  parity: "text?",
  ambiguous: "boolean",
  certainPh: "number",
  possiblePh: "number",
  estimated: "boolean",
  reason: "text?",
};

/** The table of windows. */
export const WINDOW_TABLE: CsvTable<LedgerLine> = {
  kinds: KINDS,
  blockOf: ({ firstBlock }) => firstBlock,
  timeOf: ({ firstBlockTime }) => firstBlockTime,
  suffix: ".csv",
};

/** What is known of a window beside its outcome. */
export interface ClosedWindow {
  /** What was credited, by price; `null` if it is unknown. */
  readonly credited: readonly PaidHashrate[] | null;
  /** Milliseconds since 1970, for a chain without a time. */
  readonly nowMs: number;
}

/** The line of a window. */
export function ledgerLine(outcome: AuctionOutcome, { credited, nowMs }: ClosedWindow): LedgerLine {
  const { window, prices, own, solver, stage } = outcome;
  const worth = windowWorth(outcome, DEFAULT_ALTERNATIVE_FP18, credited);
  return {
    firstBlock: window.firstBlock,
    lastBlock: window.lastBlock,
    windowIndex: window.index,
    firstBlockTime: window.firstBlockTime ?? new Date(nowMs).toISOString(),
    lastBlockTime: window.lastBlockTime,
    taoUsdc: prices.taoUsdc,
    alphaTao: prices.alphaTao,
    hashpUsdc: prices.hashpUsdc,
    budgetPh: outcome.budgetPh,
    budgetAlpha: worth?.budgetAlpha ?? null,
    offeredWorkers: own.wonCount + own.lostCount,
    offeredPh: own.wonHashratePh + own.lostHashratePh,
    wonWorkers: own.wonCount,
    wonPh: own.wonHashratePh,
    creditedPh: credited?.reduce((sum, { hashratePh }) => sum + hashratePh, 0) ?? null,
    priceLevels: priceLevels(outcome),
    expectedAlpha: worth?.won.window.alpha ?? null,
    expectedTao: worth?.won.window.tao ?? null,
    expectedUsdc: worth?.won.window.usdc ?? null,
    creditedAlpha: worth?.credited?.window.alpha ?? null,
    creditedTao: worth?.credited?.window.tao ?? null,
    creditedUsdc: worth?.credited?.window.usdc ?? null,
    stage,
    decidedBy: solver?.decidedBy ?? null,
    parity: solver?.parity ?? null,
    ambiguous: own.ambiguous,
    certainPh: own.certainHashratePh,
    possiblePh: own.possibleHashratePh,
    estimated: outcome.estimated,
    reason: outcome.reason?.code ?? null,
  };
}

function priceLevels({ own }: AuctionOutcome): string | null {
  const byPrice = Map.groupBy(own.won, ({ price }) => price);
  const levels = [...byPrice].map(([price, runs]) => {
    const hashratePh = runs.reduce((sum, run) => sum + Number(run.hashratePh) * run.count, 0);
    return `${price}:${Number(hashratePh.toFixed(6))}`;
  });
  return levels.length === 0 ? null : levels.join(";");
}
