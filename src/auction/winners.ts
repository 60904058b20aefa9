/**
 * The winner list of an auction, as validators order it (spec, section 5).
 *
 * @module
 */

import { compareByCodePoint } from "./protocol/python_text.ts";
import type { AuctionItem, Bid } from "./inputs/problem.ts";

/**
 * The winners as runs of equal workers, sorted by price, then by the *text* of the size, then by
 * `hotkey:size`. Runs of the same hotkey, size and price are merged.
 *
 * @param wins workers won, parallel to `items`.
 * @throws {RangeError} if `wins` does not match `items`.
 */
export function listWinners(items: readonly AuctionItem[], wins: readonly number[]): Bid[] {
  if (wins.length !== items.length) {
    throw new RangeError(`Cannot list the winners: ${wins.length} win counts for ${items.length} items`);
  }
  const runs = new Map<string, Bid>();
  for (const [i, { hotkey, sizeText, hashrateFp18, priceFp18, count }] of items.entries()) {
    const won = wins[i]!;
    if (!Number.isInteger(won) || won < 0 || won > count) {
      throw new RangeError(`Cannot list the winners: item ${i} has ${count} workers and ${won} wins`);
    }
    if (won === 0) continue;
    const key = `${priceFp18}:${hotkey}:${sizeText}`;
    const run = runs.get(key);
    runs.set(key, { hotkey, sizeText, hashrateFp18, priceFp18, count: won + (run?.count ?? 0) });
  }
  return [...runs.values()].sort((a, b) =>
    (a.priceFp18 < b.priceFp18 ? -1 : a.priceFp18 > b.priceFp18 ? 1 : 0) ||
    compareByCodePoint(a.sizeText, b.sizeText) ||
    compareByCodePoint(`${a.hotkey}:${a.sizeText}`, `${b.hotkey}:${b.sizeText}`)
  );
}
