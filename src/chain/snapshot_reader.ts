/**
 * Reads the inputs of one auction (spec, section 4) in few requests.
 *
 * @module
 */

import {
  type AuctionSnapshot,
  type CommitmentRecord,
  MAX_RECORD_BYTES,
  MAX_RECORDS,
  type NeuronRecord,
  SNAPSHOT_FORMAT,
} from "../auction/inputs/snapshot.ts";
import { decodeCommitment } from "./commitment_record.ts";
import { bytesOfHex, hexOf } from "./codec/hex.ts";
import { invalidAnswer, type JsonRpcConnection } from "./json_rpc.ts";
import { decodeNeurons } from "./neurons.ts";
import type { Runtime } from "./runtime.ts";
import { encodeKeyArgument, listOf, wholeNumber } from "./codec/scale.ts";
import { encodeAddress } from "./codec/ss58.ts";
import type { StorageItem } from "./codec/storage_item.ts";
import { decodeAnswer, readKeys, readValues } from "./storage.ts";
import type { BlockRef } from "./types.ts";

/** The result of {@linkcode readHeadState}. */
export interface HeadState {
  /** `Timestamp.Now` in milliseconds since 1970; `null` when there is none. */
  readonly timestampMs: number | null;
  /** `SubtensorModule.MechanismEmissionSplit(netuid)`; `null` when absent. */
  readonly mechanismEmissionSplit: readonly number[] | null;
}

/** The result of {@linkcode readWindowState}. */
export interface WindowState {
  readonly timestampMs: number | null;
  /** Ascending by `storageKey`. */
  readonly commitments: readonly CommitmentRecord[];
  readonly neurons: readonly NeuronRecord[];
}

/** Reads the state needed at the best head, in one request. */
export async function readHeadState(
  rpc: JsonRpcConnection,
  runtime: Runtime,
  netuid: number,
  headHash: string,
): Promise<HeadState> {
  const now = runtime.findStorage("Timestamp", "Now");
  const split = runtime.findStorage("SubtensorModule", "MechanismEmissionSplit");
  const keys = [now?.key(), split?.key(netuid)].filter((key) => key !== undefined);
  const values = await readValues(rpc, keys, headHash);
  const nowValue = now === null ? null : values.shift() ?? null;
  const splitValue = split === null ? null : values.shift() ?? null;
  return {
    timestampMs: decodeTimestamp(rpc, now, nowValue),
    mechanismEmissionSplit: split === null || splitValue === null ? null : decodeAnswer(
      rpc,
      "SubtensorModule.MechanismEmissionSplit",
      () => listOf(split.decode(splitValue)).map(wholeNumber),
    ),
  };
}

/** Reads the state needed at the window's first block, in three requests for up to 499 records. */
export async function readWindowState(
  rpc: JsonRpcConnection,
  runtime: Runtime,
  netuid: number,
  blockHash: string,
): Promise<WindowState> {
  const [records, neurons] = await Promise.all([
    readRecords(rpc, runtime, netuid, blockHash),
    readNeurons(rpc, runtime, netuid, blockHash),
  ]);
  return { ...records, neurons };
}

/** Composes the snapshot. */
export function composeSnapshot(
  parts: Pick<AuctionSnapshot, "chain" | "netuid" | "tempo"> & {
    readonly head: BlockRef;
    readonly headState: HeadState;
    readonly firstBlock: BlockRef;
    readonly windowState: WindowState;
  },
): AuctionSnapshot {
  const { chain, netuid, tempo, head, headState, firstBlock, windowState } = parts;
  return {
    format: SNAPSHOT_FORMAT,
    chain,
    netuid,
    tempo,
    head: { number: head.number, hash: head.hash, timestampMs: headState.timestampMs },
    firstBlock: { number: firstBlock.number, hash: firstBlock.hash, timestampMs: windowState.timestampMs },
    mechanismEmissionSplit: headState.mechanismEmissionSplit,
    commitments: windowState.commitments,
    neurons: windowState.neurons,
  };
}

/** Decodes `Timestamp.Now`; `null` if it is absent or zero. */
export function decodeTimestamp(
  rpc: JsonRpcConnection,
  item: StorageItem | null,
  value: Uint8Array | null,
): number | null {
  if (item === null || value === null) return null;
  const timestampMs = decodeAnswer(rpc, "Timestamp.Now", () => Number(item.decode(value)));
  return Number.isFinite(timestampMs) && timestampMs > 0 ? timestampMs : null;
}

async function readRecords(
  rpc: JsonRpcConnection,
  runtime: Runtime,
  netuid: number,
  blockHash: string,
): Promise<Omit<WindowState, "neurons">> {
  const item = runtime.storage("Commitments", "CommitmentOf");
  const now = runtime.findStorage("Timestamp", "Now");
  const storageKeys = await readKeys(rpc, item.keyPrefix(netuid), blockHash, MAX_RECORDS);
  const values = await readValues(rpc, [...storageKeys, ...(now === null ? [] : [now.key()])], blockHash);
  const commitments: CommitmentRecord[] = [];
  for (const [index, storageKey] of storageKeys.entries()) {
    // A key that does not belong to this map has no hotkey.
    const hotkey = item.keyArguments(storageKey)?.[1];
    const value = values[index];
    // If a node omits the value of a key that it has just listed, a bid would disappear silently.
    if (value === null || value === undefined) {
      throw invalidAnswer(
        rpc.endpoint,
        "state_queryStorageAt",
        `the value of ${storageKey} is missing`,
      );
    }
    if (value.length > MAX_RECORD_BYTES) {
      throw invalidAnswer(
        rpc.endpoint,
        "state_queryStorageAt",
        `the value of ${storageKey} has more than ${MAX_RECORD_BYTES} bytes`,
      );
    }
    if (!(hotkey instanceof Uint8Array)) continue;
    commitments.push({ storageKey, hotkey: encodeAddress(hotkey), ...decodeCommitment(item, value) });
  }
  return { commitments, timestampMs: decodeTimestamp(rpc, now, values[storageKeys.length] ?? null) };
}

async function readNeurons(
  rpc: JsonRpcConnection,
  runtime: Runtime,
  netuid: number,
  blockHash: string,
): Promise<NeuronRecord[]> {
  const method = runtime.runtimeApi("NeuronInfoRuntimeApi", "get_neurons_lite");
  const argument = hexOf(encodeKeyArgument({ type: "primitive", value: "u16" }, netuid));
  const answer = bytesOfHex(await rpc.request("state_call", [method.stateCall, argument, blockHash]));
  if (answer === null) throw invalidAnswer(rpc.endpoint, method.stateCall, "it is not hexadecimal");
  return decodeAnswer(rpc, method.stateCall, () => decodeNeurons(method, answer));
}
