/**
 * Finds the validators whose prices and bans count (spec, sections 4.4 and 4.5).
 *
 * @module
 */

import { parsePriceCommitment, type PriceCommitment } from "./price_commitment.ts";
import { ProtocolError } from "./protocol_error.ts";

/** A hotkey with stake and a readable price commitment. */
export interface Validator extends PriceCommitment {
  readonly hotkey: string;
  /** Greater than zero. */
  readonly stakeWeight: bigint;
}

/**
 * The validators among all commitments, in their order. Skips commitments of another type, unreadable ones, and those of
 * hotkeys without stake.
 *
 * @param commitments hotkey and field 0's bytes.
 * @param stakeWeights by hotkey; hotkeys without stake may be absent.
 */
export function findValidators(
  commitments: Iterable<readonly [hotkey: string, bytes: Uint8Array]>,
  stakeWeights: ReadonlyMap<string, bigint>,
): Validator[] {
  const validators: Validator[] = [];
  for (const [hotkey, bytes] of commitments) {
    const stakeWeight = stakeWeights.get(hotkey) ?? 0n;
    if (stakeWeight === 0n) continue;
    try {
      validators.push({ hotkey, stakeWeight, ...parsePriceCommitment(bytes) });
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
    }
  }
  return validators;
}
