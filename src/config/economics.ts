/**
 * `[economics]`: what the hashrate earns where it is not sold to the subnet.
 *
 * @module
 */

import { DEFAULT_ALTERNATIVE_FP18 } from "../auction/credit/payment.ts";
import { formatFp18 } from "../auction/protocol/fp18.ts";
import type { Resolution } from "./effective.ts";
import { readDecimal } from "./quantities.ts";
import type { ConfigFile } from "./schema.ts";

/** What a sale is compared with. */
export interface EconomicsConfig {
  /** What the same hashrate earns elsewhere, as a multiple of the hashprice × 10^18. */
  readonly alternativeFp18: bigint;
}

/** More is certainly another unit, such as USDC per PH/s and day. */
const MAX_ALTERNATIVE_FP18 = 10n ** 19n;

/** Resolves `[economics]`. */
export function resolveEconomics(values: ConfigFile["economics"], resolution: Resolution): EconomicsConfig {
  const section = resolution.section("economics", values);
  const alternative = readDecimal(section.pick("alternative", formatFp18(DEFAULT_ALTERNATIVE_FP18)));
  const refuse = (message: string): EconomicsConfig => {
    section.refuse("alternative", message);
    return { alternativeFp18: DEFAULT_ALTERNATIVE_FP18 };
  };
  if ("problem" in alternative) return refuse(alternative.problem);
  const { text, fp18: alternativeFp18 } = alternative;
  if (alternativeFp18 < 0n || alternativeFp18 > MAX_ALTERNATIVE_FP18) {
    return refuse(
      `is a multiple of the hashprice from 0 to ${formatFp18(MAX_ALTERNATIVE_FP18)}, ` +
        `such as "0.98" for a pool that keeps 2 %; it is ${text}`,
    );
  }
  return { alternativeFp18 };
}
