/**
 * The ledger added up by day. Pure.
 *
 * @module
 */

import type { Amount } from "../../auction/credit/payment.ts";
import { BLOCK_TIME_SECONDS, WINDOW_BLOCKS, WINDOWS_PER_EPOCH } from "../../auction/protocol/constants.ts";
import type { PayLine } from "./pay_line.ts";
import type { LedgerLine } from "./ledger_line.ts";

/** A sum over windows. */
export interface EarningsSum {
  /** Windows in the ledger. */
  readonly windows: number;
  /** Windows that are not in it although they were between others, or after the last one: the agent did not see them. */
  readonly missingWindows: number;
  /** Windows in which something was won. */
  readonly wonWindows: number;
  readonly ambiguousWindows: number;
  /** On average over the windows in the ledger. */
  readonly offeredPh: number;
  readonly wonPh: number;
  /** If all that was won is credited. */
  readonly expected: Amount;
  /** Windows whose credit is known. */
  readonly creditedWindows: number;
  /** What was credited of them; `null` if none is known. */
  readonly credited: Amount | null;
  /** What was credited as a share of what was won, over the windows whose credit is known; `null` if nothing was won. */
  readonly creditedShare: number | null;
  /** Epochs of the chain that were seen to be paid. */
  readonly paidEpochs: number;
  /** What they paid; `null` if the chain did not tell. */
  readonly paidAlpha: number | null;
  /** That as a share of what was expected, over the epochs that could be compared; `null` if none could. */
  readonly paidShare: number | null;
}

/** A day, in UTC. */
export interface DayEarnings extends EarningsSum {
  /** `2026-11-27` */
  readonly day: string;
}

/** The ledger of some days. */
export interface Earnings {
  /** The oldest first; days before the ledger begins are left out. */
  readonly days: readonly DayEarnings[];
  readonly total: EarningsSum;
}

const DAY_MS = 86_400_000;
const BLOCK_MS = BLOCK_TIME_SECONDS * 1000;
/** A window is written after its end, when its credit is known. */
const WRITING_MS = WINDOW_BLOCKS * BLOCK_MS;

/** The day of a time, in UTC. */
export function dayOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}

/** The first of the last `days` days, today included. */
export function firstDay(days: number, nowMs: number): string {
  return dayOf(nowMs - (days - 1) * DAY_MS);
}

/**
 * Adds up the last days.
 *
 * @param lines in the order of their blocks; lines before the first day tell which windows are missing at its beginning.
 * @param epochs what the chain paid.
 * @param days how many, today included.
 */
export function addUpEarnings(
  lines: readonly LedgerLine[],
  epochs: readonly PayLine[],
  days: number,
  nowMs: number,
): Earnings {
  const since = firstDay(days, nowMs);
  const inDays = lines.filter((line) => dayOfLine(line) >= since);
  const missing = missingTimes(lines, nowMs).map(dayOf).filter((day) => day >= since);
  const paid = epochs.filter((epoch) => dayOfEpoch(epoch) >= since);
  const linesOfDay = Map.groupBy(inDays, dayOfLine);
  const epochsOfDay = Map.groupBy(paid, dayOfEpoch);
  const missingOfDay = Map.groupBy(missing, (day) => day);
  const seen = [...new Set([...linesOfDay.keys(), ...missingOfDay.keys(), ...epochsOfDay.keys()])].sort();
  return {
    days: seen.map((day) => ({
      day,
      ...sum(linesOfDay.get(day) ?? [], missingOfDay.get(day)?.length ?? 0),
      ...sumPaid(epochsOfDay.get(day) ?? []),
    })),
    total: { ...sum(inDays, missing.length), ...sumPaid(paid) },
  };
}

function dayOfLine({ firstBlockTime }: LedgerLine): string {
  return dayOf(Date.parse(firstBlockTime));
}

function dayOfEpoch({ seenAt }: PayLine): string {
  return dayOf(Date.parse(seenAt));
}

/** When the windows began that are missing between lines, and after the last one. */
function missingTimes(lines: readonly LedgerLine[], nowMs: number): number[] {
  return lines.flatMap((line, i) => {
    const next = lines[i + 1];
    const times: number[] = [];
    const startMs = Date.parse(line.firstBlockTime);
    // The last window of an epoch has one block more.
    const length = (index: number): number => WINDOW_BLOCKS + (index === WINDOWS_PER_EPOCH - 1 ? 1 : 0);
    let index = line.windowIndex;
    let firstBlock = line.firstBlock;
    for (;;) {
      firstBlock += length(index);
      index = (index + 1) % WINDOWS_PER_EPOCH;
      const beganMs = startMs + (firstBlock - line.firstBlock) * BLOCK_MS;
      const isOver = next === undefined
        ? beganMs + length(index) * BLOCK_MS + WRITING_MS > nowMs
        : firstBlock + length(index) > next.firstBlock;
      if (isOver) return times;
      times.push(beganMs);
    }
  });
}

type PaidSum = Pick<EarningsSum, "paidEpochs" | "paidAlpha" | "paidShare">;

function sumPaid(epochs: readonly PayLine[]): PaidSum {
  const amounts = epochs.flatMap(({ paidAlpha }) => paidAlpha ?? []);
  const compared = epochs.filter(({ expectedShare }) => expectedShare !== null);
  const expected = compared.reduce((total, { expectedShare }) => total + (expectedShare ?? 0), 0);
  const paid = compared.reduce((total, { paidShare }) => total + paidShare, 0);
  return {
    paidEpochs: epochs.length,
    paidAlpha: amounts.length === 0 ? null : amounts.reduce((total, alpha) => total + alpha, 0),
    paidShare: expected === 0 ? null : paid / expected,
  };
}

function sum(lines: readonly LedgerLine[], missingWindows: number): Omit<EarningsSum, keyof PaidSum> {
  const total = (of: (line: LedgerLine) => number | null, among = lines): number =>
    among.reduce((amount, line) => amount + (of(line) ?? 0), 0);
  const mean = (of: (line: LedgerLine) => number): number =>
    lines.length === 0 ? 0 : total(of) / lines.length;
  const credited = lines.filter(({ creditedPh }) => creditedPh !== null);
  const wonPh = total((line) => line.wonPh, credited);
  return {
    windows: lines.length,
    missingWindows,
    wonWindows: lines.filter(({ wonWorkers }) => wonWorkers > 0).length,
    ambiguousWindows: lines.filter(({ ambiguous }) => ambiguous).length,
    offeredPh: mean((line) => line.offeredPh),
    wonPh: mean((line) => line.wonPh),
    expected: {
      alpha: total((line) => line.expectedAlpha),
      tao: total((line) => line.expectedTao),
      usdc: total((line) => line.expectedUsdc),
    },
    creditedWindows: credited.length,
    credited: credited.length === 0 ? null : {
      alpha: total((line) => line.creditedAlpha),
      tao: total((line) => line.creditedTao),
      usdc: total((line) => line.creditedUsdc),
    },
    creditedShare: wonPh === 0 ? null : total((line) => line.creditedPh, credited) / wonPh,
  };
}
