/**
 * Blocks of the simulated chain and the state each of them keeps.
 *
 * @module
 */

import { compactToU8a, hexToU8a, u8aConcat, u8aToHex } from "@polkadot/util";
import { blake2AsHex, blake2AsU8a } from "@polkadot/util-crypto";
import type { RuntimeEvent } from "./runtime.ts";
import type { SortedMap } from "./sorted_map.ts";
import type { Neurons } from "./subnet.ts";

/** Everything a block knows: raw storage, and the neurons behind the runtime APIs. Immutable. */
export interface ChainState {
  readonly storage: SortedMap;
  readonly neurons: ReadonlyMap<number, Neurons>;
}

/** A block header as JSON-RPC gives it. */
export interface HeaderJson {
  readonly parentHash: string;
  readonly number: string;
  readonly stateRoot: string;
  readonly extrinsicsRoot: string;
  readonly digest: { readonly logs: readonly string[] };
}

/** A block as callers of the simulator see it. */
export interface BlockInfo {
  readonly number: number;
  /** `0x` + 64 lowercase hex digits. */
  readonly hash: string;
  /** `Timestamp.Now`, milliseconds since 1970. */
  readonly timestampMs: number;
}

/** A block of the chain. */
export interface Block extends BlockInfo {
  /** The block below; `null` below the oldest block that was really built. */
  readonly parent: Block | null;
  readonly header: HeaderJson;
  /** Signed extrinsics in order; the timestamp inherent comes before them. */
  readonly extrinsics: readonly Uint8Array[];
  readonly events: readonly RuntimeEvent[];
  readonly state: ChainState;
}

/** A hash that depends on nothing but the text. */
export function seededHash(text: string): string {
  return blake2AsHex(text, 256);
}

/** The header of a block; its roots stand for the seed, the number and the fork, not for a real trie. */
export function makeHeader(parentHash: string, number: number, seed: string): HeaderJson {
  return {
    parentHash,
    number: `0x${number.toString(16)}`,
    stateRoot: seededHash(`${seed}/state/${number}`),
    extrinsicsRoot: seededHash(`${seed}/extrinsics/${number}`),
    digest: { logs: [] },
  };
}

/** The hash that every Substrate client computes from a header: blake2-256 of its SCALE encoding. */
export function headerHash(header: HeaderJson): string {
  return u8aToHex(blake2AsU8a(
    u8aConcat(
      hexToU8a(header.parentHash as `0x${string}`),
      compactToU8a(Number(header.number)),
      hexToU8a(header.stateRoot as `0x${string}`),
      hexToU8a(header.extrinsicsRoot as `0x${string}`),
      compactToU8a(0),
    ),
    256,
  ));
}
