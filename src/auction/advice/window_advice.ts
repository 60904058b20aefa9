/**
 * What a miner would have won in a window at other prices, all else equal. It computes each price's auction as a whole, with
 * the built-in engine.
 *
 * @module
 */

import {
  type AuctionOutcome,
  concludeAuction,
  type ConsensusPrices,
  type OutcomeReason,
  type WindowReport,
} from "../outcome.ts";
import type { Amount, PaidHashrate } from "../credit/payment.ts";
import { worthOf, type WorthTerms } from "../credit/worth.ts";
import { paymentPricesOf } from "../worth.ts";
import { prepareAuction, type PreparedAuction } from "../inputs/prepare.ts";
import type { AuctionSnapshot } from "../inputs/snapshot.ts";
import { ProtocolError } from "../protocol/errors.ts";
import { formatFp18, fp18ToNumber } from "../protocol/fp18.ts";
import type { ValidationWindow } from "../protocol/windows.ts";
import type { WorkerOffer } from "../protocol/worker_sizes.ts";
import { solveBuiltIn } from "../solver/solve.ts";
import type { Decider, HotkeyRanges, SolverResult } from "../solver/types.ts";
import { ownStanding } from "../own_bids.ts";
import { type Market, type MarketAt, MarketView } from "./market.ts";
import { type BidPlace, bidTextAt, withOwnBid } from "./own_bid.ts";

/** A quantity over all optimal outcomes. */
export interface Span<T = number> {
  readonly fewest: T;
  readonly most: T;
}

/** What a bid can win in a window, and what that earns. */
export interface Sale {
  readonly workers: Span;
  readonly hashratePh: Span;
  /** Whether optimal outcomes attain both bounds; otherwise none lies outside, but the bounds may be too wide. */
  readonly exact: boolean;
  /** What decided: the single-size rule gives the validators' winners. `null` when there was nothing to solve. */
  readonly decidedBy: Decider | null;
  /** In a day of such windows, delivered and credited in full. */
  readonly perDay: Span<Amount>;
  /** What that is beyond the alternative, in USDC. */
  readonly advantagePerDayUsdc: Span;
  /** Why nothing can win; `null` if something can. */
  readonly reason: OutcomeReason | null;
}

/** One price of the advice. */
export interface PriceLine extends Sale {
  readonly price: string;
  readonly market: MarketAt;
}

/** The advice from one window. */
export interface WindowAdvice {
  readonly window: WindowReport;
  readonly prices: ConsensusPrices;
  readonly budgetPh: number | null;
  readonly market: Market;
  readonly registered: boolean;
  /** Why the bid on the chain, as it is, is not in the auction or cannot win: banned, too old, … */
  readonly standing: OutcomeReason | null;
  /** What the bid on the chain, as it is, can win: the outcome of the auction. */
  readonly current: Sale;
  /** Whether validators fail on this window's data, so that everything here is a guess. */
  readonly estimated: boolean;
  /** In ascending order of the prices. */
  readonly lines: readonly PriceLine[];
}

/** A window to try out prices in. */
export interface AdviceWindow {
  readonly snapshot: AuctionSnapshot;
  readonly window: ValidationWindow;
}

/** How to try them out. */
export interface AdviceOptions extends BidPlace {
  /** The workers; their own prices do not count. */
  readonly offers: readonly WorkerOffer[];
  /** In ascending order. */
  readonly pricesFp18: readonly bigint[];
  /** What the same hashrate earns elsewhere, as a multiple of the hashprice × 10^18. */
  readonly alternativeFp18: bigint;
  /** Time for the whole window. What is not proven by then is an outer bound. */
  readonly timeLimitMs: number;
  /** A monotonic clock in milliseconds. */
  readonly now: () => number;
  /** Awaited before each price, so that the caller can do other things, or throw to end the computation. */
  readonly pause: () => Promise<void>;
}

/** The bid on the chain gets more of the time than each price that is tried out. */
const CURRENT_SHARE = 0.4;
/** A price gets this much time even when it is up. */
const LEAST_SOLVE_MS = 10;

/**
 * Tries out prices in a window.
 *
 * @throws {ProtocolError} if the snapshot has no share for mechanism 1.
 * @throws what `pause` throws.
 */
export async function adviseInWindow(
  { snapshot, window }: AdviceWindow,
  options: AdviceOptions,
): Promise<WindowAdvice> {
  const { hotkey, pricesFp18, timeLimitMs, now, pause } = options;
  const deadline = now() + timeLimitMs;
  const compute = (tried: AuctionSnapshot, limitMs: number, known?: Computed): Promise<Computed> =>
    computeAuction({ snapshot: tried, window }, options, Math.max(LEAST_SOLVE_MS, limitMs), known);

  const current = await compute(snapshot, timeLimitMs * CURRENT_SHARE);
  const { prepared, outcome } = current;
  const market = new MarketView(prepared, outcome, hotkey);
  const lines: PriceLine[] = [];
  for (const [i, priceFp18] of pricesFp18.entries()) {
    await pause();
    const limitMs = (deadline - now()) / (pricesFp18.length - i);
    const sale = await tryPrice(priceFp18, (tried) => compute(tried, limitMs, current), snapshot, options);
    lines.push({ price: formatFp18(priceFp18), ...sale, market: market.around(priceFp18) });
  }
  const standing = ownStanding(prepared, snapshot, hotkey);
  return {
    window: outcome.window,
    prices: outcome.prices,
    budgetPh: outcome.budgetPh,
    market: market.market,
    registered: standing.registered,
    standing: standing.reason === null ? null : outcome.reason,
    current: saleOf(current, options),
    estimated: outcome.estimated,
    lines,
  };
}

/** An auction, solved. */
interface Computed {
  readonly prepared: PreparedAuction;
  readonly solved: SolverResult | null;
  readonly outcome: AuctionOutcome;
}

/** Computes an auction; one with the same own bids as `known` has its outcome. */
async function computeAuction(
  { snapshot, window }: AdviceWindow,
  { hotkey, now }: AdviceOptions,
  timeLimitMs: number,
  known?: Computed,
): Promise<Computed> {
  const prepared = prepareAuction(snapshot);
  if (known !== undefined && bidsKey(prepared, hotkey) === bidsKey(known.prepared, hotkey)) return known;
  const solved = prepared.problem === null ? null : await solveBuiltIn(prepared.problem, {
    ownHotkey: hotkey,
    prefer: "most-own",
    timeLimitMs,
    now,
  });
  const conclusion = { snapshot, window, hotkey, onAmbiguous: "deliver-possible", prepared, solved } as const;
  return { prepared, solved, outcome: concludeAuction(conclusion) };
}

/** The own bids in the auction, in the order that decides ties. */
function bidsKey({ bids }: PreparedAuction, hotkey: string): string {
  return bids.filter((bid) => bid.hotkey === hotkey)
    .map(({ hashrateFp18, priceFp18, count }) => `${hashrateFp18}@${priceFp18}×${count}`).join();
}

async function tryPrice(
  priceFp18: bigint,
  compute: (snapshot: AuctionSnapshot) => Promise<Computed>,
  snapshot: AuctionSnapshot,
  options: AdviceOptions,
): Promise<Sale> {
  let text: string;
  try {
    text = bidTextAt(options.offers, priceFp18);
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    return noSale({ code: "too-long", message: error.message });
  }
  return saleOf(await compute(withOwnBid(snapshot, options, text)), options);
}

function saleOf({ solved, outcome }: Computed, { alternativeFp18 }: AdviceOptions): Sale {
  const { prices, window, reason } = outcome;
  const paymentPrices = paymentPricesOf(prices);
  const own = solved?.own ?? null;
  if (paymentPrices === null || own === null) return noSale(reason);
  const terms = { prices: paymentPrices, windowIndex: window.index, alternativeFp18 };
  return {
    workers: own.workers,
    hashratePh: { fewest: Number(own.value.fewest) / 1e6, most: Number(own.value.most) / 1e6 },
    // An outer bound of a single value is attained.
    exact: own.exact || own.value.fewest === own.value.most && own.workers.fewest === own.workers.most,
    decidedBy: solved!.decidedBy,
    ...worthSpan(paidAt(own, "fewest"), paidAt(own, "most"), terms),
    reason: own.workers.most > 0 ? null : reason,
  };
}

/** What is paid for at one end of the ranges. At several prices the sum over the bids is an outer bound. */
function paidAt({ bids, value }: HotkeyRanges, end: keyof Span): PaidHashrate[] {
  const [first] = bids;
  if (first !== undefined && bids.every(({ priceFp18 }) => priceFp18 === first.priceFp18)) {
    return [{ hashratePh: Number(value[end]) / 1e6, priceFp18: first.priceFp18 }];
  }
  return bids.map(({ hashrateFp18, priceFp18, won }) => ({
    hashratePh: fp18ToNumber(hashrateFp18) * won[end],
    priceFp18,
  }));
}

function worthSpan(
  fewest: readonly PaidHashrate[],
  most: readonly PaidHashrate[],
  terms: WorthTerms,
): Pick<Sale, "perDay" | "advantagePerDayUsdc"> {
  const [least, greatest] = [worthOf(fewest, terms), worthOf(most, terms)];
  return {
    perDay: { fewest: least.perDay, most: greatest.perDay },
    advantagePerDayUsdc: { fewest: least.advantage.perDayUsdc, most: greatest.advantage.perDayUsdc },
  };
}

function noSale(reason: OutcomeReason | null): Sale {
  const none: Span = { fewest: 0, most: 0 };
  const nothing: Amount = { alpha: 0, tao: 0, usdc: 0 };
  return {
    workers: none,
    hashratePh: none,
    exact: true,
    decidedBy: null,
    perDay: { fewest: nothing, most: nothing },
    advantagePerDayUsdc: none,
    reason,
  };
}
