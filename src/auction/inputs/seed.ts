/**
 * The random seed of the validators' solver (spec, section 5; `vectors/cbc-seed.json`).
 *
 * @module
 */

import { readPythonInteger } from "../protocol/python_text.ts";

const SEED_MODULUS = 2n ** 31n - 1n;
const SIGNIFICANT_CHARACTERS = 16;

/**
 * The seed, 1 to 2147483647, from the text of a block hash: its last 16 hex digits as an integer modulo 2^31 − 1, plus 1.
 * Text that Python's `int(text, 16)` rejects counts as 0.
 */
export function solverSeed(blockHash: string): number {
  const significant = [...blockHash.replace(/^[0x]+/, "")].slice(-SIGNIFICANT_CHARACTERS).join("");
  const value = readPythonInteger(significant, 16) ?? 0n;
  return Number(((value % SEED_MODULUS) + SEED_MODULUS) % SEED_MODULUS) + 1;
}
