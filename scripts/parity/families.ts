/**
 * Generated auctions of named families, to compare and measure the engines with. A seed reproduces them.
 *
 * @module
 */

import { buildItems } from "../../src/auction/inputs/items.ts";
import type { AuctionProblem, Bid } from "../../src/auction/inputs/problem.ts";
import { formatFp18 } from "../../src/auction/protocol/fp18.ts";
import { Random } from "../random.ts";

/** How large the auctions of a family are. */
export interface AuctionScale {
  readonly hotkeys: number;
  /** The most sizes that a hotkey offers. */
  readonly sizesPerHotkey: number;
  /** The most workers of one size. */
  readonly workersPerSize: number;
  /** The budget as a share of the cost of all offers. */
  readonly budgetShare: number;
}

/** A bid of one hotkey: size and price in millionths, and the number of workers. */
type Offer = readonly [size: number, price: number, count: number];

/** A named family. */
export interface Family {
  readonly name: string;
  readonly description: string;
  /** Whether such auctions are common on the network. */
  readonly isCommon: boolean;
  readonly offersOf: (random: Random, scale: AuctionScale) => Offer[];
}

const COMMON_SIZES = [100_000, 120_000, 200_000, 234_000, 250_000, 335_000, 450_000];
const PRICE_LEVELS = [950_000, 980_000, 1_000_000, 1_020_000, 1_050_000];

/** A family in which each hotkey offers several sizes, each drawn independently. */
function family(
  name: string,
  description: string,
  size: (random: Random) => number,
  hotkeyPrice: (random: Random) => number,
  price: (random: Random, ownPrice: number) => number = (_random, ownPrice) => ownPrice,
): Family {
  return {
    name,
    description,
    isCommon: size === anyCommonSize,
    offersOf: (random, scale) => {
      const ownPrice = hotkeyPrice(random);
      return Array.from({ length: random.integer(1, scale.sizesPerHotkey) }, (): Offer => [
        size(random),
        price(random, ownPrice),
        random.integer(1, scale.workersPerSize),
      ]);
    },
  };
}

/** A family in which all workers have one size, with one or two prices for each hotkey. */
function oneSize(name: string, description: string, price: (random: Random) => number): Family {
  return {
    name,
    description,
    isCommon: true,
    offersOf: (random, scale) =>
      Array.from({ length: random.integer(1, 2) }, (): Offer => [
        450_000,
        price(random),
        random.integer(1, scale.workersPerSize),
      ]),
  };
}

const anyCommonSize = (random: Random): number => random.pick(COMMON_SIZES);
const anyOddSize = (random: Random): number => random.integer(50_000, 450_000);
const roundSize = (random: Random): number => random.integer(50, 450) * 1000;

/** All families, the most common situations first. */
export const FAMILIES: readonly Family[] = [
  {
    name: "installer-default",
    description: "0.45 PH at 1.05 from every hotkey",
    isCommon: true,
    offersOf: (random, scale) => [[450_000, 1_050_000, random.integer(1, scale.workersPerSize)]],
  },
  oneSize("one-size-few-prices", "0.45 PH, five price levels", (r) => r.pick(PRICE_LEVELS)),
  oneSize("one-size-many-prices", "0.45 PH, a price for each hotkey", (r) => r.integer(800, 1050) * 1000),
  family("common-sizes", "common ASIC sizes at one price", anyCommonSize, () => 1_000_000),
  family("few-prices", "common ASIC sizes, five price levels", anyCommonSize, (r) => r.pick(PRICE_LEVELS)),
  family(
    "many-prices",
    "common ASIC sizes, a price for each hotkey",
    anyCommonSize,
    (r) => r.integer(800, 1050) * 1000,
  ),
  family(
    "odd-sizes",
    "sizes of 3 digits, a price for each hotkey",
    roundSize,
    (r) => r.integer(800, 1050) * 1000,
  ),
  family("odd-sizes-one-price", "sizes of 3 digits at 1.0", roundSize, () => 1_000_000),
  family("odd-sizes-1.05", "sizes of 3 digits at 1.05", roundSize, () => 1_050_000),
  family(
    "odd-sizes-few-prices",
    "sizes of 3 digits, five price levels",
    roundSize,
    (r) => r.pick(PRICE_LEVELS),
  ),
  family("fine-sizes-one-price", "sizes of 6 digits at 1.0", anyOddSize, () => 1_000_000),
  family("fine-sizes-1.05", "sizes of 6 digits at 1.05, costs rounded", anyOddSize, () => 1_050_000),
  family(
    "fine-sizes-few-prices",
    "sizes of 6 digits, five price levels",
    anyOddSize,
    (r) => r.pick(PRICE_LEVELS),
  ),
  family(
    "fine-sizes-many-prices",
    "sizes of 6 digits, each with its own price",
    anyOddSize,
    () => 0,
    (r) => r.integer(800_000, 1_050_000),
  ),
  family("odd-price", "sizes of 3 digits at 0.98765, costs rounded", roundSize, () => 987_650),
];

/** A quiet window. */
export const SMALL_SCALE: AuctionScale = {
  hotkeys: 8,
  sizesPerHotkey: 2,
  workersPerSize: 6,
  budgetShare: 0.6,
};

/** The scale of ordinary auctions. */
export const ORDINARY_SCALE: AuctionScale = {
  hotkeys: 20,
  sizesPerHotkey: 3,
  workersPerSize: 12,
  budgetShare: 0.6,
};

/** An auction as large as those of a busy subnet. */
export const LARGE_SCALE: AuctionScale = {
  hotkeys: 60,
  sizesPerHotkey: 3,
  workersPerSize: 12,
  budgetShare: 0.6,
};

/** The largest auction there can be: 256 hotkeys with 8 sizes and 1000 workers each. */
export const LARGEST_SCALE: AuctionScale = {
  hotkeys: 256,
  sizesPerHotkey: 8,
  workersPerSize: 125,
  budgetShare: 0.5,
};

/** Generates one auction of a family. The same arguments give the same auction. */
export function generateAuction({ offersOf }: Family, scale: AuctionScale, seed: number): AuctionProblem {
  const random = new Random(seed);
  const bids: Bid[] = [];
  for (let hotkey = 0; hotkey < scale.hotkeys; hotkey++) {
    for (const [size, price, count] of offersOf(random, scale)) {
      const hashrateFp18 = BigInt(size) * 10n ** 12n;
      bids.push({
        hotkey: `hotkey-${String(hotkey).padStart(3, "0")}`,
        sizeText: formatFp18(hashrateFp18),
        hashrateFp18,
        priceFp18: BigInt(price) * 10n ** 12n,
        count,
      });
    }
  }
  const everything = buildItems(bids, null).items.reduce(
    (sum, item) => sum + item.cost * BigInt(item.count),
    0n,
  );
  const share = scale.budgetShare * (0.8 + 0.4 * random.next());
  const cap = everything * BigInt(Math.round(share * 1e6)) / 1_000_000n;
  return {
    items: buildItems(bids, cap).items,
    cap,
    objective: "value-then-cost",
    seed: random.integer(0, 2 ** 31 - 1),
  };
}
