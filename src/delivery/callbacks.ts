/**
 * The place to drive ASICs from: edit the two functions below.
 *
 * Both are called after every auction, before the proxy is told: first with the bids that won, then with those
 * that lost. They may be `async`; the proxy waits for them, so keep them short. An error in one of them is
 * logged and stops neither the other nor the routing. With `--dry-run` they are not called.
 *
 * @module
 */

import type { AuctionOutcome, WorkerRun } from "../auction/outcome.ts";

/** What both functions are told. */
export interface AuctionCallbackContext {
  /** The whole outcome: window, prices, budget, solver, ambiguity. */
  readonly outcome: AuctionOutcome;
}

/**
 * Called with the workers that won and must deliver during the window.
 *
 * @param wonBids equal workers as one entry: `{ hashratePh: "0.45", price: "1.05", count: 2 }`. Empty when
 *   nothing won.
 */
export async function handleWonBids(
  _wonBids: readonly WorkerRun[],
  _context: AuctionCallbackContext,
): Promise<void> {
  // For each bid: send `count` machines of `hashratePh` to the subnet's pool until
  // `_context.outcome.window.lastBlockTime`.
}

/**
 * Called with the workers that lost and are free for other work.
 *
 * @param lostBids as in {@link handleWonBids}. Empty when nothing lost, and when there was no bid of ours.
 */
export async function handleLostBids(
  _lostBids: readonly WorkerRun[],
  _context: AuctionCallbackContext,
): Promise<void> {
  // For each bid: send `count` machines of `hashratePh` elsewhere.
}
