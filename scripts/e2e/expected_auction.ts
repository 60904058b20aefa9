/**
 * The auction by other means than the agent's: no shared code, one plain dynamic program over every spendable
 * amount. Slow and easy to believe.
 *
 * @module
 */

/** Workers of equal size and price, offered by one miner. */
export interface Offer {
  readonly miner: string;
  /** PH/s, of at most two decimals. */
  readonly sizePh: number;
  readonly price: number;
  readonly count: number;
}

/** What validators publish. */
export interface PublishedPrices {
  readonly taoUsdc: number;
  readonly alphaTao: number;
  readonly hashpUsdc: number;
  readonly cap: number;
}

/** The budget in millionths of a PH (spec, section 4.6), in doubles: the checks leave room for their last bits. */
export function budgetMillionths(prices: PublishedPrices, split: readonly [number, number]): number {
  const alphaPerDay = split[1] / 65535 * 0.41 * 7200;
  const ph = prices.alphaTao * prices.taoUsdc * alphaPerDay / prices.hashpUsdc;
  return Math.floor(ph * prices.cap * 1e6);
}

/** More than any total value, and small enough for two of them in a double. */
const RANK = 2 ** 25;

/**
 * The most hashrate one miner can have won over all optimal outcomes, in millionths of a PH: most value first, then
 * least cost (spec, section 5).
 */
export function mostWon(offers: readonly Offer[], budget: number, miner: string): number {
  // best[c]: the best outcome of cost exactly c, as its value and, behind it, the miner's share of it.
  const best = new Float64Array(budget + 1).fill(-Infinity);
  best[0] = 0;
  let reached = 0;
  for (const { miner: owner, sizePh, price, count } of offers) {
    const cost = Math.round(sizePh * price * 1e6 + 1e-7);
    const value = Math.round(sizePh * 1e6 + 1e-7);
    if (price > 1.05 || cost > budget) continue;
    const gain = value * RANK + (owner === miner ? value : 0);
    for (let copy = 0; copy < count; copy++) {
      reached = Math.min(budget, reached + cost);
      for (let c = reached; c >= cost; c--) {
        const candidate = best[c - cost]! + gain;
        if (candidate > best[c]!) best[c] = candidate;
      }
    }
  }
  let winner = 0;
  for (let c = 0; c <= budget; c++) {
    if (Math.floor(best[c]! / RANK) > Math.floor(best[winner]! / RANK)) winner = c;
  }
  return best[winner]! % RANK;
}
