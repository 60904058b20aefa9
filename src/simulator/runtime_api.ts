/**
 * `state_call`: the runtime APIs that the simulator answers, encoded by the served metadata.
 *
 * @module
 */

import { compactToU8a, u8aConcat } from "@polkadot/util";
import type { Block } from "./block.ts";
import type { SimulatedChain } from "./chain.ts";
import { accountNonce } from "./dispatch.ts";
import type { ApiMethod } from "./runtime.ts";
import { clientError } from "./rpc_error.ts";
import { StateDraft } from "./state_draft.ts";
import type { Neuron } from "./subnet.ts";

/** Which metadata versions `Metadata_metadata_versions` names. */
export type MetadataVersions = readonly (14 | 15)[];

/** Where a runtime API is called. */
export interface ApiContext {
  readonly chain: SimulatedChain;
  readonly block: Block;
  readonly metadataVersions: MetadataVersions;
}

/** Caches encoded neurons: encoding 256 of them is slow, and they rarely change. */
const neuronsCache = new WeakMap<readonly Neuron[], Map<string, Uint8Array>>();

/**
 * Calls `Api_method` with SCALE-encoded parameters.
 *
 * @throws {RpcError} 4003 when the runtime has no such method or the parameters are too short.
 */
export function callRuntimeApi(context: ApiContext, name: string, data: Uint8Array): Uint8Array {
  const { runtime } = context.chain;
  if (name === "Metadata_metadata") return opaque(runtime.image.v14);
  if (name === "Metadata_metadata_versions") {
    return u8aConcat(
      compactToU8a(context.metadataVersions.length),
      ...context.metadataVersions.map((version) => [version, 0, 0, 0]),
    );
  }
  if (name === "Metadata_metadata_at_version") {
    const wanted = context.metadataVersions.find((version) => version === data[0] && data.length === 4);
    if (wanted === undefined) return new Uint8Array([0]);
    return u8aConcat([1], opaque(wanted === 14 ? runtime.image.v14 : runtime.image.v15));
  }
  const method = runtime.api(name);
  const implementation = APIS[name];
  if (method === undefined || implementation === undefined) {
    throw clientError(`Execution failed: Other: Exported method ${name} is not found`);
  }
  const args = decodeArguments(context, method, data, name);
  return implementation(context, method, args);
}

type Implementation = (context: ApiContext, method: ApiMethod, args: readonly unknown[]) => Uint8Array;

const APIS: Record<string, Implementation> = {
  Core_version: ({ chain: { runtime } }, { output }) => runtime.encode(output, runtime.version),
  AccountNonceApi_account_nonce: ({ chain, block }, { output }, [account]) => {
    const draft = new StateDraft(chain.runtime, chain.stateAt(block));
    return chain.runtime.encode(output, accountNonce(draft, bytesOf(account)));
  },
  TransactionPaymentApi_query_info: ({ chain: { runtime } }, { output }) =>
    runtime.encode(output, { ...DISPATCH_INFO, partialFee: 0 }),
  TransactionPaymentApi_query_fee_details: ({ chain: { runtime } }, { output }) =>
    runtime.encode(output, { inclusionFee: null, tip: 0 }),
  NeuronInfoRuntimeApi_get_neurons: neuronList,
  NeuronInfoRuntimeApi_get_neurons_lite: neuronList,
  NeuronInfoRuntimeApi_get_neuron: neuronByUid,
  NeuronInfoRuntimeApi_get_neuron_lite: neuronByUid,
  SubnetInfoRuntimeApi_get_dynamic_info: (context, { output }, [netuid]) => {
    const subnet = subnetFacts(context, Number(netuid));
    return context.chain.runtime.encode(output, subnet === null ? null : dynamicInfo(subnet));
  },
  SubnetInfoRuntimeApi_get_subnet_hyperparams: (context, { output }, [netuid]) => {
    const subnet = subnetFacts(context, Number(netuid));
    return context.chain.runtime.encode(output, subnet === null ? null : hyperparams(subnet));
  },
};

function neuronList(
  { chain, block }: ApiContext,
  { output }: ApiMethod,
  [netuid]: readonly unknown[],
): Uint8Array {
  const neurons = chain.neuronsAt(block, Number(netuid));
  const cached = neuronsCache.get(neurons) ?? new Map<string, Uint8Array>();
  neuronsCache.set(neurons, cached);
  const key = `${netuid}/${output}`;
  const encoded = cached.get(key) ??
    chain.runtime.encode(output, neurons.map((neuron) => neuronInfo(neuron, Number(netuid))));
  cached.set(key, encoded);
  return encoded;
}

function neuronByUid(
  { chain, block }: ApiContext,
  { output }: ApiMethod,
  [netuid, uid]: readonly unknown[],
): Uint8Array {
  const found = chain.neuronsAt(block, Number(netuid)).find((neuron) => neuron.uid === Number(uid));
  return chain.runtime.encode(output, found === undefined ? null : neuronInfo(found, Number(netuid)));
}

/** What `payment_queryInfo` and the runtime API say of every extrinsic: the calls that exist are free. */
export const DISPATCH_INFO = { weight: { refTime: 33_000_000, proofSize: 2_000 }, class: "Normal" } as const;

interface SubnetFacts {
  readonly netuid: number;
  readonly tempo: number;
  readonly blockNumber: number;
  readonly owner: Neuron | undefined;
}

function subnetFacts({ chain, block }: ApiContext, netuid: number): SubnetFacts | null {
  const draft = new StateDraft(chain.runtime, chain.stateAt(block));
  if (!draft.has("SubtensorModule", "NetworksAdded", netuid)) return null;
  return {
    netuid,
    tempo: Number(draft.get("SubtensorModule", "Tempo", netuid)),
    blockNumber: block.number,
    owner: draft.neurons(netuid)[0],
  };
}

function neuronInfo(neuron: Neuron, netuid: number): Record<string, unknown> {
  return {
    hotkey: neuron.hotkey,
    coldkey: neuron.coldkey,
    uid: neuron.uid,
    netuid,
    active: true,
    stake: [[neuron.coldkey, neuron.stakeRao]],
    lastUpdate: neuron.registeredAtBlock,
    validatorPermit: neuron.validatorPermit,
    pruningScore: 65_535,
  };
}

function dynamicInfo({ netuid, tempo, blockNumber, owner }: SubnetFacts): Record<string, unknown> {
  const sinceLastStep = (blockNumber + netuid + 1) % (tempo + 1);
  return {
    netuid,
    ownerHotkey: owner?.hotkey,
    ownerColdkey: owner?.coldkey,
    subnetName: [...new TextEncoder().encode(`subnet ${netuid}`)],
    tokenSymbol: [...new TextEncoder().encode("α")],
    tempo,
    lastStep: Math.max(0, blockNumber - sinceLastStep),
    blocksSinceLastStep: sinceLastStep,
    subnetIdentity: null,
  };
}

function hyperparams({ tempo }: SubnetFacts): Record<string, unknown> {
  return {
    rho: 10,
    kappa: 32_767,
    immunityPeriod: 5_000,
    minAllowedWeights: 1,
    maxWeightsLimit: 65_535,
    tempo,
    minDifficulty: 10_000_000n,
    maxDifficulty: 0xffff_ffff_ffff_ffffn / 4n,
    weightsRateLimit: 100,
    adjustmentInterval: 360,
    activityCutoff: 5_000,
    registrationAllowed: true,
    targetRegsPerInterval: 1,
    minBurn: 500_000n,
    maxBurn: 100_000_000_000n,
    bondsMovingAvg: 900_000,
    maxRegsPerBlock: 1,
    servingRateLimit: 50,
    maxValidators: 64,
    difficulty: 10_000_000n,
    commitRevealPeriod: 1,
    commitRevealWeightsEnabled: true,
    alphaHigh: 58_982,
    alphaLow: 45_875,
    liquidAlphaEnabled: false,
  };
}

function decodeArguments(
  { chain: { runtime } }: ApiContext,
  { inputs }: ApiMethod,
  data: Uint8Array,
  name: string,
): unknown[] {
  // Extrinsics are self-describing and none of the answers depends on them.
  if (name.startsWith("TransactionPaymentApi_")) return [];
  let offset = 0;
  try {
    return inputs.map(({ type }) => {
      const value = runtime.decode(type, data.subarray(offset));
      if (value.encodedLength > data.length - offset) throw new RangeError("too short");
      offset += value.encodedLength;
      return value;
    });
  } catch {
    throw clientError(`Execution failed: Bad input data provided to ${name}: Codec error`);
  }
}

function bytesOf(codec: unknown): Uint8Array {
  return (codec as { toU8a(): Uint8Array }).toU8a();
}

function opaque(bytes: Uint8Array): Uint8Array {
  return u8aConcat(compactToU8a(bytes.length), bytes);
}
