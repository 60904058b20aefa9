/**
 * FP18: a decimal as an integer scaled by 10^18 (spec, section 1; `vectors/decimals.json`).
 *
 * @module
 */

import { FP18_ONE } from "./constants.ts";
import { ProtocolError } from "./errors.ts";
import { isDecimalDigits, MAX_DECIMAL_DIGITS, quote, stripSpace, toAsciiDigits } from "./python_text.ts";

const FRACTION_DIGITS = 18;

/**
 * Parses decimal text exactly. It accepts surrounding white space, one sign, digits of any script, and one point with digits
 * optional on either side (`.5`, `5.`, even `.`). At most 18 digits may follow the point after trailing zeros are dropped;
 * exponents and underscores are not accepted.
 *
 * @throws {ProtocolError} if the text is not such a decimal.
 *
 * @example
 * ```ts
 * parseFp18("0.45"); // 450000000000000000n
 * ```
 */
export function parseFp18(text: string): bigint {
  const stripped = stripSpace(text);
  if (stripped === "") throw new ProtocolError("Cannot read a decimal: the text is empty");
  const negative = stripped.startsWith("-");
  const unsigned = negative || stripped.startsWith("+") ? stripped.slice(1) : stripped;

  const point = unsigned.indexOf(".");
  const whole = point === -1 ? unsigned : unsigned.slice(0, point);
  // Only ASCII zeros count as trailing zeros: validators strip them before they convert digits of other scripts.
  const fraction = point === -1 ? "" : unsigned.slice(point + 1).replace(/0+$/, "");
  if (unsigned === "" || !isDecimalDigits(whole) || !isDecimalDigits(fraction)) {
    throw new ProtocolError(`Cannot read a decimal: ${quote(text)} is not one; write it like 0.45`);
  }
  const wholeDigits = toAsciiDigits(whole);
  const fractionDigits = toAsciiDigits(fraction);
  if (fractionDigits.length > FRACTION_DIGITS) {
    throw new ProtocolError(
      `Cannot read a decimal: ${
        quote(text)
      } has ${fractionDigits.length} digits after the point; at most ${FRACTION_DIGITS} fit`,
    );
  }
  if (wholeDigits.length + FRACTION_DIGITS > MAX_DECIMAL_DIGITS) {
    throw new ProtocolError(
      `Cannot read a decimal: ${
        quote(text)
      } has ${wholeDigits.length} digits before the point, too many to convert`,
    );
  }
  const magnitude = BigInt(wholeDigits + fractionDigits.padEnd(FRACTION_DIGITS, "0"));
  return negative ? -magnitude : magnitude;
}

/** The shortest decimal text of an FP18 integer: `450000000000000000n` is `"0.45"`, `10n ** 18n` is `"1"`. */
export function formatFp18(value: bigint): string {
  const magnitude = value < 0n ? -value : value;
  const whole = magnitude / FP18_ONE;
  const fraction = (magnitude % FP18_ONE).toString().padStart(FRACTION_DIGITS, "0").replace(/0+$/, "");
  return `${value < 0n ? "-" : ""}${whole}${fraction === "" ? "" : `.${fraction}`}`;
}

/** The double that validators compute with: the integer as a double, divided by 1e18. Infinite when it overflows. */
export function fp18ToNumber(value: bigint): number {
  return Number(value) / 1e18;
}
