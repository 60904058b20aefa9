import assert from "node:assert/strict";
import { worthOf } from "../../../src/auction/credit/worth.ts";
import { parseFp18 } from "../../../src/auction/protocol/fp18.ts";

const TERMS = {
  prices: { hashpUsdc: 50, alphaTao: 0.01, taoUsdc: 350 },
  windowIndex: 0,
  alternativeFp18: parseFp18("0.98"),
};
const HASHRATES = [
  { hashratePh: 0.9, priceFp18: parseFp18("1.05") },
  { hashratePh: 0.25, priceFp18: parseFp18("0.95") },
];

function near(actual: number, expected: number): void {
  assert.equal(actual.toFixed(9), expected.toFixed(9));
}

Deno.test("worthOf() adds up each price, in the window and per day, against the alternative", () => {
  const { hashratePh, window, perDay, advantage } = worthOf(HASHRATES, TERMS);
  const usdcPerDay = 50 * (0.9 * 1.05 + 0.25 * 0.95);
  near(hashratePh, 1.15);
  near(perDay.usdc, usdcPerDay);
  near(perDay.alpha, usdcPerDay / 3.5);
  near(perDay.tao, usdcPerDay / 350);
  near(window.usdc, usdcPerDay / 120);
  near(advantage.perDayUsdc, usdcPerDay - 50 * 1.15 * 0.98);
  near(advantage.windowUsdc, (usdcPerDay - 50 * 1.15 * 0.98) / 120);
});

Deno.test("worthOf() pays the longer last window more, and a day the same", () => {
  const [first, last] = [0, 5].map((windowIndex) => worthOf(HASHRATES, { ...TERMS, windowIndex }));
  near(last!.window.alpha / first!.window.alpha, 61 / 60);
  near(last!.advantage.windowUsdc / first!.advantage.windowUsdc, 61 / 60);
  assert.deepEqual(last!.perDay, first!.perDay);
});

Deno.test("worthOf() is negative against an alternative that earns more, and nothing for nothing", () => {
  const dear = worthOf(HASHRATES, { ...TERMS, alternativeFp18: parseFp18("2") });
  assert.ok(dear.advantage.perDayUsdc < 0);
  const { advantage, window } = worthOf([], TERMS);
  assert.deepEqual([advantage.perDayUsdc, window], [0, { alpha: 0, tao: 0, usdc: 0 }]);
});
