/**
 * Settles which window to process, and waits for one that is close (spec, section 3).
 *
 * @module
 */

import type { BlockRef } from "../../chain/types.ts";
import { AUCTION_INTERVAL_SECONDS, WINDOW_WAIT_ROUNDS } from "../../auction/protocol/constants.ts";
import { locateInWindows, type ValidationWindow, windowAt } from "../../auction/protocol/windows.ts";

const ROUND_MS = 1000;

/** Options of {@link settleWindow}. */
export interface WindowTransitionOptions {
  /** The best head at the start of the job. */
  readonly head: BlockRef;
  /** The epoch start computed at that head; it holds for the whole job. */
  readonly epochStartBlock: number;
  /** Returns the best head's number. It may reconnect; a failure costs one round. */
  readonly bestHeadNumber: () => Promise<number>;
  /** Returns the best head with its hash. */
  readonly bestHead: () => Promise<BlockRef>;
  readonly sleep: (ms: number) => Promise<void>;
  /** Milliseconds on a clock that never goes back. */
  readonly monotonicMs: () => number;
  /** Called once when the wait begins. */
  readonly onWait?: (next: ValidationWindow, secondsToNext: number) => void;
  /** Called when reading the head failed. */
  readonly onLookFailed?: (error: unknown) => void;
}

/** The window to process. */
export interface SettledWindow {
  readonly window: ValidationWindow;
  /** The best head that decided it. */
  readonly head: BlockRef;
  /** `none`: the next window was not close. `came`: it began. `timed-out`: it did not begin within 48 rounds. */
  readonly wait: "none" | "came" | "timed-out";
  readonly waitRounds: number;
}

/**
 * Settles which window the job processes: the one the chain is in, or the next one if it is at most 45 s away and begins
 * within 48 rounds of one second.
 */
export async function settleWindow(options: WindowTransitionOptions): Promise<SettledWindow> {
  const { head, epochStartBlock, bestHeadNumber, bestHead, sleep, monotonicMs } = options;
  const { current, next, secondsToNext, nextIsClose } = locateInWindows(head.number, epochStartBlock);
  if (!nextIsClose) return { window: current, head, wait: "none", waitRounds: 0 };

  options.onWait?.(next, secondsToNext);
  // Requests that hang must not use up the job's time: the rounds end with the interval.
  const deadlineMs = monotonicMs() + AUCTION_INTERVAL_SECONDS * 1000;
  let round = 0;
  while (round < WINDOW_WAIT_ROUNDS && monotonicMs() < deadlineMs) {
    round++;
    await sleep(ROUND_MS);
    try {
      // The head may go back a block, so only a later window counts as a different one.
      if (windowAt(await bestHeadNumber(), epochStartBlock).firstBlock <= current.firstBlock) continue;
      const newHead = await bestHead();
      const window = windowAt(newHead.number, epochStartBlock);
      if (window.firstBlock <= current.firstBlock) continue;
      return { window, head: newHead, wait: "came", waitRounds: round };
    } catch (error) {
      options.onLookFailed?.(error);
    }
  }
  return { window: current, head, wait: "timed-out", waitRounds: round };
}
