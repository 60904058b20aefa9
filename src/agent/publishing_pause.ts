/**
 * Remembers from which block on the chain lets the hotkey publish again, after it has refused a commitment for a limit of its
 * own: until then each try would fail in the same way.
 *
 * @module
 */

import { VALIDATION_EPOCH_BLOCKS } from "../auction/protocol/constants.ts";
import { JobFailedError } from "./workers/job_host.ts";

/** The longest pause: a worker names the block, and what a worker says may be false. */
const MAX_PAUSE_BLOCKS = 2 * VALIDATION_EPOCH_BLOCKS;

/** A pause in publishing. */
export class PublishingPause {
  #untilBlock: number | null = null;

  /** The first block at which publishing can succeed; `null` without a pause. */
  get untilBlock(): number | null {
    return this.#untilBlock;
  }

  /**
   * Notes how a run ended.
   *
   * @param error `null` if it succeeded.
   * @param headNumber the best head; `null` if it is unknown, and then nobody would notice the end of a pause.
   */
  note(error: unknown, headNumber: number | null): void {
    const untilBlock = error instanceof JobFailedError ? error.notBeforeBlock : null;
    this.#untilBlock = untilBlock === null || headNumber === null
      ? null
      : Math.min(untilBlock, headNumber + MAX_PAUSE_BLOCKS);
  }

  /** Whether it goes on at this head. */
  lasts(headNumber: number | null): boolean {
    return this.#untilBlock !== null && headNumber !== null && headNumber < this.#untilBlock;
  }

  /** Ends a pause that is over at this head; returns whether there was one. */
  endsAt(headNumber: number): boolean {
    if (this.#untilBlock === null || this.lasts(headNumber)) return false;
    this.#untilBlock = null;
    return true;
  }
}
