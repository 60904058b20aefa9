/**
 * Price commitments: what validators publish (spec, section 2; `vectors/price-commitment.json`).
 *
 * @module
 */

import { readEnvelope } from "./commitment_text.ts";
import { BAN_BITMAP_BYTES } from "./constants.ts";
import { parseFp18 } from "./fp18.ts";
import { ProtocolError } from "./errors.ts";
import { quote } from "./python_text.ts";

/** A validator's prices and bans. */
export interface PriceCommitment {
  /** Metric to FP18 value, in the order of the text, including unknown metrics. */
  readonly prices: ReadonlyMap<string, bigint>;
  /** The UIDs (0 to 255) that this validator bans, ascending; empty without a bitmap of exactly 32 bytes. */
  readonly bannedUids: readonly number[];
}

const PRICE_TYPE = "p";

/**
 * Parses a price commitment of any version. Invalid entries are skipped; the last valid one of duplicate keys counts. Keys are
 * compared exactly: ` cap` is not `cap`.
 *
 * @throws {ProtocolError} if it is unreadable or of another type.
 */
export function parsePriceCommitment(bytes: Uint8Array): PriceCommitment {
  const { type, data, suffix } = readEnvelope(bytes);
  if (type !== PRICE_TYPE) {
    throw new ProtocolError(
      `Cannot read prices: the commitment's type is ${quote(type)}, not "${PRICE_TYPE}"`,
    );
  }
  const prices = new Map<string, bigint>();
  for (const entry of data.split(";")) {
    const equals = entry.indexOf("=");
    if (equals < 1) continue;
    const value = tryParseFp18(entry.slice(equals + 1));
    if (value !== null) prices.set(entry.slice(0, equals), value);
  }
  return { prices, bannedUids: readBanBitmap(suffix) };
}

function tryParseFp18(text: string): bigint | null {
  try {
    return parseFp18(text);
  } catch (error) {
    if (error instanceof ProtocolError) return null;
    throw error;
  }
}

function readBanBitmap(bitmap: Uint8Array): number[] {
  if (bitmap.length !== BAN_BITMAP_BYTES) return [];
  const uids: number[] = [];
  for (let uid = 0; uid < BAN_BITMAP_BYTES * 8; uid++) {
    if ((bitmap[uid >> 3]! >> (uid & 7)) & 1) uids.push(uid);
  }
  return uids;
}
