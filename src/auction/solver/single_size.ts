/**
 * The validators' winners of an auction in which all workers have one size: there their program follows an exact rule, found
 * by experiment (spec, section 5; `vectors/single-size.json`). Pure.
 *
 * @module
 */

import type { AuctionProblem } from "../inputs/problem.ts";
import { itemsByColumn } from "./cbc/columns.ts";
import { sortLikeLibrary } from "./library_sort.ts";

/** A class of equal cost in which one worker alone wins gives it to its last one if it has more workers than this. */
const SMALL_CLASS = 2;

/**
 * Finds the winners.
 *
 * @returns workers won, parallel to `problem.items`; `null` where the rule is not claimed: without workers, with several
 *   sizes, for an objective without cost, or if the library would sort in another way.
 */
export function singleSizeWins({ items, cap, objective }: AuctionProblem): number[] | null {
  const [first] = items;
  if (first === undefined || objective !== "value-then-cost") return null;
  if (items.some(({ value }) => value !== first.value)) return null;
  const itemOfColumn = itemsByColumn(items);
  const costs = Float64Array.from(itemOfColumn, (item) => Number(items[item]!.cost));
  const order = sortLikeLibrary(costs);
  if (order === null) return null;
  const wins = items.map(() => 0);
  for (const column of chosen(order, costs, Number(cap))) wins[itemOfColumn[column]!]!++;
  return wins;
}

/** The winning columns: the cheapest that fit together, but for a single winner of the dearest class. */
function chosen(order: Int32Array, costs: Float64Array, cap: number): Int32Array {
  let count = 0;
  for (let left = cap; count < order.length && costs[order[count]!]! <= left; count++) {
    left -= costs[order[count]!]!;
  }
  const winners = order.slice(0, count);
  const dearest = costs[order[count - 1]!]!;
  const begin = order.findIndex((column) => costs[column] === dearest);
  const end = order.findLastIndex((column) => costs[column] === dearest) + 1;
  if (count - begin === 1 && end - begin > SMALL_CLASS) winners[count - 1] = order[end - 1]!;
  return winners;
}
