/**
 * One window in the ledger, and the ledger's text: CSV with a header. Pure.
 *
 * No value contains a comma, a quote or a line break, so nothing is quoted.
 *
 * @module
 */

import type { PaidHashrate } from "../../auction/credit/payment.ts";
import { DEFAULT_ALTERNATIVE_FP18 } from "../../auction/credit/payment.ts";
import type { AuctionOutcome } from "../../auction/outcome.ts";
import { windowWorth } from "../../auction/worth.ts";
import { fromDocument, toDocument } from "../../lib/document.ts";

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
  /** How far the solving had come: a word of the caller, such as `final`. */
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

/** How a value is written; with a question mark it may be missing. */
type Kind = "number" | "number?" | "text" | "text?" | "boolean";

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

const KIND_OF_COLUMN = toDocument(KINDS) as Readonly<Record<string, Kind | undefined>>;

/** The columns, in the order of a new file. */
export const LEDGER_COLUMNS: readonly string[] = Object.keys(KIND_OF_COLUMN);

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

/**
 * The text of a line, without its line feed.
 *
 * @param columns those of the file, which an older version may have begun.
 */
export function formatLedgerLine(line: LedgerLine, columns: readonly string[]): string {
  const values = toDocument(line) as Readonly<Record<string, unknown>>;
  return columns.map((column) => String(values[column] ?? "")).join(",");
}

/** The columns of a file, from its first line. */
export function columnsOf(header: string): string[] {
  return header.trim().split(",");
}

/** The lines of a file, and how many of them cannot be read. A last line that was cut off is one of those. */
export function parseLedger(text: string): { readonly lines: LedgerLine[]; readonly unreadable: number } {
  const [header = "", ...rows] = text.split("\n");
  const columns = columnsOf(header);
  const filled = rows.map((row, i) => ({ row: row.trim(), isWhole: i < rows.length - 1 }))
    .filter(({ row }) => row !== "");
  const lines = filled.map(({ row, isWhole }) => isWhole ? parseLine(row, columns) : null);
  const readable = lines.filter((line) => line !== null);
  return { lines: readable, unreadable: lines.length - readable.length };
}

function parseLine(row: string, columns: readonly string[]): LedgerLine | null {
  const cells = row.split(",");
  if (cells.length !== columns.length) return null;
  const cellOf = new Map(columns.map((column, i) => [column, cells[i]!]));
  const values: Record<string, unknown> = {};
  for (const [column, kind] of Object.entries(KIND_OF_COLUMN)) {
    const value = parseValue(cellOf.get(column) ?? "", kind!);
    if (value === undefined) return null;
    values[column] = value;
  }
  const line = fromDocument(values) as LedgerLine;
  return Number.isNaN(Date.parse(line.firstBlockTime)) ? null : line;
}

/** `undefined` for a value that is missing or wrong. */
function parseValue(cell: string, kind: Kind): string | number | boolean | null | undefined {
  if (cell === "") return kind.endsWith("?") ? null : undefined;
  switch (kind) {
    case "text":
    case "text?":
      return cell;
    case "boolean":
      return cell === "true" ? true : cell === "false" ? false : undefined;
    case "number":
    case "number?": {
      const value = Number(cell);
      return Number.isFinite(value) ? value : undefined;
    }
  }
}
