/**
 * Writes price commitments, as the simulated validators publish them (spec, section 2).
 *
 * @module
 */

import { writeEnvelopeText } from "../../src/auction/protocol/commitment_text.ts";
import { BAN_BITMAP_BYTES } from "../../src/auction/protocol/constants.ts";
import { formatFp18 } from "../../src/auction/protocol/fp18.ts";
import { compareByCodePoint } from "../../src/auction/protocol/python_text.ts";

/**
 * Writes a price commitment: keys ascending, without keys that contain a separator, then 0xFF and the ban bitmap without UIDs
 * outside 0 to 255.
 *
 * @throws {ProtocolError} if the text has more than 128 bytes.
 */
export function writePriceCommitment(
  prices: Iterable<readonly [key: string, valueFp18: bigint]>,
  bannedUids: Iterable<number>,
): Uint8Array {
  const entries = [...new Map(prices)]
    .filter(([key]) => !/[=;]/.test(key))
    .sort(([a], [b]) => compareByCodePoint(a, b))
    .map(([key, valueFp18]) => `${key}=${formatFp18(valueFp18)}`);
  const text = writeEnvelopeText(1n, "p", entries.join(";"), "publish fewer prices, or fewer digits");
  return joinSuffix(text, writeBanBitmap(bannedUids));
}

/** The bytes of a text, 0xFF, and its binary suffix. */
function joinSuffix(text: string, suffix: Uint8Array): Uint8Array {
  const textBytes = new TextEncoder().encode(text);
  const bytes = new Uint8Array(textBytes.length + 1 + suffix.length);
  bytes.set(textBytes);
  bytes[textBytes.length] = 0xff;
  bytes.set(suffix, textBytes.length + 1);
  return bytes;
}

function writeBanBitmap(uids: Iterable<number>): Uint8Array {
  const bitmap = new Uint8Array(BAN_BITMAP_BYTES);
  for (const uid of uids) {
    if (uid >= 0 && uid < BAN_BITMAP_BYTES * 8) bitmap[uid >> 3]! |= 1 << (uid & 7);
  }
  return bitmap;
}
