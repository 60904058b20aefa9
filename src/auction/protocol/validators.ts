/**
 * Finds the validators whose prices and bans count, and weighs stake (spec, sections 4.2, 4.4 and 4.5; the `stakes` cases of
 * `vectors/price-consensus.json`).
 *
 * @module
 */

import { parsePriceCommitment, type PriceCommitment } from "./price_commitment.ts";
import { ProtocolError } from "./errors.ts";
import { roundHalfEvenDivide } from "./integer_math.ts";

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

/**
 * The weight of a stake: the printed decimal of the double `stake / 1e9`, × 10^18, halves to even.
 *
 * @param stake as the validators' client delivers it. The client already divides the chain's rao by 1e9 and the consensus
 *   divides once more, so pass `Number(rao) / 1e9`; the weight is rao-sized.
 */
export function stakeWeight(stake: number): bigint {
  return scaleDecimalText(String(stake / 1e9));
}

/** `round(Decimal(text) * 10**18)` for the text of a non-negative finite double, which may have an exponent. */
function scaleDecimalText(text: string): bigint {
  const [mantissa, exponent = "0"] = text.split("e") as [string, string?];
  const [whole, fraction = ""] = mantissa.split(".") as [string, string?];
  const digits = BigInt(whole + fraction);
  const power = 18 + Number(exponent) - fraction.length;
  return power >= 0 ? digits * 10n ** BigInt(power) : roundHalfEvenDivide(digits, 10n ** BigInt(-power));
}
