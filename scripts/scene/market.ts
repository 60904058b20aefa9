/**
 * A market for the demo and for tests: validators with prices, a ban and a budget cap, and competing miners.
 *
 * @module
 */

import { Keyring } from "@polkadot/keyring";
import { parseFp18 } from "../../src/auction/protocol/fp18.ts";
import { writePriceCommitment } from "./price_commitment.ts";
import { epochStart, type ValidationWindow, windowAt } from "../../src/auction/protocol/windows.ts";
import type { SimulatedChain } from "../../src/simulator/mod.ts";

/** The subnet's netuid on finney. */
export const NETUID = 89;
export const TEMPO = 360;
/** Where the scenes begin: past the blocks at which the auction's rules changed. */
export const START_BLOCK = 7_500_000;

const RAO_PER_ALPHA = 1_000_000_000n;
const BANNED_UID = 7;

interface Validator {
  readonly name: string;
  readonly stakeAlpha: bigint;
  /** USDC per TAO. */
  readonly taoUsdc: string;
  /** TAO per alpha. */
  readonly alphaTao: string;
  /** USDC per PH and day. */
  readonly hashpUsdc: string;
  readonly bannedUids: readonly number[];
}

const VALIDATORS: readonly Validator[] = [
  {
    name: "Athena",
    stakeAlpha: 410_000n,
    taoUsdc: "352.18",
    alphaTao: "0.01190",
    hashpUsdc: "49.90",
    bannedUids: [BANNED_UID],
  },
  {
    name: "Boreas",
    stakeAlpha: 280_000n,
    taoUsdc: "351.90",
    alphaTao: "0.01192",
    hashpUsdc: "50.10",
    bannedUids: [BANNED_UID],
  },
  {
    name: "Ceres",
    stakeAlpha: 120_000n,
    taoUsdc: "352.40",
    alphaTao: "0.01188",
    hashpUsdc: "50.05",
    bannedUids: [],
  },
];

/** The competing miners' bids, with sizes and counts of common ASICs. Their UIDs begin at 3. */
const BIDS: readonly (readonly [name: string, text: string])[] = [
  ["Garage", "2;b;BTC,1.05=0.45:1"],
  ["Nordfjord", "2;b;BTC,0.97=0.2:4,0.234:2"],
  ["Ranch", "2;b;BTC,1.05=0.45:4"],
  ["Solar One", "2;b;BTC,0.92=0.11:6"],
  ["Banned Bros", "2;b;BTC,0.9=0.45:3"],
  ["Hydro", "2;b;BTC,0.95=0.27:3;BTC,1.02=0.27:3"],
  ["Basement", "2;b;BTC,1.05=0.45:1"],
  ["Greenhouse", "2;b;BTC,0.98=0.335:2"],
  ["Old Timer", "2;b;BTC,1=0.1:5"],
  ["Flare Gas", "2;b;BTC,0.88=0.45:2,0.2:1"],
  ["Loft", "2;b;BTC,1.03=0.104:4"],
  ["Quarry", "2;b;BTC,1.05=0.45:6"],
  ["Windmill", "2;b;BTC,0.99=0.15:4"],
  ["Heat Reuse", "2;b;BTC,0.96=0.12:5"],
  ["Dairy", "2;b;BTC,1.05=0.45:2"],
  ["Warehouse", "2;b;BTC,1.01=0.3:3"],
  ["Boathouse", "2;b;BTC,1.04=0.25:2"],
  ["Mill", "2;b;BTC,1.05=0.45:1"],
  ["Attic", "2;b;BTC,1=0.234:1"],
  ["Foundry", "2;b;BTC,1.05=0.45:3"],
  ["Too Dear", "2;b;BTC,1.2=0.45:2"],
  ["Bakery", "2;b;BTC,0.94=0.18:3"],
  ["Typo", "2;b;BTC,1=0.45"],
  ["Depot", "2;b;BTC,1.05=0.45:2"],
];

/** The participants. */
export interface Market {
  readonly validators: number;
  readonly miners: readonly { readonly name: string; readonly hotkey: string }[];
}

/** The window of a block. */
export function windowOf(block: number): ValidationWindow {
  return windowAt(block, epochStart(NETUID, TEMPO, block));
}

/** Sets up the subnet and registers its validators, who publish prices at the given block. Returns how many there are. */
export function setUpValidators(chain: SimulatedChain, committedAtBlock: number): number {
  chain.setTempo(NETUID, TEMPO);
  chain.setMechanismEmissionSplit(NETUID, [60_500, 5_035]);
  for (const { name, stakeAlpha } of VALIDATORS) {
    chain.registerNeuron(NETUID, {
      hotkey: addressOf(name),
      stakeRao: stakeAlpha * RAO_PER_ALPHA,
      validatorPermit: true,
    });
  }
  publishPrices(chain, "0.75", committedAtBlock);
  return VALIDATORS.length;
}

/** Registers validators and miners on the chain and publishes their commitments at the given block. */
export function setUpMarket(chain: SimulatedChain, committedAtBlock: number): Market {
  const validators = setUpValidators(chain, committedAtBlock);
  const miners = BIDS.map(([name, text]) => ({ name, hotkey: addressOf(name), text }));
  for (const { hotkey } of miners) chain.registerNeuron(NETUID, { hotkey });
  renewBids(chain, 0, committedAtBlock);
  return { validators, miners: miners.map(({ name, hotkey }) => ({ name, hotkey })) };
}

/** Registers more miners and publishes their bids, which have a few different sizes and prices. */
export function setUpCompetitors(chain: SimulatedChain, count: number, committedAtBlock: number): void {
  for (let i = 0; i < count; i++) chain.registerNeuron(NETUID, { hotkey: competitorAddress(i) });
  renewBids(chain, count, committedAtBlock);
}

/** Publishes all bids again, as miners do before their bids expire. */
export function renewBids(chain: SimulatedChain, competitors: number, block: number): void {
  for (const [name, data] of BIDS) {
    chain.setCommitment({ netuid: NETUID, hotkey: addressOf(name), data, block });
  }
  for (let i = 0; i < competitors; i++) {
    chain.setCommitment({ netuid: NETUID, hotkey: competitorAddress(i), data: competitorBid(i), block });
  }
}

/** The bid of a competitor. Most use the installer's default price; the others undercut it. */
export function competitorBid(index: number): string {
  const price = index % 10 < 6 ? "1.05" : (0.95 + (index % 7) / 100).toFixed(2);
  return `2;b;BTC,${price}=0.${10 + (index * 7) % 36}:${1 + index % 5}`;
}

/** Publishes the validators' prices and bans, with this budget factor. */
export function publishPrices(chain: SimulatedChain, capFactor: string, block: number): void {
  for (const { name, taoUsdc, alphaTao, hashpUsdc, bannedUids } of VALIDATORS) {
    const prices: [string, bigint][] = [
      ["TAO_USDC", parseFp18(taoUsdc)],
      ["ALPHA_TAO", parseFp18(alphaTao)],
      ["HASHP_USDC", parseFp18(hashpUsdc)],
      ["cap", parseFp18(capFactor)],
    ];
    const data = writePriceCommitment(prices, bannedUids);
    chain.setCommitment({ netuid: NETUID, hotkey: addressOf(name), data, block });
  }
}

const keyring = new Keyring({ type: "sr25519", ss58Format: 42 });
const addresses = new Map<string, string>();

function addressOf(name: string): string {
  const known = addresses.get(name);
  if (known !== undefined) return known;
  const { address } = keyring.addFromUri(`//demo//${name}`);
  addresses.set(name, address);
  return address;
}

function competitorAddress(index: number): string {
  return addressOf(`Competitor ${index}`);
}
