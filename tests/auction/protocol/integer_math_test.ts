import assert from "node:assert/strict";
import fc from "fast-check";
import {
  floorDivide,
  floorModulo,
  roundHalfEven,
  roundHalfEvenDivide,
} from "../../../src/auction/protocol/integer_math.ts";

Deno.test("floorDivide() rounds towards minus infinity", () => {
  assert.equal(floorDivide(-7n, 2n), -4n);
  assert.equal(floorDivide(7n, -2n), -4n);
  assert.equal(floorDivide(-7n, -2n), 3n);
  assert.equal(floorDivide(-8n, 2n), -4n);
  fc.assert(fc.property(fc.bigInt(), fc.bigInt().filter((b) => b !== 0n), (a, b) => {
    const rest = a - floorDivide(a, b) * b;
    assert.ok(b > 0n ? rest >= 0n && rest < b : rest <= 0n && rest > b);
  }));
});

Deno.test("floorModulo() is never negative for a positive divisor", () => {
  assert.equal(floorModulo(-1, 361), 360);
  assert.equal(floorModulo(-361, 361), 0);
  assert.equal(floorModulo(362, 361), 1);
});

Deno.test("roundHalfEven() rounds halves to the even neighbour", () => {
  const cases: [number, bigint][] = [
    [0.5, 0n],
    [1.5, 2n],
    [2.5, 2n],
    [-0.5, 0n],
    [-1.5, -2n],
    [0.49999999999999994, 0n],
    [4503599627370497.5, 4503599627370498n],
    [1e21, 1000000000000000000000n],
  ];
  for (const [x, expected] of cases) assert.equal(roundHalfEven(x), expected, String(x));
  assert.throws(() => roundHalfEven(Infinity), RangeError);
});

Deno.test("roundHalfEven() stays within a half of the number", () => {
  fc.assert(fc.property(fc.double({ min: -1e15, max: 1e15, noNaN: true }), (x) => {
    assert.ok(Math.abs(Number(roundHalfEven(x)) - x) <= 0.5);
  }));
});

Deno.test("roundHalfEvenDivide() agrees with roundHalfEven() on small quotients", () => {
  fc.assert(fc.property(fc.nat(100_000), fc.constantFrom(1, 2, 4, 8, 1024), (dividend, divisor) => {
    assert.equal(
      roundHalfEvenDivide(BigInt(dividend), BigInt(divisor)),
      roundHalfEven(dividend / divisor),
    );
  }));
});
