import assert from "node:assert/strict";
import { type AuctionOutcome, concludeAuction } from "../../src/auction/outcome.ts";
import { creditedHashrates, paymentPricesOf, windowWorth } from "../../src/auction/worth.ts";
import { prepareAuction } from "../../src/auction/inputs/prepare.ts";
import { MINERS_SHARE } from "../../src/auction/protocol/constants.ts";
import { parseFp18 } from "../../src/auction/protocol/fp18.ts";
import { certainResult } from "../../src/auction/solver/outcome.ts";
import { makeSnapshot, PRICES, SPLIT } from "./inputs/make_snapshot.ts";

/** An outcome in which the first workers of each bid win. */
function outcomeWith(
  bid: string,
  wins: readonly number[],
  prices: Record<string, string> = PRICES,
): AuctionOutcome {
  const snapshot = makeSnapshot({ bids: { own: bid }, validators: { validator: { prices } } });
  const prepared = prepareAuction(snapshot);
  const solved = prepared.problem === null ? null : certainResult(prepared.problem.items, wins, "own", {
    engine: "cbc",
    decidedBy: "cbc",
    provenOptimal: null,
    build: null,
    durationMs: 0,
  });
  const window = {
    index: 5,
    firstBlock: snapshot.firstBlock.number,
    lastBlock: snapshot.firstBlock.number + 60,
  };
  return concludeAuction({ snapshot, window, hotkey: "own", onAmbiguous: "deliver-safe", prepared, solved });
}

const ONE = parseFp18("1");

Deno.test("windowWorth() is what the won workers earn at their prices, and what was credited", () => {
  const outcome = outcomeWith("2;b;BTC,1=0.45:4;BTC,1.05=0.2:3", [2, 1]);
  const worth = windowWorth(outcome, ONE, [{ hashratePh: 0.5, priceFp18: ONE }]);
  const days = 61 / 7200;
  assert.equal(worth?.won.window.usdc.toFixed(9), (50 * (0.9 + 0.2 * 1.05) * days).toFixed(9));
  assert.equal(worth?.won.advantage.windowUsdc.toFixed(9), (50 * 0.2 * 0.05 * days).toFixed(9));
  assert.equal(worth?.credited?.window.usdc.toFixed(9), (50 * 0.5 * days).toFixed(9));
  assert.equal(worth?.alternative, "1");
  assert.equal(worth?.budgetAlpha?.toFixed(9), (MINERS_SHARE * SPLIT[1] / 65535 * 61).toFixed(9));
  assert.equal(windowWorth(outcome, ONE)?.credited, null);
});

Deno.test("windowWorth() is unknown without a consensus price, and nothing without a win", () => {
  const { HASHP_USDC: _, ...incomplete } = PRICES;
  const outcome = outcomeWith("2;b;BTC,1=0.45:4", [0], incomplete);
  assert.equal(windowWorth(outcome, ONE), null);
  assert.equal(paymentPricesOf(outcome.prices), null);
  assert.equal(windowWorth(outcomeWith("2;b;BTC,1=0.45:4", [0]), ONE)?.won.window.alpha, 0);
});

Deno.test("creditedHashrates() pays each credited worker at its price, and an ambiguous window at its only one", () => {
  const credit = {
    creditedPh: 0.6,
    won: [{ price: "1.05", creditedPh: 0.4 }, { price: "1", creditedPh: 0.2 }],
  };
  const certain = outcomeWith("2;b;BTC,1=0.45:4", [1]);
  assert.deepEqual(creditedHashrates(certain, credit), [
    { hashratePh: 0.4, priceFp18: parseFp18("1.05") },
    { hashratePh: 0.2, priceFp18: ONE },
  ]);
  const ambiguous = (bid: string, wins: number[]): AuctionOutcome => {
    const outcome = outcomeWith(bid, wins);
    return { ...outcome, own: { ...outcome.own, ambiguous: true } };
  };
  // It is not known which workers won: the credit report's own prices are a stand-in.
  assert.deepEqual(creditedHashrates(ambiguous("2;b;BTC,0.95=0.45:4", [1]), credit), [
    { hashratePh: 0.6, priceFp18: parseFp18("0.95") },
  ]);
  assert.equal(creditedHashrates(ambiguous("2;b;BTC,0.95=0.45:4;BTC,1=0.2:1", [1, 0]), credit), null);
});
