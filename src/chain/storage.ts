/**
 * Reads raw storage in few requests: maps in pages, many values at once.
 *
 * @module
 */

import { ChainError } from "./errors.ts";
import { bytesOfHex } from "./codec/hex.ts";
import { invalidAnswer, type JsonRpcConnection } from "./json_rpc.ts";

/** The limit of Substrate nodes for one `state_getKeysPaged`. */
export const KEYS_PER_PAGE = 1000;
/** 500 records of a few hundred bytes stay far below any node's limit on answers. */
export const VALUES_PER_REQUEST = 500;

/**
 * All keys with a prefix at a block, in ascending order.
 *
 * @param prefix `0x` and hex.
 * @param maxKeys more are not an answer.
 * @returns lowercase `0x` hex.
 * @throws {ChainError}
 */
export async function readKeys(
  rpc: JsonRpcConnection,
  prefix: string,
  atHash: string,
  maxKeys: number,
): Promise<string[]> {
  const method = "state_getKeysPaged";
  const keys = new Set<string>();
  let startKey: string | null = null;
  while (true) {
    const page: unknown = await rpc.request(method, [prefix, KEYS_PER_PAGE, startKey, atHash]);
    if (!Array.isArray(page) || !page.every(isHexText)) {
      throw invalidAnswer(rpc.endpoint, method, "it is not a list of hexadecimal keys");
    }
    const countBefore = keys.size;
    for (const key of page) {
      // Some nodes ignore the prefix when a start key is given.
      if (key.toLowerCase().startsWith(prefix.toLowerCase())) keys.add(key.toLowerCase());
    }
    if (keys.size > maxKeys) {
      throw invalidAnswer(rpc.endpoint, method, `it lists more than ${maxKeys} keys`);
    }
    if (page.length < KEYS_PER_PAGE) break;
    if (keys.size === countBefore) throw invalidAnswer(rpc.endpoint, method, "its pages repeat");
    startKey = page.at(-1) ?? null;
  }
  return [...keys].sort();
}

/**
 * The values of many keys at a block.
 *
 * @param keys lowercase `0x` hex.
 * @returns the bytes in the order of `keys`; `null` for absent values.
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
 * @returns `null` if it is absent.
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
  const bytes = bytesOfHex(value);
  if (bytes === null) throw invalidAnswer(rpc.endpoint, method, "it is not hexadecimal");
  return bytes;
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
      const bytes = bytesOfHex(value);
      if (!isHexText(key) || (value !== null && bytes === null)) {
        throw invalidAnswer(rpc.endpoint, method, "a change is not a pair of hexadecimal texts");
      }
      values.set(key.toLowerCase(), bytes);
    }
  }
  return values;
}

function asChangeSets(rpc: JsonRpcConnection, method: string, answer: unknown): { changes: unknown[] }[] {
  const isValid = Array.isArray(answer) &&
    answer.every((set) => typeof set === "object" && set !== null && Array.isArray(set.changes));
  if (!isValid) throw invalidAnswer(rpc.endpoint, method, "it is not a list of change sets");
  return answer;
}

function isHexText(value: unknown): value is string {
  return bytesOfHex(value) !== null;
}

/** Decodes an answer; turns failures into a `ChainError` that names it. */
export function decodeAnswer<T>(rpc: JsonRpcConnection, what: string, decode: () => T): T {
  try {
    return decode();
  } catch (error) {
    if (error instanceof ChainError) throw error;
    throw invalidAnswer(rpc.endpoint, what, "the value cannot be decoded with the chain's metadata", error);
  }
}
