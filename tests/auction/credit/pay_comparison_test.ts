import assert from "node:assert/strict";
import {
  comparePay,
  describePayShortfall,
  findPayShortfall,
  type PayComparison,
  type PayVerdict,
  type WindowPay,
} from "../../../src/auction/credit/pay_comparison.ts";

const ORIGIN = { firstBlock: 1000, lastBlock: 1360 };

function windows(change: Partial<WindowPay> = {}): WindowPay[] {
  return Array.from({ length: 6 }, (_, i) => ({
    firstBlock: 1000 + 60 * i,
    ownAlpha: 0.1,
    certainAlpha: 0.1,
    totalAlpha: 2,
    isEstimated: false,
    ...change,
  }));
}

const paid = (paidShare: number, paidAtBlock = 2000): Parameters<typeof comparePay>[0] => ({
  paidAtBlock,
  paidShare,
  paidAlpha: 1,
});

Deno.test("comparePay() expects our part of what the six windows pay and burn", () => {
  const [first, ...rest] = windows();
  const strangers = [{ ...first!, firstBlock: 940 }, { ...first!, firstBlock: 1361 }];
  const all = [{ ...first!, ownAlpha: 0.7, certainAlpha: 0.7 }, ...rest, ...strangers];
  const { expectedShare, expectedAlpha, windowsSeen, verdict } = comparePay(paid(0.1), ORIGIN, all);
  assert.ok(Math.abs(expectedShare! - 1.2 / 12) < 1e-15);
  assert.ok(Math.abs(expectedAlpha! - 1.2) < 1e-15);
  assert.deepEqual([windowsSeen, verdict], [6, "as-expected"]);
});

Deno.test("comparePay() finds a share short below 85 % of what is certain", () => {
  const verdictOf = (share: number, change: Partial<WindowPay> = {}): PayVerdict =>
    comparePay(paid(share), ORIGIN, windows(change)).verdict;
  assert.equal(verdictOf(0.05), "as-expected");
  assert.equal(verdictOf(0.0425), "as-expected");
  assert.equal(verdictOf(0.0424), "short");
  assert.equal(verdictOf(0), "short");
  assert.equal(verdictOf(0.02, { certainAlpha: 0.04 }), "as-expected", "what is only possible is not missed");
  assert.equal(verdictOf(0, { certainAlpha: 0 }), "nothing-certain");
  assert.equal(verdictOf(0, { totalAlpha: 0, certainAlpha: 0, ownAlpha: 0 }), "nothing-certain");
  // A share that rounding can swallow is not missed either.
  assert.equal(verdictOf(0, { certainAlpha: 0.00005 }), "as-expected");
});

Deno.test("comparePay() does not judge an epoch with unseen windows, or with guesses", () => {
  const seen = windows().slice(1);
  assert.deepEqual(comparePay(paid(0), ORIGIN, seen), {
    ...paid(0),
    origin: ORIGIN,
    windowsSeen: 5,
    expectedShare: null,
    certainShare: null,
    expectedAlpha: null,
    verdict: "unknown",
  });
  const guessed = [...seen, { ...windows()[0]!, isEstimated: true }];
  const { expectedShare, verdict } = comparePay(paid(0), ORIGIN, guessed);
  assert.ok(Math.abs(expectedShare! - 0.05) < 1e-15);
  assert.equal(verdict, "unknown");
});

/** One letter an epoch: short, good, unknown, nothing certain. */
function epochs(letters: string): PayComparison[] {
  return Array.from(letters, (letter, i) => {
    if (letter === "u") return comparePay(paid(0, i), ORIGIN, []);
    const nothing = { ownAlpha: 0, certainAlpha: 0 };
    return comparePay(paid(letter === "g" ? 0.05 : 0.02, i), ORIGIN, windows(letter === "n" ? nothing : {}));
  });
}

Deno.test("findPayShortfall() needs six short epochs in a row", () => {
  assert.equal(findPayShortfall([]), null);
  assert.equal(findPayShortfall(epochs("sssss")), null);
  assert.equal(findPayShortfall(epochs("sssgsss")), null);
  assert.equal(findPayShortfall(epochs("ssssssg")), null, "it is over");
  const { epochs: count, sincePaidAtBlock, expectedShare, paidShare } = findPayShortfall(epochs("sgssssss"))!;
  assert.deepEqual([count, sincePaidAtBlock], [6, 2]);
  assert.ok(Math.abs(expectedShare - 0.05) < 1e-15 && Math.abs(paidShare - 0.02) < 1e-15);
  assert.equal(
    findPayShortfall(epochs("ssussnsuss"))?.epochs,
    7,
    "unknown epochs neither count nor interrupt",
  );
});

Deno.test("describePayShortfall() names the likely causes, the worker id first when nothing is paid", () => {
  const shortfall = { epochs: 6, sincePaidAtBlock: 1, expectedShare: 0.05123, paidShare: 0 };
  const text = describePayShortfall(shortfall);
  assert.match(
    text,
    /^For 6 epochs in a row .* less than 85 % .*: 0 % instead of 5.12 % on average\. Likely causes: the worker id/,
  );
  for (const cause of [/worker id/, /banned/, /delivered/, /solver/]) assert.match(text, cause);
  assert.match(describePayShortfall({ ...shortfall, paidShare: 0.02 }), /causes: less hashrate is delivered/);
});
