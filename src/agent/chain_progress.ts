/**
 * Whether the chain moves: a node that has lost its peers answers on and on, always with the same head.
 *
 * @module
 */

import { BLOCK_TIME_SECONDS } from "../auction/protocol/constants.ts";
import type { ValidationWindow } from "../auction/protocol/windows.ts";

/** A moment by both clocks, in milliseconds. */
export interface Moment {
  /** On a clock that never goes back. */
  readonly monotonicMs: number;
  /** Since 1970. */
  readonly nowMs: number;
}

/** The highest block that was seen, and when it was seen first. One chain's. */
export class ChainProgress {
  #head: { readonly blockNumber: number; readonly seen: Moment } | null = null;

  /** A block was seen, the same one again perhaps, or a lower one on another branch. */
  note(blockNumber: number, seen: Moment): void {
    if (this.#head === null || blockNumber > this.#head.blockNumber) this.#head = { blockNumber, seen };
  }

  /**
   * Until when a window can be the current one, as far as the chain was seen to move; `Infinity` before any block was
   * seen. It goes by when blocks were seen, since the host's clock may differ from the chain's.
   *
   * @returns milliseconds on the monotonic clock.
   */
  endOfMs({ lastBlock }: ValidationWindow): number {
    if (this.#head === null) return Infinity;
    const { blockNumber, seen } = this.#head;
    return seen.monotonicMs + (lastBlock + 1 - blockNumber) * BLOCK_TIME_SECONDS * 1000;
  }

  /** The error of a run that finds the chain where it was long ago. The same for as long as it does not move. */
  stalledError(): Error {
    const where = this.#head === null
      ? "seen"
      : `beyond ${this.#head.blockNumber} since ${new Date(this.#head.seen.nowMs).toISOString()}`;
    return new Error(
      `Cannot tell the current window: the endpoints answer, but the chain has no block ${where}; ` +
        "check whether the node is in sync, or set another one in [bittensor] network",
    );
  }
}
