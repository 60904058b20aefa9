/**
 * Integer arithmetic as in Python, where JavaScript's operators differ.
 *
 * @module
 */

/** `a // b`: the quotient rounded towards minus infinity (JavaScript rounds towards zero). */
export function floorDivide(a: bigint, b: bigint): bigint {
  const quotient = a / b;
  return a % b !== 0n && (a < 0n) !== (b < 0n) ? quotient - 1n : quotient;
}

/** `a % b` with the sign of `b`, as for block numbers before genesis. */
export function floorModulo(a: number, b: number): number {
  return ((a % b) + b) % b;
}

/**
 * `round(x)`: the nearest integer of a finite double, halves to the even neighbour.
 *
 * @throws {RangeError} if `x` is not finite.
 */
export function roundHalfEven(x: number): bigint {
  const floor = Math.floor(x);
  // Exact: a double with a fractional part is small enough for its difference to the floor to be a double.
  const rest = x - floor;
  if (rest < 0.5 || (rest === 0.5 && floor % 2 === 0)) return BigInt(floor);
  return BigInt(floor) + 1n;
}

/** The quotient of two non-negative integers rounded to the nearest integer, halves to the even neighbour. */
export function roundHalfEvenDivide(dividend: bigint, divisor: bigint): bigint {
  const quotient = dividend / divisor;
  const doubledRest = 2n * (dividend % divisor);
  const up = doubledRest > divisor || (doubledRest === divisor && quotient % 2n === 1n);
  return up ? quotient + 1n : quotient;
}
