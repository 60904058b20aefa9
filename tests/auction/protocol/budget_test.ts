import assert from "node:assert/strict";
import {
  budgetCap,
  budgetPh,
  capFactor,
  mechanismShare,
  minersShareFp18,
} from "../../../src/auction/protocol/budget.ts";
import { ProtocolError } from "../../../src/auction/protocol/errors.ts";

const ONE = 10n ** 18n;

Deno.test("budgetPh() divides a day's emission for miners by the hashprice", () => {
  // 0.01 TAO × 350 USDC = 3.5 USDC an alpha; × 0.2 × 7200 = 5040 USDC a day; / 50 = 100.8 PH.
  const prices = { alphaTaoFp18: ONE / 100n, taoUsdcFp18: 350n * ONE, hashpUsdcFp18: 50n * ONE };
  assert.equal(budgetPh(prices, ONE / 5n), 100.8);
  assert.equal(budgetPh({ ...prices, hashpUsdcFp18: 0n }, ONE / 5n), 0);
  assert.equal(budgetPh({ ...prices, alphaTaoFp18: 10n ** 330n }, ONE / 5n), Infinity);
});

Deno.test("mechanismShare() is out of 65535, and an error when there is none", () => {
  assert.equal(mechanismShare([13107, 52428], { netuid: 89 }), 0.8);
  assert.equal(mechanismShare([1, 2, 13107], { netuid: 89, mechanismId: 2 }), 0.2);
  for (const split of [null, [], [65535], [65535, 0]]) {
    assert.throws(() => mechanismShare(split, { netuid: 89 }), ProtocolError, JSON.stringify(split));
  }
});

Deno.test("minersShareFp18() truncates the product of doubles", () => {
  assert.equal(minersShareFp18(1), 410_000_000_000_000_000n);
  assert.equal(minersShareFp18(32768 / 65535), 205_003_128_099_488_800n);
});

Deno.test("capFactor() is 1 without a positive cap", () => {
  assert.equal(capFactor(null), 1);
  assert.equal(capFactor(0n), 1);
  assert.equal(capFactor(ONE * 4n / 5n), 0.8);
});

Deno.test("budgetCap() rounds the double down to millionths of a PH", () => {
  assert.equal(budgetCap(100.8), 100_800_000n);
  // 2.03 × 1e6 is a little less than 2030000 in doubles.
  assert.equal(budgetCap(2.03), 2_029_999n);
  assert.equal(budgetCap(9.99e-7), null);
  assert.equal(budgetCap(-1), null);
});
