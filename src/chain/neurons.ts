/**
 * Decodes `NeuronInfoRuntimeApi.get_neurons_lite` (spec, section 4.2).
 *
 * @module
 */

import type { Compact, Struct, Tuple, u64, Vec } from "@polkadot/types";
import { compactFromU8aLim } from "@polkadot/util";
import { MAX_NEURONS, type NeuronRecord } from "../auction/inputs/snapshot.ts";
import { decodeWhole, LEGACY_NEURON_INFO_TYPE, type Runtime, type RuntimeApiMethod } from "./runtime.ts";

const LEGACY_LIST_TYPE = `Vec<${LEGACY_NEURON_INFO_TYPE}>`;

/**
 * Decodes the answer of the runtime API.
 *
 * Newer runtimes describe the type in their metadata. Older ones (spec 218) return `Bytes` with the encoded list, or have
 * metadata (V14) without runtime APIs: then the type of `runtime.ts` is used.
 *
 * @throws {Error} if the bytes are not a list of neurons and nothing else: what begins with a zero would be an empty list.
 */
export function decodeNeurons(runtime: Runtime, method: RuntimeApiMethod, bytes: Uint8Array): NeuronRecord[] {
  const list = neuronList(runtime, method, bytes);
  if (list.length > MAX_NEURONS) throw new RangeError(`Cannot read more than ${MAX_NEURONS} neurons`);
  return [...list].map(toNeuronRecord);
}

function neuronList(runtime: Runtime, { outputType }: RuntimeApiMethod, bytes: Uint8Array): Vec<Struct> {
  const { registry } = runtime;
  if (outputType === null) {
    const list = isByteString(bytes) ? decodeWhole(registry, "Bytes", bytes).toU8a(true) : bytes;
    return decodeWhole(registry, LEGACY_LIST_TYPE, list) as Vec<Struct>;
  }
  const output = decodeWhole(registry, outputType, bytes);
  return output instanceof Uint8Array
    ? decodeWhole(registry, LEGACY_LIST_TYPE, output.toU8a(true)) as Vec<Struct>
    : output as Vec<Struct>;
}

/**
 * Whether the bytes are a length-prefixed byte string. A list of neurons is not: its prefix counts neurons, each longer than
 * one byte.
 */
function isByteString(bytes: Uint8Array): boolean {
  const [offset, length] = compactFromU8aLim(bytes);
  return length > 0 && offset + length === bytes.length;
}

function toNeuronRecord(neuron: Struct): NeuronRecord {
  const uid = Number(neuron.get("uid")?.toString());
  if (!Number.isSafeInteger(uid)) throw new TypeError("Cannot read a neuron: it has no uid");
  let stakeRao = 0n;
  for (const [, amount] of neuron.get("stake") as Vec<Tuple>) {
    stakeRao += (amount as unknown as Compact<u64>).toBigInt();
  }
  return {
    uid,
    hotkey: String(neuron.get("hotkey")),
    stakeRao: stakeRao.toString(),
  };
}
