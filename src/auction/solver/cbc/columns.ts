/**
 * The mapping of workers to columns of the file exchanged with CBC (spec, section 5).
 *
 * Worker number k is called `x_k`; columns follow the *text* order of these names: x_0, x_1, x_10, x_100, x_11, ….
 *
 * @module
 */

import type { AuctionItem } from "../../inputs/problem.ts";

/** The index of the item to which the worker of each column belongs. */
export function itemsByColumn(items: readonly Pick<AuctionItem, "count">[]): Int32Array<ArrayBuffer> {
  const itemOfWorker = new Int32Array(items.reduce((sum, { count }) => sum + count, 0));
  let worker = 0;
  items.forEach(({ count }, index) => {
    itemOfWorker.fill(index, worker, worker + count);
    worker += count;
  });
  return workersByColumn(itemOfWorker.length).map((worker) => itemOfWorker[worker]!);
}

/** The worker numbers 0..count-1 in the text order of their names: column number to worker number. */
export function workersByColumn(count: number): Int32Array<ArrayBuffer> {
  const order = new Int32Array(count);
  let column = 0;
  /** All numbers that start with the digits of `prefix`, the shortest first. */
  const visit = (prefix: number): void => {
    if (prefix >= count) return;
    order[column++] = prefix;
    for (let digit = 0; digit <= 9; digit++) visit(prefix * 10 + digit);
  };
  if (count > 0) order[column++] = 0;
  for (let first = 1; first <= 9; first++) visit(first);
  return order;
}

/** The name of a column, `X0000000`. */
export function columnName(column: number): string {
  return `X${String(column).padStart(7, "0")}`;
}
