/**
 * Sums of win counts: totals, and the part of one hotkey.
 *
 * @module
 */

import type { AuctionItem } from "../inputs/problem.ts";
import type { HotkeyRanges, SolverResult } from "./types.ts";

/** The runs of one hotkey that share size and price. */
export interface OwnBid {
  readonly item: AuctionItem;
  /** Indexes into the items, ascending. */
  readonly itemIndexes: readonly number[];
  /** Workers offered, the sum over the runs. */
  readonly count: number;
}

/** The bids of a hotkey, in order of first appearance; empty when it has no items. */
export function bidsOfHotkey(items: readonly AuctionItem[], hotkey: string): OwnBid[] {
  const bids = new Map<string, { item: AuctionItem; itemIndexes: number[]; count: number }>();
  items.forEach((item, index) => {
    if (item.hotkey !== hotkey) return;
    const key = `${item.hashrateFp18}@${item.priceFp18}`;
    const bid = bids.get(key);
    if (bid === undefined) bids.set(key, { item, itemIndexes: [index], count: item.count });
    else {
      bid.itemIndexes.push(index);
      bid.count += item.count;
    }
  });
  return [...bids.values()];
}

/** Total value and cost of `wins` (parallel to `items`), in millionths of a PH. */
export function totalsOfWins(
  items: readonly AuctionItem[],
  wins: readonly number[],
): { totalValue: bigint; totalCost: bigint } {
  let totalValue = 0n;
  let totalCost = 0n;
  items.forEach(({ cost, value }, index) => {
    totalValue += value * BigInt(wins[index]!);
    totalCost += cost * BigInt(wins[index]!);
  });
  return { totalValue, totalCost };
}

/** How an outcome was decided. */
export type Decision = Pick<
  SolverResult,
  "engine" | "decidedBy" | "provenOptimal" | "build" | "durationMs"
>;

/** The result of an outcome that is the validators' own, so that nothing else is possible. */
export function certainResult(
  items: readonly AuctionItem[],
  wins: readonly number[],
  ownHotkey: string | null,
  decision: Decision,
): SolverResult {
  return {
    ...decision,
    parity: "validator",
    limitation: null,
    ...totalsOfWins(items, wins),
    wins,
    own: ownHotkey === null ? null : rangesOfOutcome(items, wins, ownHotkey),
    ambiguous: false,
    fallbackReason: null,
  };
}

/** The ranges of an outcome that is certain: each a single value. `null` when the hotkey has no items. */
export function rangesOfOutcome(
  items: readonly AuctionItem[],
  wins: readonly number[],
  hotkey: string,
): HotkeyRanges | null {
  const bids = bidsOfHotkey(items, hotkey);
  if (bids.length === 0) return null;
  const own = items.map((item, index) => item.hotkey === hotkey ? wins[index]! : 0);
  const exactly = <T>(amount: T): { fewest: T; most: T } => ({ fewest: amount, most: amount });
  return {
    hotkey,
    runs: bids.flatMap(({ itemIndexes }) => itemIndexes).sort((a, b) => a - b)
      .map((itemIndex) => ({ itemIndex, won: exactly(own[itemIndex]!) })),
    bids: bids.map(({ item: { sizeText, hashrateFp18, priceFp18 }, itemIndexes, count }) => ({
      sizeText,
      hashrateFp18,
      priceFp18,
      count,
      won: exactly(itemIndexes.reduce((sum, index) => sum + own[index]!, 0)),
    })),
    workers: exactly(own.reduce((sum, count) => sum + count, 0)),
    value: exactly(totalsOfWins(items, own).totalValue),
    exact: true,
  };
}
