import { z } from "zod";
import { reconcileBids } from "../../src/auction/own_bids.ts";
import type { CommittedBid } from "../../src/auction/protocol/bid_commitment.ts";
import { ProtocolError } from "../../src/auction/protocol/errors.ts";
import { readPythonInteger } from "../../src/auction/protocol/python_text.ts";
import { toBid, type VectorChecker } from "./checker.ts";

const input = z.strictObject({
  hotkey: z.string(),
  bids: z.array(z.unknown()),
  winners: z.array(z.unknown()),
});

/** An own bid with the original spelling of its size, which the result repeats. */
interface SpeltBid {
  readonly size: string;
  readonly priceFp18: bigint;
  readonly count: number;
  /** `null` when the size is not a decimal: such a bid exists but cannot win. */
  readonly bid: CommittedBid | null;
}

/**
 * `reconcile.json`. The reference takes loosely typed lists. In the agent bids are typed as soon as they are read, so
 * only this checker handles loose types.
 */
export const reconcile: VectorChecker = {
  compute(vector): unknown {
    const request = input.parse(vector.input);
    const bids = request.bids.flatMap(readBid);
    const winners = request.winners.flatMap((winner) => readWinner(winner, request.hotkey));
    const outcomes = reconcileBids(bids.flatMap(({ bid }) => bid ?? []), winners).values();
    return bids.flatMap(({ size, priceFp18, count, bid }) => {
      const won = bid === null ? 0 : outcomes.next().value!.won;
      return Array.from({ length: count }, (_, worker) => [size, priceFp18.toString(), worker < won]);
    });
  },
};

function readBid(value: unknown): SpeltBid[] {
  if (!Array.isArray(value) || value.length < 2) return [];
  const [size, price, count] = value as unknown[];
  const priceFp18 = toInteger(price);
  const workers = value.length === 2 ? 1n : toInteger(count);
  if (priceFp18 === null || workers === null || workers <= 0n) return [];
  const text = toText(size);
  return [{ size: text, priceFp18, count: Number(workers), bid: tryToBid(text, priceFp18, Number(workers)) }];
}

function readWinner(value: unknown, hotkey: string): CommittedBid[] {
  if (typeof value !== "object" || value === null) return [];
  const winner = value as { hotkey?: unknown; hashrate?: unknown; price?: unknown };
  const priceFp18 = toInteger(winner.price);
  if (winner.hotkey !== hotkey || priceFp18 === null) return [];
  const bid = tryToBid(toText(winner.hashrate), priceFp18, 1);
  return bid === null ? [] : [bid];
}

function tryToBid(size: string, priceFp18: bigint, count: number): CommittedBid | null {
  try {
    return toBid(size, priceFp18, count);
  } catch (error) {
    if (error instanceof ProtocolError) return null;
    throw error;
  }
}

/** Python's `str()` of a JSON value. */
function toText(value: unknown): string {
  if (value === null || value === undefined) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  return String(value);
}

/** Python's `int()` of the values in the vectors: digits, `{"text": …}`, JSON numbers and booleans. */
function toInteger(value: unknown): bigint | null {
  if (typeof value === "string") return readPythonInteger(value);
  if (typeof value === "boolean") return value ? 1n : 0n;
  if (typeof value === "number") return BigInt(Math.trunc(value));
  if (typeof value === "object" && value !== null && "text" in value) return toInteger(value.text);
  return null;
}
