/**
 * The market around a bid: what the other bidders offer, and at which prices.
 *
 * @module
 */

import type { AuctionOutcome } from "../outcome.ts";
import type { PreparedAuction } from "../inputs/prepare.ts";
import { MAX_PRICE_FP18 } from "../protocol/constants.ts";
import { fp18ToNumber } from "../protocol/fp18.ts";

/** The other bidders of a window, without workers above the maximum price. */
export interface Market {
  readonly bidders: number;
  readonly workers: number;
  readonly hashratePh: number;
  /** The price of the dearest winner, decimal text; `null` without winners. */
  readonly marginalPrice: string | null;
}

/** What the others offer around a price. */
export interface MarketAt {
  /** Below the price. */
  readonly belowPh: number;
  /** At exactly this price. */
  readonly atPh: number;
}

/** The market of a window, as it is on the chain. */
export class MarketView {
  readonly market: Market;
  /** PH/s × 10^18 offered at each price. */
  readonly #offeredFp18 = new Map<bigint, bigint>();

  /** @param hotkey the bidder that does not count. */
  constructor(prepared: PreparedAuction, outcome: AuctionOutcome, hotkey: string) {
    const others = prepared.bids.filter((bid) => bid.hotkey !== hotkey && bid.priceFp18 <= MAX_PRICE_FP18);
    for (const { priceFp18, hashrateFp18, count } of others) {
      const sum = this.#offeredFp18.get(priceFp18) ?? 0n;
      this.#offeredFp18.set(priceFp18, sum + hashrateFp18 * BigInt(count));
    }
    this.market = {
      bidders: new Set(others.map((bid) => bid.hotkey)).size,
      workers: others.reduce((sum, { count }) => sum + count, 0),
      hashratePh: this.#sumPh(() => true),
      // Winners are sorted by price.
      marginalPrice: outcome.winners.at(-1)?.price ?? null,
    };
  }

  around(priceFp18: bigint): MarketAt {
    return {
      belowPh: this.#sumPh((price) => price < priceFp18),
      atPh: this.#sumPh((price) => price === priceFp18),
    };
  }

  #sumPh(counts: (priceFp18: bigint) => boolean): number {
    let sumFp18 = 0n;
    for (const [priceFp18, offeredFp18] of this.#offeredFp18) if (counts(priceFp18)) sumFp18 += offeredFp18;
    return fp18ToNumber(sumFp18);
  }
}
