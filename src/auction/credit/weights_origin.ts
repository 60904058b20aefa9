/**
 * Which windows an epoch of the chain pays for (spec, sections 3 and 10).
 *
 * Validators commit a validation epoch's weights in window 0 of the next one. The chain reveals them `RevealPeriodEpochs` of
 * its own epochs later, and the end of that epoch pays by them.
 *
 * @module
 */

import { VALIDATION_EPOCH_BLOCKS, WINDOW_BLOCKS } from "../protocol/constants.ts";
import { floorModulo } from "../protocol/integer_math.ts";

/** The blocks of six windows. */
export interface ValidationEpoch {
  readonly firstBlock: number;
  /** Inclusive. */
  readonly lastBlock: number;
}

/** What the way from windows to pay depends on. */
export interface PaySchedule {
  /** Any epoch start of the subnet (spec, section 3). */
  readonly epochStartBlock: number;
  /** `SubtensorModule.Tempo` in blocks; an epoch has one block more. */
  readonly tempo: number;
  /** `SubtensorModule.RevealPeriodEpochs`. */
  readonly revealPeriodEpochs: number;
}

/** The validation epoch that contains a block. */
export function validationEpochAt(block: number, epochStartBlock: number): ValidationEpoch {
  const firstBlock = block - floorModulo(block - epochStartBlock + WINDOW_BLOCKS, VALIDATION_EPOCH_BLOCKS);
  return { firstBlock, lastBlock: firstBlock + VALIDATION_EPOCH_BLOCKS - 1 };
}

/**
 * The validation epoch whose weights the chain paid by.
 *
 * @param paidAtBlock the block that ended an epoch of the chain; with a fixed tempo, an epoch start of section 3.
 */
export function weightsOrigin(paidAtBlock: number, schedule: PaySchedule): ValidationEpoch {
  const { epochStartBlock, tempo, revealPeriodEpochs } = schedule;
  const committedBy = paidAtBlock - revealPeriodEpochs * (tempo + 1);
  const { firstBlock } = validationEpochAt(committedBy, epochStartBlock);
  return validationEpochAt(firstBlock - 1, epochStartBlock);
}

/** The block that pays for a validation epoch: the reverse of {@link weightsOrigin} for a fixed tempo. */
export function paidAtBlock({ lastBlock }: ValidationEpoch, schedule: PaySchedule): number {
  const { epochStartBlock, tempo, revealPeriodEpochs } = schedule;
  const committedAt = lastBlock + 1;
  const blocksToEpochEnd = floorModulo(epochStartBlock - committedAt, tempo + 1);
  return committedAt + blocksToEpochEnd + revealPeriodEpochs * (tempo + 1);
}

/**
 * The first block whose pay can be compared with our own results.
 *
 * @param firstWindowBlock the first block of the first window whose result is known.
 */
export function firstComparableBlock(firstWindowBlock: number, schedule: PaySchedule): number {
  const epoch = validationEpochAt(firstWindowBlock, schedule.epochStartBlock);
  const whole = epoch.firstBlock === firstWindowBlock
    ? epoch
    : validationEpochAt(epoch.lastBlock + 1, schedule.epochStartBlock);
  return paidAtBlock(whole, schedule);
}
