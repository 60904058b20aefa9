import assert from "node:assert/strict";
import fc from "fast-check";
import { formatTerahash, sumSizesPh } from "../../../src/delivery/proxies/hashrate.ts";

Deno.test("formatTerahash() prints three decimals without trailing zeros and dot", () => {
  const cases: [number, string][] = [
    [0, "0"],
    [300, "300"],
    [1000, "1000"],
    [123.456789, "123.457"],
    [0.5, "0.5"],
    [10.05, "10.05"],
    [0.0004, "0"],
    [50000.00000000001, "50000"],
  ];
  for (const [value, text] of cases) assert.equal(formatTerahash(value), text);
});

Deno.test("formatTerahash() rounds ties to even, as C does and toFixed does not", () => {
  const cases: [number, string][] = [
    [0.0625, "0.062"],
    [0.1875, "0.188"],
    [0.3125, "0.312"],
    [0.4375, "0.438"],
    [0.9375, "0.938"],
    [1.0625, "1.062"],
    [4294967296.0625, "4294967296.062"],
    [-0.0625, "-0.062"],
    [-0.1875, "-0.188"],
  ];
  for (const [value, text] of cases) assert.equal(formatTerahash(value), text);
});

Deno.test("formatTerahash() agrees with exact decimal arithmetic", () => {
  fc.assert(fc.property(
    fc.oneof(
      fc.double({ min: 0, max: 1e9, noNaN: true }),
      fc.integer({ min: 0, max: 2 ** 40 }).map((n) => n / 32),
    ),
    (value) => {
      // A double is an integer over a power of two: its decimal text below is exact.
      const exact = BigInt(value.toFixed(100).replace(".", ""));
      const unit = 10n ** 97n;
      const doubledRest = 2n * (exact % unit);
      const floor = exact / unit;
      const thousandths = doubledRest > unit || (doubledRest === unit && floor % 2n === 1n)
        ? floor + 1n
        : floor;
      const digits = thousandths.toString().padStart(4, "0");
      const expected = `${digits.slice(0, -3)}.${digits.slice(-3)}`.replace(/\.?0+$/, "");
      assert.equal(formatTerahash(value), expected);
    },
  ));
});

Deno.test("sumSizesPh() adds doubles in order", () => {
  assert.equal(sumSizesPh([]), 0);
  assert.equal(sumSizesPh(["0.1", "0.2", "0.3"]), 0.1 + 0.2 + 0.3);
  assert.equal(sumSizesPh(["0.3", "0.2", "0.1"]), 0.3 + 0.2 + 0.1);
  assert.equal(sumSizesPh([".5", "5.", " 1 ", "-1"]), 5.5);
});

Deno.test("sumSizesPh() counts text that is not a decimal as 0", () => {
  assert.equal(sumSizesPh(["x", "0.1", "", "NaN", "Infinity", "0x10"]), 0.1);
});
