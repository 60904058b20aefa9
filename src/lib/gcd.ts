/**
 * Greatest common divisors.
 *
 * @module
 */

/** The greatest common divisor of two non-negative safe integers; gcd(0, n) = n. */
export function gcd(a: number, b: number): number {
  while (b !== 0) [a, b] = [b, a % b];
  return a;
}

/** The greatest common divisor of two non-negative integers of any size; gcd(0, n) = n. */
export function bigGcd(a: bigint, b: bigint): bigint {
  while (b !== 0n) [a, b] = [b, a % b];
  return a;
}
