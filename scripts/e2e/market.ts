/**
 * The market of the end-to-end run: one validator, and miners with random bids.
 *
 * @module
 */

import { Keyring } from "@polkadot/keyring";
import { parseFp18 } from "../../src/auction/protocol/fp18.ts";
import { writePriceCommitment } from "../scene/price_commitment.ts";
import type { SimulatedChain } from "../../src/simulator/mod.ts";
import { NETUID, TEMPO } from "../scene/market.ts";
import type { Random } from "../random.ts";
import type { Offer, PublishedPrices } from "./expected_auction.ts";

/** Emission shares of the two mechanisms. */
export const SPLIT = [60_500, 5_035] as const;

const MINERS = 10;
const SIZES = [0.1, 0.12, 0.2, 0.25, 0.3, 0.36, 0.45];
const PRICES = [0.91, 0.95, 0.98, 1, 1.02, 1.05];
/** Prices of the agent's own bids: low enough to win something in most windows. */
export const OWN_PRICES = [0.91, 0.95, 0.98] as const;

/** Draws the offers of one miner: one or two sizes at one price. */
export function drawOffers(miner: string, random: Random, prices: readonly number[] = PRICES): Offer[] {
  const price = random.pick(prices);
  const sizes = new Set([random.pick(SIZES), random.pick(SIZES)]);
  return [...sizes].sort((a, b) => a - b).map((sizePh) => ({
    miner,
    sizePh,
    price,
    count: random.integer(1, 4),
  }));
}

/** The text of a bid for offers that share a price. */
export function bidText(offers: readonly Offer[]): string {
  return `2;b;BTC,${offers[0]!.price}=${offers.map(({ sizePh, count }) => `${sizePh}:${count}`).join(",")}`;
}

/** Registers the validator and the miners, and publishes the miners' bids. Returns their offers. */
export function openMarket(chain: SimulatedChain, block: number, random: Random): Offer[] {
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

/** Publishes the miners' bids again, since bids expire after 150 minutes. */
export function renewMarket(chain: SimulatedChain, offers: readonly Offer[], block: number): void {
  for (const [name, own] of Map.groupBy(offers, ({ miner }) => miner)) {
    chain.setCommitment({ netuid: NETUID, hotkey: addressOf(name), data: bidText(own), block });
  }
}

/** Publishes the validator's prices. */
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
