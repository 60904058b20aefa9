/**
 * Detects a chain that stands still: a node without peers keeps answering with the same head.
 *
 * @module
 */

import { BLOCK_TIME_SECONDS } from "../auction/protocol/constants.ts";
import type { ValidationWindow } from "../auction/protocol/windows.ts";

/** A moment on both clocks, in milliseconds. */
export interface Moment {
  /** On a clock that never goes back. */
  readonly monotonicMs: number;
  /** Since 1970. */
  readonly nowMs: number;
}

/** The highest block seen of one chain, and when it was first seen. */
export class ChainProgress {
  #head: { readonly blockNumber: number; readonly seen: Moment } | null = null;

  /** Notes a block; it may be the same again, or a lower one on another branch. */
  note(blockNumber: number, seen: Moment): void {
    if (this.#head === null || blockNumber > this.#head.blockNumber) this.#head = { blockNumber, seen };
  }

  /** Whether a block of this number, or a higher one, was seen. */
  hasSeen(blockNumber: number): boolean {
    return this.#head !== null && this.#head.blockNumber >= blockNumber;
  }

  /**
   * When a window ends at the latest, judging by the blocks seen; `Infinity` before the first block. It counts from when
   * blocks were seen, since the host's clock may differ from the chain's.
   *
   * @returns milliseconds on the monotonic clock.
   */
  endOfMs({ lastBlock }: ValidationWindow): number {
    if (this.#head === null) return Infinity;
    const { blockNumber, seen } = this.#head;
    return seen.monotonicMs + (lastBlock + 1 - blockNumber) * BLOCK_TIME_SECONDS * 1000;
  }

  /** The error of a run that finds the chain standing still. Its message stays the same until the chain moves. */
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
