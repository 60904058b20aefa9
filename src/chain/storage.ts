/**
 * Raw storage in few requests: whole maps in pages, many values at once.
 *
 * @module
 */

import { ChainError } from "./errors.ts";
import { invalidAnswer, type JsonRpcConnection } from "./json_rpc.ts";

/** The most that Substrate nodes give for one `state_getKeysPaged`. */
export const KEYS_PER_PAGE = 1000;
/** 250 records of at most a few hundred bytes stay far below any node's limit on answers. */
export const VALUES_PER_REQUEST = 250;

const HEX = /^0x(?:[0-9a-f]{2})*$/i;

/**
 * All keys with a prefix at a block, in ascending order.
 *
 * @param prefix `0x` and hex.
 * @returns Lowercase `0x` hex.
 * @throws {ChainError}
 */
export async function readKeys(rpc: JsonRpcConnection, prefix: string, atHash: string): Promise<string[]> {
  const method = "state_getKeysPaged";
  const keys = new Set<string>();
  let startKey: string | null = null;
  while (true) {
    const page: unknown = await rpc.request(method, [prefix, KEYS_PER_PAGE, startKey, atHash]);
    if (!Array.isArray(page) || !page.every(isHexText)) {
      throw invalidAnswer(rpc.endpoint, method, "it is no list of hexadecimal keys");
    }
    const countBefore = keys.size;
    for (const key of page) {
      // Some nodes ignore the prefix once a start key is given.
      if (key.toLowerCase().startsWith(prefix.toLowerCase())) keys.add(key.toLowerCase());
    }
    if (page.length < KEYS_PER_PAGE) break;
    if (keys.size === countBefore) throw invalidAnswer(rpc.endpoint, method, "its pages repeat themselves");
    startKey = page.at(-1) ?? null;
  }
  return [...keys].sort();
}

/**
 * Values of many keys at a block.
 *
 * @param keys Lowercase `0x` hex.
 * @returns The bytes, `null` where nothing is stored, in the order of `keys`.
 * @throws {ChainError}
 */
export async function readValues(
  rpc: JsonRpcConnection,
  keys: readonly string[],
  atHash: string,
): Promise<(Uint8Array | null)[]> {
  const requests: Promise<Map<string, Uint8Array | null>>[] = [];
  for (let start = 0; start < keys.length; start += VALUES_PER_REQUEST) {
    requests.push(queryStorageAt(rpc, keys.slice(start, start + VALUES_PER_REQUEST), atHash));
  }
  const found = new Map((await Promise.all(requests)).flatMap((part) => [...part]));
  return keys.map((key) => found.get(key) ?? null);
}

/**
 * One value, at a block or at the best head.
 *
 * @returns `null` where nothing is stored.
 * @throws {ChainError}
 */
export async function readValue(
  rpc: JsonRpcConnection,
  key: string,
  atHash?: string,
): Promise<Uint8Array | null> {
  const method = "state_getStorage";
  const value = await rpc.request(method, atHash === undefined ? [key] : [key, atHash]);
  if (value === null) return null;
  if (!isHexText(value)) throw invalidAnswer(rpc.endpoint, method, "it is no hexadecimal text");
  return Uint8Array.fromHex(value.slice(2));
}

async function queryStorageAt(
  rpc: JsonRpcConnection,
  keys: readonly string[],
  atHash: string,
): Promise<Map<string, Uint8Array | null>> {
  const method = "state_queryStorageAt";
  const answer = await rpc.request(method, [keys, atHash]);
  const values = new Map<string, Uint8Array | null>();
  for (const { changes } of asChangeSets(rpc, method, answer)) {
    for (const change of changes) {
      const [key, value] = Array.isArray(change) ? change as unknown[] : [];
      if (!isHexText(key) || (value !== null && !isHexText(value))) {
        throw invalidAnswer(rpc.endpoint, method, "a change is no pair of hexadecimal texts");
      }
      values.set(key.toLowerCase(), value === null ? null : Uint8Array.fromHex(value.slice(2)));
    }
  }
  return values;
}

function asChangeSets(rpc: JsonRpcConnection, method: string, answer: unknown): { changes: unknown[] }[] {
  const isValid = Array.isArray(answer) &&
    answer.every((set) => typeof set === "object" && set !== null && Array.isArray(set.changes));
  if (!isValid) throw invalidAnswer(rpc.endpoint, method, "it is no list of change sets");
  return answer;
}

function isHexText(value: unknown): value is string {
  return typeof value === "string" && HEX.test(value);
}

/** Turns a failure to decode what a node answered into a `ChainError` that names it. */
export function decodeAnswer<T>(rpc: JsonRpcConnection, what: string, decode: () => T): T {
  try {
    return decode();
  } catch (error) {
    if (error instanceof ChainError) throw error;
    throw invalidAnswer(rpc.endpoint, what, "the value cannot be decoded with the chain's metadata", error);
  }
}
