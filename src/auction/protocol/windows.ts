/**
 * Validation windows: the block ranges that one auction covers (spec, section 3; `vectors/windows.json`).
 *
 * @module
 */

import {
  BLOCK_TIME_SECONDS,
  VALIDATION_EPOCH_BLOCKS,
  WINDOW_BLOCKS,
  WINDOW_WAIT_THRESHOLD_SECONDS,
  WINDOWS_PER_EPOCH,
} from "./constants.ts";
import { floorModulo } from "./integer_math.ts";

/** One validation window. */
export interface ValidationWindow {
  /** 0 to 5 within its validation epoch; window 5 is one block longer than the others. */
  readonly index: number;
  /** Its inputs are read at this block. */
  readonly firstBlock: number;
  /** Inclusive. */
  readonly lastBlock: number;
}

/** The position of a block in the windows. */
export interface WindowPosition {
  /** The window that contains the block. */
  readonly current: ValidationWindow;
  readonly next: ValidationWindow;
  /** Seconds from the block to the next window's first block, by the block time. */
  readonly secondsToNext: number;
  /** Whether the next window is close enough to wait for it. */
  readonly nextIsClose: boolean;
}

/**
 * The start of the subnet epoch of `block`, by the chain's static formula; negative for the first blocks of a chain.
 */
export function epochStart(netuid: number, tempo: number, block: number): number {
  const rest = floorModulo(block + netuid + 1, tempo + 1);
  return block - (rest === tempo ? -1 : rest) - 1;
}

/**
 * The window that contains `block`.
 *
 * @param epochStartBlock any epoch start of the subnet: validation epochs begin 60 blocks before it and repeat
 *   every 361 blocks in both directions.
 */
export function windowAt(block: number, epochStartBlock: number): ValidationWindow {
  const blocksIntoEpoch = floorModulo(block - epochStartBlock + WINDOW_BLOCKS, VALIDATION_EPOCH_BLOCKS);
  const index = Math.min(Math.floor(blocksIntoEpoch / WINDOW_BLOCKS), WINDOWS_PER_EPOCH - 1);
  const validationEpochStart = block - blocksIntoEpoch;
  const isLast = index === WINDOWS_PER_EPOCH - 1;
  return {
    index,
    firstBlock: validationEpochStart + index * WINDOW_BLOCKS,
    lastBlock: validationEpochStart + (isLast ? VALIDATION_EPOCH_BLOCKS : (index + 1) * WINDOW_BLOCKS) - 1,
  };
}

/** The block that a window's inputs are of: its first one, or the genesis where a young chain's first window begins before it. */
export function inputBlockOf({ firstBlock }: ValidationWindow): number {
  return Math.max(firstBlock, 0);
}

/** The window that begins right after `window`. */
export function nextWindow(window: ValidationWindow, epochStartBlock: number): ValidationWindow {
  return windowAt(window.lastBlock + 1, epochStartBlock);
}

/** The first window that begins at `block` or later: its auction is the first that reads what `block` wrote. */
export function firstWindowFrom(block: number, epochStartBlock: number): ValidationWindow {
  const window = windowAt(block, epochStartBlock);
  return window.firstBlock === block ? window : nextWindow(window, epochStartBlock);
}

/**
 * Locates `headBlock`, and decides whether the auction job should wait for the next window (at most 45 s away) instead of
 * processing the current one.
 */
export function locateInWindows(headBlock: number, epochStartBlock: number): WindowPosition {
  const current = windowAt(headBlock, epochStartBlock);
  const next = nextWindow(current, epochStartBlock);
  const secondsToNext = (next.firstBlock - headBlock) * BLOCK_TIME_SECONDS;
  return { current, next, secondsToNext, nextIsClose: secondsToNext <= WINDOW_WAIT_THRESHOLD_SECONDS };
}
