/**
 * An independent computation of the auction: it shares no code with the agent, and is one plain dynamic program over
 * every amount that can be spent. It is slow, and simple enough to verify by reading.
 *
 * @module
 */

/** Workers of equal size and price that one miner offers. */
export interface Offer {
  readonly miner: string;
  /** In PH/s, with at most two decimals. */
  readonly sizePh: number;
  readonly price: number;
  readonly count: number;
}

/** The prices and the budget cap that a validator publishes. */
export interface PublishedPrices {
  readonly taoUsdc: number;
  readonly alphaTao: number;
  readonly hashpUsdc: number;
  readonly cap: number;
}

/** The budget in millionths of a PH (spec, section 4.6). Computed in doubles, whose last bits may be off. */
export function budgetMillionths(prices: PublishedPrices, split: readonly [number, number]): number {
  const alphaPerDay = split[1] / 65535 * 0.41 * 7200;
  const ph = prices.alphaTao * prices.taoUsdc * alphaPerDay / prices.hashpUsdc;
  return Math.floor(ph * prices.cap * 1e6);
}

/** Sizes and prices have two decimals each, so every cost is a multiple of this many millionths of a PH. */
const COST_UNIT = 100;

/** Greater than any total value, and small enough that a double holds two of them. */
const RANK = 2 ** 25;

/**
 * The most hashrate one miner can have won over all optimal outcomes, in millionths of a PH: most value first, then
 * least cost (spec, section 5).
 */
export function mostWon(offers: readonly Offer[], budget: number, miner: string): number {
  const units = Math.floor(budget / COST_UNIT);
  // best[c]: the best outcome of cost exactly c: its value × RANK, plus the miner's share of that value.
  const best = new Float64Array(units + 1).fill(-Infinity);
  best[0] = 0;
  let reached = 0;
  for (const { miner: owner, sizePh, price, count } of offers) {
    const cost = Math.round(sizePh * price * 1e6 / COST_UNIT);
    const value = Math.round(sizePh * 1e6 + 1e-7);
    if (price > 1.05 || cost > units) continue;
    const gain = value * RANK + (owner === miner ? value : 0);
    for (let copy = 0; copy < count; copy++) {
      reached = Math.min(units, reached + cost);
      for (let c = reached; c >= cost; c--) {
        const candidate = best[c - cost]! + gain;
        if (candidate > best[c]!) best[c] = candidate;
      }
    }
  }
  let winner = 0;
  for (let c = 0; c <= units; c++) {
    if (Math.floor(best[c]! / RANK) > Math.floor(best[winner]! / RANK)) winner = c;
  }
  return best[winner]! % RANK;
}
