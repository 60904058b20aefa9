/**
 * Which price to bid: what each price would have won in one or several windows, and the best of them. Pure.
 *
 * It cannot know what the other bidders would have done, and assumes that they keep their bids.
 *
 * @module
 */

import type { Amount } from "../credit/payment.ts";
import type { CommittedBid } from "../protocol/bid_commitment.ts";
import { formatFp18, parseFp18 } from "../protocol/fp18.ts";
import { bidsOnChain, offeredWorkers } from "./own_bid.ts";
import {
  type AdviceOptions,
  type AdviceWindow,
  adviseInWindow,
  type PriceLine,
  type Span,
  type WindowAdvice,
} from "./window_advice.ts";

/** The prices that are always tried out: 0.90 to 1.05 in steps of 0.005. */
const [LOWEST_FP18, HIGHEST_FP18, STEP_FP18] = [parseFp18("0.9"), parseFp18("1.05"), parseFp18("0.005")];

/** USDC per day that make no difference: the noise of sums. */
const TOLERANCE_USDC = 1e-9;

/** One price over all windows. The figures are averages over the windows. */
export interface AveragedLine extends Omit<PriceLine, "decidedBy"> {
  /** Whether the newest window has a bid at this price from this hotkey. */
  readonly isOnChain: boolean;
  /** Whether `[workers]` names this price. */
  readonly isConfigured: boolean;
  readonly isBest: boolean;
  /** In how many windows the validators' winners are known, by the single-size rule or because nothing can win. */
  readonly decidedWindows: number;
}

/** The advice from one or several windows. */
export interface Advice {
  /** SS58 address. */
  readonly hotkey: string;
  /** The workers that are offered at each price, by size. */
  readonly offer: { readonly workers: number; readonly hashratePh: number; readonly sizes: Sizes };
  /** What the same hashrate earns elsewhere, as a multiple of the hashprice: decimal text. */
  readonly alternative: string;
  /** In ascending order of the prices. */
  readonly lines: readonly AveragedLine[];
  /** The price of the best line; `null` if none earns more than the alternative. */
  readonly bestPrice: string | null;
  /** The oldest first. */
  readonly windows: readonly WindowAdvice[];
}

type Sizes = readonly { readonly hashratePh: string; readonly count: number }[];

/** Input of {@link advise}. */
export interface AdviceInput extends Omit<AdviceOptions, "pricesFp18" | "timeLimitMs"> {
  /** At least one; the oldest first. */
  readonly windows: readonly AdviceWindow[];
  /** Time for each window. */
  readonly windowLimitMs: number;
}

/**
 * Tries out each price in each window.
 *
 * @throws {import("../protocol/errors.ts").ProtocolError} if a snapshot has no share for mechanism 1.
 * @throws what `pause` throws.
 */
export async function advise({ windows, windowLimitMs, ...options }: AdviceInput): Promise<Advice> {
  const { hotkey, offers, alternativeFp18 } = options;
  const onChain = windows.map(({ snapshot }) => bidsOnChain(snapshot, hotkey).map((bid) => bid.priceFp18));
  const configured = offers.map((offer) => offer.priceFp18);
  const pricesFp18 = [...new Set([...grid(), ...onChain.flat(), ...configured])]
    .sort((a, b) => a < b ? -1 : a > b ? 1 : 0);
  const advices: WindowAdvice[] = [];
  for (const window of windows) {
    advices.push(await adviseInWindow(window, { ...options, pricesFp18, timeLimitMs: windowLimitMs }));
  }
  const averages = pricesFp18.map((_, i) => averageLine(advices.map(({ lines }) => lines[i]!)));
  const best = bestOf(averages);
  const workers = offeredWorkers(offers);
  return {
    hotkey,
    offer: {
      workers: workers.reduce((sum, { count }) => sum + count, 0),
      hashratePh: hashrateOf(workers),
      sizes: workers.map(({ sizeText, count }) => ({ hashratePh: sizeText, count })),
    },
    alternative: formatFp18(alternativeFp18),
    lines: averages.map((line, i) => ({
      ...line,
      isOnChain: onChain.at(-1)!.includes(pricesFp18[i]!),
      isConfigured: configured.includes(pricesFp18[i]!),
      isBest: line === best,
    })),
    bestPrice: best?.price ?? null,
    windows: advices,
  };
}

function grid(): bigint[] {
  const count = Number((HIGHEST_FP18 - LOWEST_FP18) / STEP_FP18) + 1;
  return Array.from({ length: count }, (_, i) => LOWEST_FP18 + STEP_FP18 * BigInt(i));
}

function hashrateOf(workers: readonly CommittedBid[]): number {
  return Number(workers.reduce((sum, { hashrateFp18, count }) => sum + hashrateFp18 * BigInt(count), 0n)) /
    1e18;
}

type Average = Omit<AveragedLine, "isOnChain" | "isConfigured" | "isBest">;

/** The same price in each window. */
function averageLine(lines: readonly PriceLine[]): Average {
  const newest = lines.at(-1)!;
  const mean = (of: (line: PriceLine) => number): number =>
    lines.reduce((sum, line) => sum + of(line), 0) / lines.length;
  const meanSpan = (of: (line: PriceLine) => Span): Span => ({
    fewest: mean((line) => of(line).fewest),
    most: mean((line) => of(line).most),
  });
  const meanAmount = (end: keyof Span): Amount => ({
    alpha: mean(({ perDay }) => perDay[end].alpha),
    tao: mean(({ perDay }) => perDay[end].tao),
    usdc: mean(({ perDay }) => perDay[end].usdc),
  });
  return {
    price: newest.price,
    workers: meanSpan(({ workers }) => workers),
    hashratePh: meanSpan(({ hashratePh }) => hashratePh),
    exact: lines.every(({ exact }) => exact),
    decidedWindows: lines.filter(({ decidedBy }) => decidedBy !== "glpk").length,
    perDay: { fewest: meanAmount("fewest"), most: meanAmount("most") },
    advantagePerDayUsdc: meanSpan(({ advantagePerDayUsdc }) => advantagePerDayUsdc),
    reason: lines.every(({ reason }) => reason !== null) ? newest.reason : null,
    market: { belowPh: mean(({ market }) => market.belowPh), atPh: mean(({ market }) => market.atPh) },
  };
}

/**
 * The line with the greatest advantage that is certain; of equal ones the one with the greatest possible advantage, and then
 * the cheapest, which has the most room below the others. `null` if no line can earn more than the alternative.
 */
function bestOf(lines: readonly Average[]): Average | null {
  let best: Average | null = null;
  for (const line of lines) {
    if (greatest(line) > TOLERANCE_USDC && (best === null || isBetter(line, best))) best = line;
  }
  return best;
}

function isBetter(line: Average, than: Average): boolean {
  const certain = least(line) - least(than);
  if (Math.abs(certain) > TOLERANCE_USDC) return certain > 0;
  return greatest(line) - greatest(than) > TOLERANCE_USDC;
}

/** Below the alternative, the most that is won is the worst. */
function least({ advantagePerDayUsdc: { fewest, most } }: Average): number {
  return Math.min(fewest, most);
}

function greatest({ advantagePerDayUsdc: { fewest, most } }: Average): number {
  return Math.max(fewest, most);
}
