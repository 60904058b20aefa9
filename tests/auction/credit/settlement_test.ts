import assert from "node:assert/strict";
import { windowBudgetAlpha, windowPayment } from "../../../src/auction/credit/payment.ts";
import { settleWindow } from "../../../src/auction/credit/settlement.ts";
import { FP18_ONE } from "../../../src/auction/protocol/constants.ts";

const PRICES = { hashpUsdc: 50, alphaTao: 0.0119, taoUsdc: 352 };
const run = (
  hotkey: string,
  hashratePh: number,
  price = 1,
): Parameters<typeof settleWindow>[0]["credited"][0] => ({
  hotkey,
  hashratePh,
  priceFp18: FP18_ONE * BigInt(price * 100) / 100n,
});

Deno.test("settleWindow() pays each hotkey, and burns what is left of the budget", () => {
  const credited = [run("a", 0.9, 0.95), run("b", 0.45), run("a", 0.2, 1.05), run("c", 0)];
  const settled = settleWindow({ windowIndex: 5, mechanismShare: 0.1, prices: PRICES, credited });
  assert.deepEqual([...settled.alphaByHotkey.keys()], ["a", "b"]);
  const a = windowPayment([credited[0]!, credited[2]!], PRICES, 5).alpha;
  assert.ok(Math.abs(settled.alphaByHotkey.get("a")! - a) < 1e-12);
  const budget = windowBudgetAlpha(0.1, 5);
  assert.ok(Math.abs(settled.totalAlpha - budget) < 1e-12);
  assert.ok(Math.abs(settled.burnAlpha - (budget - a - settled.alphaByHotkey.get("b")!)) < 1e-12);
});

Deno.test("settleWindow() burns nothing once the pay exceeds the budget", () => {
  const { alphaByHotkey, burnAlpha, totalAlpha } = settleWindow({
    windowIndex: 0,
    mechanismShare: 1 / 65_535,
    prices: PRICES,
    credited: [run("a", 5)],
  });
  assert.equal(burnAlpha, 0);
  assert.equal(totalAlpha, alphaByHotkey.get("a"));
});

Deno.test("settleWindow() burns everything without prices", () => {
  const window = { windowIndex: 0, mechanismShare: 0.5, prices: null, credited: [] };
  assert.deepEqual(settleWindow(window), {
    alphaByHotkey: new Map(),
    burnAlpha: windowBudgetAlpha(0.5, 0),
    totalAlpha: windowBudgetAlpha(0.5, 0),
  });
});
