/**
 * The weight of stake (spec, section 4.2; the `stakes` cases of `vectors/price-consensus.json`).
 *
 * @module
 */

import { roundHalfEvenDivide } from "./integer_math.ts";

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
