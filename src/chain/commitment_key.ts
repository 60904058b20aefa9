/**
 * The storage key of a hotkey's commitment, which decides ties in the auction (spec, section 4.1).
 *
 * @module
 */

import { Twox64Concat } from "@polkadot-api/substrate-bindings";
import type { AuctionSnapshot } from "../auction/inputs/snapshot.ts";
import { decodeAddress } from "./codec/ss58.ts";

/** Twox64Concat of an account: 8 bytes of hash and the account's 32, as hex digits. */
const ACCOUNT_DIGITS = 2 * (8 + 32);

/**
 * The key that a hotkey's record has, or would have beside the other records of a snapshot.
 *
 * @param hotkey SS58 address.
 * @throws {Error} if the hotkey has no record and is no SS58 address.
 */
export function commitmentKey({ commitments }: Pick<AuctionSnapshot, "commitments">, hotkey: string): string {
  const own = commitments.find((record) => record.hotkey === hotkey);
  if (own !== undefined) return own.storageKey;
  // Pallet, item and subnet are the same for all.
  const prefix = commitments[0]?.storageKey.slice(0, -ACCOUNT_DIGITS) ?? "0x";
  return `${prefix}${Twox64Concat(decodeAddress(hotkey)).toHex()}`;
}
