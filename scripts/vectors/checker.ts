/**
 * The interface of the checkers, one per vector file, and what they share.
 *
 * @module
 */

import { z } from "zod";
import type { AuctionItem, Bid } from "../../src/auction/inputs/problem.ts";
import type { CommittedBid } from "../../src/auction/protocol/bid_commitment.ts";
import { formatFp18, parseFp18 } from "../../src/auction/protocol/fp18.ts";
import { ProtocolError } from "../../src/auction/protocol/errors.ts";

/** One case of a vector file. */
export interface VectorCase {
  readonly id: number;
  readonly name: string;
  readonly input: unknown;
  /** Absent where the reference raises. */
  readonly expected?: unknown;
  /** `true` where the reference raises. */
  readonly error?: boolean;
}

/** Checks the cases of one file. */
export interface VectorChecker {
  /**
   * Computes what the case expects, in the shape of its `expected`.
   *
   * @throws an error that {@linkcode isRejection} accepts when the input is to be refused; any other is a failure.
   */
  readonly compute: (vector: VectorCase) => unknown;
  /** Whether an error means that the input was refused. @default an instance of ProtocolError */
  readonly isRejection?: (error: unknown) => boolean;
  /** Whether the computed value is right. @default deep equality */
  readonly matches?: (got: unknown, vector: VectorCase) => boolean;
  /** Names of the parts of a case that are not checked. @default none */
  readonly skippedParts?: (vector: VectorCase) => readonly string[];
}

/** The default of {@linkcode VectorChecker.isRejection}. */
export function isProtocolError(error: unknown): boolean {
  return error instanceof ProtocolError;
}

/** An integer of any size as decimal text. */
export const integerText = z.string().regex(/^-?\d+$/).transform(BigInt);

/** Bytes as hex without `0x`. */
export const hexText = z.string().regex(/^([\da-f]{2})*$/).transform((text) => Uint8Array.fromHex(text));

/** Stake in rao by coldkey. */
export const neurons = z.array(z.strictObject({
  uid: z.int(),
  hotkey: z.string(),
  stake_rao: z.record(z.string(), integerText),
}));

/** Commitments as hotkey and bytes. */
export const commitments = z.array(z.tuple([z.string(), hexText]));

/** Bids of one hotkey as `[size, price]` or `[size, price, count]`. */
export const bidTuples = z.array(
  z.tuple([z.string(), integerText, z.int().optional()]).transform(([size, priceFp18, count = 1]) =>
    toBid(size, priceFp18, count)
  ),
);

/** A bid from a size in any spelling. */
export function toBid(size: string, priceFp18: bigint, count: number): CommittedBid {
  const hashrateFp18 = parseFp18(size);
  return { sizeText: formatFp18(hashrateFp18), hashrateFp18, priceFp18, count };
}

/** A maximum price multiplier, given as the text of a double, in FP18. */
export const maxPriceText = z.string().transform((text) => BigInt(Math.trunc(Number(text) * 1e18)));

/** Python's `repr()` of a finite double, as the vectors write doubles. */
export function reprDouble(value: number): string {
  if (Object.is(value, -0)) return "-0.0";
  const magnitude = Math.abs(value);
  if (magnitude !== 0 && (magnitude < 1e-4 || magnitude >= 1e16)) {
    return value.toExponential().replace(/e([+-])(\d)$/, "e$10$2");
  }
  const text = value.toString();
  return text.includes(".") ? text : `${text}.0`;
}

/** The bids of all hotkeys in the order of the JSON object. */
export function bidsInOrder(bidsByHotkey: Readonly<Record<string, readonly CommittedBid[]>>): Bid[] {
  return Object.entries(bidsByHotkey).flatMap(([hotkey, bids]) => bids.map((bid) => ({ hotkey, ...bid })));
}

/** Distributes the given winners over the items, first come, first served. Returns the wins per item. */
export function winsOf(items: readonly AuctionItem[], winners: readonly Bid[]): number[] {
  const keyOf = ({ hotkey, hashrateFp18, priceFp18 }: Bid): string =>
    `${hotkey} ${hashrateFp18} ${priceFp18}`;
  const left = new Map<string, number>();
  for (const winner of winners) left.set(keyOf(winner), (left.get(keyOf(winner)) ?? 0) + winner.count);
  return items.map((item) => {
    const won = Math.min(item.count, left.get(keyOf(item)) ?? 0);
    left.set(keyOf(item), (left.get(keyOf(item)) ?? 0) - won);
    return won;
  });
}
