/**
 * Decodes `NeuronInfoRuntimeApi.get_neurons_lite` (spec, section 4.2).
 *
 * @module
 */

import { MAX_NEURONS, type NeuronRecord } from "../auction/inputs/snapshot.ts";
import type { RuntimeApiMethod } from "./runtime.ts";
import { decodeWhole, entryOf, listOf, ScaleReader, type ScaleType, wholeNumber } from "./codec/scale.ts";
import { encodeAddress } from "./codec/ss58.ts";

const unsigned = (bits: number): ScaleType => ({ type: "primitive", value: `u${bits}` });
const COMPACT_SMALL: ScaleType = { type: "compact", isBig: false };
const COMPACT_U64: ScaleType = { type: "compact", isBig: true };
const ACCOUNT: ScaleType = { type: "AccountId32" };
const BOOL: ScaleType = { type: "primitive", value: "bool" };
const BYTES: ScaleType = { type: "sequence", value: unsigned(8) };
const PROMETHEUS_INFO = {
  block: unsigned(64),
  version: unsigned(32),
  ip: unsigned(128),
  port: unsigned(16),
  ipType: unsigned(8),
} as const;

/** `Vec<NeuronInfoLite>` for runtimes whose metadata do not describe it (V14, or an API that returns `Bytes`). */
const LEGACY_LIST: ScaleType = {
  type: "sequence",
  value: {
    type: "struct",
    value: {
      hotkey: ACCOUNT,
      coldkey: ACCOUNT,
      uid: COMPACT_SMALL,
      netuid: COMPACT_SMALL,
      active: BOOL,
      axonInfo: {
        type: "struct",
        value: {
          ...PROMETHEUS_INFO,
          protocol: unsigned(8),
          placeholder1: unsigned(8),
          placeholder2: unsigned(8),
        },
      },
      prometheusInfo: { type: "struct", value: PROMETHEUS_INFO },
      stake: { type: "sequence", value: { type: "tuple", value: [ACCOUNT, COMPACT_U64] } },
      rank: COMPACT_SMALL,
      emission: COMPACT_U64,
      incentive: COMPACT_SMALL,
      consensus: COMPACT_SMALL,
      trust: COMPACT_SMALL,
      validatorTrust: COMPACT_SMALL,
      dividends: COMPACT_SMALL,
      lastUpdate: COMPACT_U64,
      validatorPermit: BOOL,
      pruningScore: COMPACT_SMALL,
    },
  },
};

/**
 * Decodes the answer of the runtime API.
 *
 * Newer runtimes describe the type in their metadata. Older ones (spec 218) return `Bytes` with the encoded list, or have
 * metadata (V14) without runtime APIs: then {@linkcode LEGACY_LIST} is used.
 *
 * @throws {Error} if the bytes are not a list of neurons and nothing else: what begins with a zero would be an empty list.
 */
export function decodeNeurons({ outputType }: RuntimeApiMethod, bytes: Uint8Array): NeuronRecord[] {
  const list = neuronList(outputType, bytes);
  if (list.length > MAX_NEURONS) throw new RangeError(`Cannot read more than ${MAX_NEURONS} neurons`);
  return list.map(toNeuronRecord);
}

function neuronList(outputType: ScaleType | null, bytes: Uint8Array): readonly unknown[] {
  const output = outputType === null
    ? isByteString(bytes) ? decodeWhole(BYTES, bytes) : bytes
    : decodeWhole(outputType, bytes);
  return listOf(output instanceof Uint8Array ? decodeWhole(LEGACY_LIST, output) : output);
}

/**
 * Whether the bytes are a length-prefixed byte string. A list of neurons is not: its prefix counts neurons, each longer than
 * one byte.
 */
function isByteString(bytes: Uint8Array): boolean {
  const reader = new ScaleReader(bytes);
  const length = Number(reader.compact());
  return length > 0 && reader.rest === length;
}

function toNeuronRecord(neuron: unknown): NeuronRecord {
  const uid = wholeNumber(entryOf(neuron, "uid"));
  const hotkey = entryOf(neuron, "hotkey");
  if (!(hotkey instanceof Uint8Array)) throw new TypeError("Cannot read a neuron: its hotkey is no account");
  let stakeRao = 0n;
  for (const entry of listOf(entryOf(neuron, "stake"))) {
    const amount = listOf(entry)[1];
    if (typeof amount !== "bigint") throw new TypeError("Cannot read a neuron: a stake is no amount");
    stakeRao += amount;
  }
  return { uid, hotkey: encodeAddress(hotkey), stakeRao: stakeRao.toString() };
}
