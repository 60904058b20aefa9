/**
 * The integrator's callbacks: edit the two functions below to drive ASICs or anything else.
 *
 * The agent calls both after every auction, before it routes: first with the workers that won, then with those that lost.
 * They may be `async`, but routing waits for them, so keep them short. An error is logged and stops neither the other
 * callback nor the routing. With `--dry-run` they are not called.
 *
 * @module
 */

import type { AuctionOutcome, WorkerRun } from "../auction/outcome.ts";

/** What both callbacks receive besides the workers. */
export interface AuctionCallbackContext {
  /** The whole outcome: window, prices, budget, solver, ambiguity. */
  readonly outcome: AuctionOutcome;
}

/**
 * Called with the workers that won and must deliver during the window.
 *
 * @param wonBids equal workers as one entry: `{ hashratePh: "0.45", price: "1.05", count: 2 }`; empty if nothing won.
 */
export async function handleWonBids(
  _wonBids: readonly WorkerRun[],
  _context: AuctionCallbackContext,
): Promise<void> {
  // For each entry: switch `count` machines of `hashratePh` to the subnet's pool until
  // `_context.outcome.window.lastBlockTime`.
}

/**
 * Called with the workers that lost and are free for other work.
 *
 * @param lostBids as in {@link handleWonBids}; empty if nothing lost, or if this hotkey had no bid.
 */
export async function handleLostBids(
  _lostBids: readonly WorkerRun[],
  _context: AuctionCallbackContext,
): Promise<void> {
  // For each entry: switch `count` machines of `hashratePh` elsewhere.
}
