import assert from "node:assert/strict";
import { paidBlocks, windowBudgetAlpha, windowPayment } from "../../../src/auction/credit/payment.ts";

const PRICES = { hashpUsdc: 50, alphaTao: 0.01, taoUsdc: 350 };
const ONE = 10n ** 18n;

Deno.test("windowPayment() pays each worker's credited hashrate at its price, for the window's blocks", () => {
  const { usdc, tao, alpha } = windowPayment(
    [{ hashratePh: 0.45, priceFp18: ONE }, { hashratePh: 0.2, priceFp18: 2n * ONE }],
    PRICES,
    0,
  );
  // (0.45 + 0.4) PH × 50 USDC a day, for 60 of 7200 blocks.
  assert.equal(usdc.toFixed(12), (0.85 * 50 / 120).toFixed(12));
  assert.equal(alpha.toFixed(12), (0.85 * 50 / 120 / 3.5).toFixed(12));
  assert.equal(tao.toFixed(12), (0.85 * 50 / 120 / 350).toFixed(12));
});

Deno.test("windowPayment() pays the last window of an epoch for one block more", () => {
  const pay = (index: number): number =>
    windowPayment([{ hashratePh: 1, priceFp18: ONE }], PRICES, index).usdc;
  assert.equal((pay(5) / pay(4)).toFixed(12), (61 / 60).toFixed(12));
  assert.deepEqual([paidBlocks(0), paidBlocks(5)], [60, 61]);
});

Deno.test("windowPayment() knows only USDC where alpha has no price", () => {
  const { usdc, tao, alpha } = windowPayment(
    [{ hashratePh: 1, priceFp18: ONE }],
    { ...PRICES, alphaTao: 0 },
    0,
  );
  assert.deepEqual([usdc > 0, tao, alpha], [true, 0, 0]);
});

Deno.test("windowBudgetAlpha() is the miners' part of the mechanism's emission", () => {
  assert.equal(windowBudgetAlpha(0.5, 0).toFixed(9), (0.41 * 0.5 * 60).toFixed(9));
});
