/**
 * Generators of commitment texts (spec, section 2), and what they mean, stated by regular expressions.
 *
 * @module
 */

import fc from "fast-check";

/** Signs of the grammar, and what Python and JavaScript read differently. */
export const COMMITMENT_PIECES = [
  ...";,=:.+-_ \t\n0123456789",
  ...[
    "\x1c",
    "\x85",
    "\xa0",
    "\u2003",
    "\u3000",
    "\ufeff",
    "\u200b",
    "٣",
    "०",
    "𝟗",
    "²",
    "Ⅷ",
    "é",
    "BTC",
    "btc",
    ";;",
  ],
  ...[
    "1e3",
    "0x1",
    "nan",
    "inf",
    "1_0",
    "__",
    "--",
    "0".repeat(20),
    "9".repeat(30),
    "b;",
    "p;",
    "\0",
    "1;b;",
    "2;b;",
  ],
];

/** Decimals in every form that is allowed, and some that are not. */
export const decimal: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(
    ...[
      "0.05",
      "0.45",
      ".45",
      "0.450",
      "0.1",
      "+0.1",
      "00.20",
      "0.050000000000000000",
      "1.00",
      "1.05",
      "2.",
      ".",
    ],
    ...[
      "0.04999",
      "0.4500000000000000001",
      "0.3 ",
      " 0.3",
      "-0.1",
      "",
      "1e-1",
      "0.1.1",
      "1_0",
      "0.123456789012345678",
    ],
  ),
  fc.tuple(fc.nat(2), fc.nat(999)).map(([whole, part]) => `${whole}.${part}`),
);

const version = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom("1", "2") },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      "+2",
      "02",
      " 2 ",
      "2_0",
      "3",
      "0",
      "-1",
      "",
      "1.0",
      "0x2",
      "99999999999999999999",
    ),
  },
);
const count = fc.oneof(
  { weight: 12, arbitrary: fc.integer({ min: 1, max: 400 }).map(String) },
  { weight: 1, arbitrary: fc.constantFrom("0", "-1", "1_0", " 7", "1001", "", "1.0") },
);
const algorithm = fc.constantFrom(...Array(20).fill("BTC"), " BTC ", "btc", "");

const list = <T>(item: fc.Arbitrary<T>, maxLength: number, separator: string): fc.Arbitrary<string> =>
  fc.array(item, { maxLength }).map((items) => items.join(separator));

// One wrong part voids the whole text, so most parts must be right.
const thousandths = fc.integer({ min: 50, max: 450 }).map((number) => `0.${String(number).padStart(3, "0")}`);
const size = fc.oneof({ weight: 9, arbitrary: thousandths }, { weight: 1, arbitrary: decimal });
const price = fc.oneof({ weight: 3, arbitrary: thousandths }, { weight: 1, arbitrary: decimal });
const groupV2 = fc.tuple(
  algorithm,
  price,
  list(fc.tuple(size, count).map((pair) => pair.join(":")), 4, ","),
)
  .map(([name, price, sizes]) => `${name},${price}=${sizes}`);
const groupV1 = fc.tuple(decimal, list(decimal, 4, ",")).map((pair) => pair.join("="));

/** Bids of both versions. */
export const bidText: fc.Arbitrary<string> = fc.tuple(
  version,
  fc.constantFrom("b", "b", "b", " b", "B", "p", ""),
  fc.oneof({ weight: 3, arbitrary: list(groupV2, 3, ";") }, { weight: 1, arbitrary: list(groupV1, 3, ";") }),
).map((parts) => parts.join(";"));

const metric = fc.constantFrom("ALPHA_TAO", "TAO_USDC", "HASHP_USDC", "cap", "x", " cap", "", "__proto__");

/** Prices. */
export const priceText: fc.Arbitrary<string> = fc.tuple(
  version,
  fc.constantFrom("p", "p", "p", "b"),
  list(fc.tuple(metric, decimal).map((pair) => pair.join("=")), 6, ";"),
).map((parts) => parts.join(";"));

/** The bytes of a text with or without a suffix behind the separator 0xFF. */
export const suffixed = (
  text: fc.Arbitrary<string>,
  suffix: fc.Arbitrary<Uint8Array>,
): fc.Arbitrary<Uint8Array> =>
  fc.tuple(text, fc.option(suffix)).map(([written, bytes]) => {
    const head = new TextEncoder().encode(written);
    return bytes === null ? head : Uint8Array.from([...head, 0xff, ...bytes]);
  });

/** Ten to the eighteenth. */
const ONE = 10n ** 18n;
// deno-lint-ignore no-control-regex -- Python strips them
const STRIP = /^[\t-\r\x1c-\x20]+|[\t-\r\x1c-\x20]+$/g;
const INTEGER = /^[\t-\r ]*([+-]?)(\d+(?:_\d+)*)[\t-\r ]*$/;

/** The integer that an ASCII text means; `null` for none. */
function integerOf(text: string): bigint | null {
  const [, sign, digits] = INTEGER.exec(text) ?? [];
  return digits === undefined ? null : BigInt(digits.replaceAll("_", "")) * (sign === "-" ? -1n : 1n);
}

/** The decimal × 10^18 that an ASCII text means; `null` for none. */
export function decimalOf(text: string): bigint | null {
  const [, sign, whole = "", part = ""] =
    /^([+-]?)(?=[\d.])(\d*)(?:\.(\d{0,18})0*)?$/.exec(text.replace(STRIP, "")) ?? [];
  if (sign === undefined) return null;
  const value = BigInt(whole || "0") * ONE + BigInt(part.padEnd(18, "0") || "0");
  return sign === "-" ? -value : value;
}

/** One size of a bid. */
export interface StatedBid {
  readonly hashrateFp18: bigint;
  readonly priceFp18: bigint;
  readonly count: bigint;
}

/** The type, and the rest, of an ASCII commitment; `null` if it is none. */
export function statedEnvelope(text: string): { version: bigint; type: string; data: string } | null {
  const [, version, type, data] = /^([^;]*);([^;]*);([^]*)$/.exec(text.replace(STRIP, "")) ?? [];
  const number = version === undefined ? null : integerOf(version);
  return number === null ? null : { version: number, type: type!, data: data! };
}

/** The bids that an ASCII text means to validators; `null` if one of its parts voids it. */
export function statedBids(version: bigint, data: string): StatedBid[] | null {
  if (data.replace(STRIP, "") === "") return [];
  const bids: StatedBid[] = [];
  for (const part of data.split(";")) {
    const [, head, sizes] = /^([^=]*)=([^]*)$/.exec(part) ?? [];
    if (sizes === undefined) return null;
    const own: StatedBid[] = [];
    for (const size of sizes.split(",")) {
      const bid = version >= 2n ? sizeV2(head!, size) : sizeV1(head!, size);
      if (bid === null) return null;
      const earlier = version >= 2n
        ? own.findIndex(({ hashrateFp18 }) => hashrateFp18 === bid.hashrateFp18)
        : -1;
      if (earlier === -1) own.push(bid);
      else own[earlier] = { ...bid, count: own[earlier]!.count + bid.count };
    }
    bids.push(...own);
  }
  const total = bids.reduce((sum, { count }) => sum + count, 0n);
  return version >= 2n && total > 1000n ? null : bids;
}

function sizeV2(head: string, size: string): StatedBid | null {
  const [, name, price] = /^([^,]*),([^]*)$/.exec(head) ?? [];
  const [, hashrate, number] = /^([^:]*):([^]*)$/.exec(size) ?? [];
  if (price === undefined || number === undefined || name!.replace(STRIP, "") !== "BTC") return null;
  const [priceFp18, hashrateFp18, count] = [
    decimalOf(price),
    decimalOf(hashrate!),
    integerOf(number.replace(STRIP, "")),
  ];
  if (priceFp18 === null || hashrateFp18 === null || count === null || count < 1n) return null;
  return hashrateFp18 * 20n >= ONE && hashrateFp18 * 20n <= ONE * 9n
    ? { priceFp18, hashrateFp18, count }
    : null;
}

function sizeV1(price: string, size: string): StatedBid | null {
  const [priceFp18, hashrateFp18] = [decimalOf(price), decimalOf(size)];
  return priceFp18 === null || hashrateFp18 === null ? null : { priceFp18, hashrateFp18, count: 1n };
}
