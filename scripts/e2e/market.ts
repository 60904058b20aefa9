/**
 * The other side of the chain: one validator, and miners whose bids are drawn at random.
 *
 * @module
 */

import { Keyring } from "@polkadot/keyring";
import { parseFp18 } from "../../src/auction/protocol/fp18.ts";
import { writePriceCommitment } from "../../src/auction/protocol/price_commitment.ts";
import type { SimulatedChain } from "../../src/simulator/mod.ts";
import { NETUID, TEMPO } from "../scene/market.ts";
import type { Offer, PublishedPrices } from "./expected_auction.ts";

/** Shares of the two mechanisms. */
export const SPLIT = [60_500, 5_035] as const;

const MINERS = 10;
const SIZES = [0.1, 0.12, 0.2, 0.25, 0.3, 0.36, 0.45];
const PRICES = [0.91, 0.95, 0.98, 1, 1.02, 1.05];
/** Of the agent's own bids: low enough to win something in most windows. */
export const OWN_PRICES = [0.91, 0.95, 0.98] as const;

/** Numbers from 0 to 1 that a seed fixes (mulberry32). */
export function randomBySeed(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = state + 0x6d2b79f5 >>> 0;
    let mixed = Math.imul(state ^ state >>> 15, state | 1);
    mixed ^= mixed + Math.imul(mixed ^ mixed >>> 7, mixed | 61);
    return ((mixed ^ mixed >>> 14) >>> 0) / 2 ** 32;
  };
}

/** Draws offers of one miner: one or two sizes at one price. */
export function drawOffers(
  miner: string,
  random: () => number,
  prices: readonly number[] = PRICES,
): Offer[] {
  const price = pick(prices, random);
  const sizes = new Set([pick(SIZES, random), pick(SIZES, random)]);
  return [...sizes].sort((a, b) => a - b).map((sizePh) => ({
    miner,
    sizePh,
    price,
    count: 1 + Math.floor(random() * 4),
  }));
}

/** The bid of offers that share a price, as it stands on the chain. */
export function bidText(offers: readonly Offer[]): string {
  return `2;b;BTC,${offers[0]!.price}=${offers.map(({ sizePh, count }) => `${sizePh}:${count}`).join(",")}`;
}

/** Registers validator and miners; returns what the miners offer. */
export function openMarket(chain: SimulatedChain, block: number, random: () => number): Offer[] {
  chain.setTempo(NETUID, TEMPO);
  chain.setMechanismEmissionSplit(NETUID, [...SPLIT]);
  chain.registerNeuron(NETUID, {
    hotkey: addressOf("validator"),
    stakeRao: 1_000_000_000_000_000n,
    validatorPermit: true,
  });
  const names = Array.from({ length: MINERS }, (_, index) => `miner ${index + 1}`);
  for (const name of names) chain.registerNeuron(NETUID, { hotkey: addressOf(name) });
  return names.flatMap((name) => {
    const offers = drawOffers(name, random);
    chain.setCommitment({ netuid: NETUID, hotkey: addressOf(name), data: bidText(offers), block });
    return offers;
  });
}

/** Bids are worth nothing after 150 minutes: the miners say theirs again. */
export function renewMarket(chain: SimulatedChain, offers: readonly Offer[], block: number): void {
  for (const [name, own] of Map.groupBy(offers, ({ miner }) => miner)) {
    chain.setCommitment({ netuid: NETUID, hotkey: addressOf(name), data: bidText(own), block });
  }
}

/** The validator publishes its prices. */
export function publish(chain: SimulatedChain, prices: PublishedPrices, block: number): void {
  const data = writePriceCommitment([
    ["TAO_USDC", parseFp18(String(prices.taoUsdc))],
    ["ALPHA_TAO", parseFp18(String(prices.alphaTao))],
    ["HASHP_USDC", parseFp18(String(prices.hashpUsdc))],
    ["cap", parseFp18(String(prices.cap))],
  ], []);
  chain.setCommitment({ netuid: NETUID, hotkey: addressOf("validator"), data, block });
}

function addressOf(name: string): string {
  return new Keyring({ type: "sr25519", ss58Format: 42 }).addFromUri(`//e2e//${name}`).address;
}

function pick<T>(from: readonly T[], random: () => number): T {
  return from[Math.floor(random() * from.length)]!;
}
