/**
 * SS58: accounts as text. Pure.
 *
 * @module
 */

import { blake2b } from "@noble/hashes/blake2.js";
import { base58 } from "@scure/base";

/** The prefix of Bittensor addresses; that of every Substrate chain without its own. */
export const SS58_PREFIX = 42;

const ACCOUNT_BYTES = 32;
const CHECKSUM_BYTES = 2;
const CONTEXT = new TextEncoder().encode("SS58PRE");

/**
 * The address of an account, with prefix 42.
 *
 * @param account 32 bytes.
 */
export function encodeAddress(account: Uint8Array): string {
  const body = Uint8Array.of(SS58_PREFIX, ...account);
  return base58.encode(Uint8Array.of(...body, ...checksumOf(body)));
}

/**
 * The account of an address with prefix 42, 32 bytes.
 *
 * @throws {TypeError} if it is none.
 */
export function decodeAddress(address: string): Uint8Array {
  const account = accountOf(address);
  if (account !== null) return account;
  throw new TypeError(
    `Cannot read an address: ${JSON.stringify(address)} is not SS58 with prefix ${SS58_PREFIX}`,
  );
}

/** Whether a text is the address of an account, with prefix 42. */
export function isAddress(text: string): boolean {
  return accountOf(text) !== null;
}

function accountOf(address: string): Uint8Array | null {
  let bytes: Uint8Array;
  try {
    bytes = base58.decode(address);
  } catch {
    return null;
  }
  if (bytes.length !== 1 + ACCOUNT_BYTES + CHECKSUM_BYTES || bytes[0] !== SS58_PREFIX) return null;
  const body = bytes.subarray(0, -CHECKSUM_BYTES);
  const checksum = checksumOf(body);
  return checksum.every((byte, i) => bytes[body.length + i] === byte)
    ? bytes.slice(1, 1 + ACCOUNT_BYTES)
    : null;
}

function checksumOf(body: Uint8Array): Uint8Array {
  return blake2b(Uint8Array.of(...CONTEXT, ...body)).subarray(0, CHECKSUM_BYTES);
}
