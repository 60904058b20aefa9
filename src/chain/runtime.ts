/**
 * One version of the chain's runtime: @polkadot/api built from the chain's metadata (spec, section 8: types never come from a
 * hard-coded index).
 *
 * The `ApiPromise` is only a codec without a network. All requests go through `JsonRpcConnection`, so that each has its
 * deadline and error, and nothing reconnects, subscribes or logs behind the caller's back.
 *
 * @module
 */

import { ApiPromise } from "@polkadot/api";
import type { ApiOptions } from "@polkadot/api/types";
import { TypeRegistry } from "@polkadot/types";
import type { Codec, Registry } from "@polkadot/types/types";
import { hexToU8a, isHex, stringCamelCase, u8aToHex } from "@polkadot/util";
import { ChainError } from "./errors.ts";
import { invalidAnswer, type JsonRpcConnection } from "./json_rpc.ts";

/** The used part of the answer to `state_getRuntimeVersion`. */
export interface RuntimeVersion {
  readonly specName: string;
  readonly specVersion: number;
}

/** One storage item of the runtime. */
export interface StorageItem {
  /** The full key, `0x` and hex. */
  key(...args: readonly unknown[]): string;
  /** The prefix of all keys that start with `args`, `0x` and hex. */
  keyPrefix(...args: readonly unknown[]): string;
  /** The arguments in a key; `null` if it is not a key of this item. */
  keyArguments(key: string): Codec[] | null;
  /**
   * Decodes a stored value, ignoring trailing bytes.
   *
   * @throws {Error} if the bytes are not such a value.
   */
  decode(value: Uint8Array): Codec;
  /** The default for an absent value, from the metadata. */
  readonly defaultValue: Codec;
}

/** A method of a runtime API. */
export interface RuntimeApiMethod {
  /** Its name for `state_call`. */
  readonly stateCall: string;
  /** The type of the result; `null` if the metadata (V14) does not describe runtime APIs. */
  readonly outputType: string | null;
}

/** `NeuronInfoLite` for runtimes whose metadata does not describe it (V14, or an API that returns `Bytes`). */
export const LEGACY_NEURON_INFO_TYPE = "LegacyNeuronInfoLite";

const LEGACY_TYPES: NonNullable<ApiOptions["types"]> = {
  LegacyAxonInfo: {
    block: "u64",
    version: "u32",
    ip: "u128",
    port: "u16",
    ipType: "u8",
    protocol: "u8",
    placeholder1: "u8",
    placeholder2: "u8",
  },
  LegacyPrometheusInfo: { block: "u64", version: "u32", ip: "u128", port: "u16", ipType: "u8" },
  [LEGACY_NEURON_INFO_TYPE]: {
    hotkey: "AccountId",
    coldkey: "AccountId",
    uid: "Compact<u16>",
    netuid: "Compact<u16>",
    active: "bool",
    axonInfo: "LegacyAxonInfo",
    prometheusInfo: "LegacyPrometheusInfo",
    stake: "Vec<(AccountId, Compact<u64>)>",
    rank: "Compact<u16>",
    emission: "Compact<u64>",
    incentive: "Compact<u16>",
    consensus: "Compact<u16>",
    trust: "Compact<u16>",
    validatorTrust: "Compact<u16>",
    dividends: "Compact<u16>",
    lastUpdate: "Compact<u64>",
    validatorPermit: "bool",
    pruningScore: "Compact<u16>",
  },
};

// V16 restructures transaction extensions and is still young; all nodes serve one of these two.
const METADATA_VERSIONS = [15, 14] as const;
/** "meta". */
const METADATA_MAGIC = "0x6d657461";
const SS58_PREFIX = 42;

/** The chain's runtime at some block. */
export class Runtime {
  readonly version: RuntimeVersion;
  /** Has no network: use only its registry, metadata, keys and transaction builders. */
  readonly api: ApiPromise;
  readonly #endpoint: string;

  constructor(api: ApiPromise, version: RuntimeVersion, endpoint: string) {
    this.api = api;
    this.version = version;
    this.#endpoint = endpoint;
  }

  get registry(): Registry {
    return this.api.registry;
  }

  /**
   * A storage item by its names in the metadata; `null` if this runtime has none.
   */
  findStorage(pallet: string, item: string): StorageItem | null {
    const entry = this.api.query[stringCamelCase(pallet)]?.[stringCamelCase(item)];
    if (entry === undefined) return null;
    const { meta, section, method } = entry.creator;
    const valueType = this.registry.createLookupType(
      meta.type.isPlain ? meta.type.asPlain : meta.type.asMap.value,
    );
    return {
      key: (...args) => entry.key(...args),
      keyPrefix: (...args) => entry.keyPrefix(...args),
      keyArguments: (key) => {
        const storageKey = this.api.createType("StorageKey", key).setMeta(meta, section, method);
        const isWhole = storageKey.args.length > 0 && entry.key(...storageKey.args) === key;
        return isWhole ? [...storageKey.args] : null;
      },
      decode: (value) => decodeStrictly(this.registry, valueType, value),
      get defaultValue() {
        return decodeStrictly(entry.creator.meta.registry, valueType, meta.fallback.toU8a(true));
      },
    };
  }

  /**
   * A storage item by its names in the metadata.
   *
   * @throws {ChainError} `missing-pallet`.
   */
  storage(pallet: string, item: string): StorageItem {
    const found = this.findStorage(pallet, item);
    if (found === null) throw this.missing(`storage item ${pallet}.${item}`);
    return found;
  }

  /**
   * A method of a runtime API by its names in the metadata.
   *
   * @throws {ChainError} `missing-pallet` if the metadata describes runtime APIs without this one.
   */
  runtimeApi(name: string, method: string): RuntimeApiMethod {
    const stateCall = `${name}_${method}`;
    const { apis } = this.registry.metadata;
    if (apis.length === 0) return { stateCall, outputType: null };
    const found = apis.find((api) => api.name.toString() === name)?.methods
      .find((candidate) => candidate.name.toString() === method);
    if (found === undefined) throw this.missing(`runtime API ${name}.${method}`);
    return { stateCall, outputType: this.registry.createLookupType(found.output) };
  }

  /** The error of a chain that lacks something required. */
  missing(what: string): ChainError {
    return new ChainError(
      `Cannot use the chain at ${this.#endpoint}: its runtime (${this.version.specName} ` +
        `${this.version.specVersion}) has no ${what}; check that the network is a Bittensor network`,
      { kind: "missing-pallet", endpoint: this.#endpoint, retryable: false },
    );
  }
}

/** The runtime version at a block, or at the best head. */
export async function fetchRuntimeVersion(rpc: JsonRpcConnection, atHash?: string): Promise<RuntimeVersion> {
  return runtimeVersionOf(rpc, await requestRuntimeVersion(rpc, atHash));
}

/**
 * Loads the runtime at a block, or at the best head: three or four requests, about 0.6 MB.
 *
 * @throws {ChainError} as `JsonRpcConnection.request`, and `invalid-answer` when the metadata cannot be read.
 */
export async function loadRuntime(
  rpc: JsonRpcConnection,
  genesisHash: string,
  atHash?: string,
): Promise<Runtime> {
  const [versionJson, metadata] = await Promise.all([
    requestRuntimeVersion(rpc, atHash),
    fetchMetadata(rpc, atHash),
  ]);
  const version = runtimeVersionOf(rpc, versionJson);
  try {
    const api = await ApiPromise.create({
      provider: offlineProvider({
        chain_getBlockHash: genesisHash,
        state_getRuntimeVersion: versionJson,
        system_chain: version.specName,
        system_properties: { ss58Format: SS58_PREFIX },
        rpc_methods: { methods: [] },
      }),
      metadata: { [`${genesisHash}-${version.specVersion}`]: metadata },
      types: LEGACY_TYPES,
      throwOnConnect: true,
      noInitWarn: true,
      // BLAKE2 and XXHash of a few keys: the JavaScript versions cost less than compiling the WebAssembly ones.
      initWasm: false,
    });
    return new Runtime(api, version, rpc.endpoint);
  } catch (error) {
    throw invalidAnswer(rpc.endpoint, "state_getMetadata", "the metadata cannot be decoded", error);
  }
}

/** Bytes beyond whose end nothing can be read. */
class EndingBytes extends Uint8Array {
  override subarray(begin = 0, end = this.length): Uint8Array<ArrayBuffer> {
    if (begin > this.length) throw new RangeError("Cannot decode a value: the bytes end too early");
    return super.subarray(begin, end) as Uint8Array<ArrayBuffer>;
  }
}

/**
 * Decodes a value and refuses truncated bytes, which @polkadot/types reads as zeros. A list that claims more entries than the
 * bytes hold is given up where they end: half a million entries of zeros would take minutes.
 *
 * @throws {Error} if the bytes are not such a value.
 */
export function decodeStrictly(registry: Registry, type: string, bytes: Uint8Array): Codec {
  const value = registry.createTypeUnsafe(type, [new EndingBytes(bytes)]);
  if (value.encodedLength > bytes.length) {
    throw new RangeError(`Cannot decode ${type}: the bytes end too early`);
  }
  return value;
}

/**
 * Decodes a value that takes up all bytes.
 *
 * @throws {Error} if the bytes are not such a value, or go on after it.
 */
export function decodeWhole(registry: Registry, type: string, bytes: Uint8Array): Codec {
  const value = decodeStrictly(registry, type, bytes);
  if (value.encodedLength < bytes.length) {
    throw new RangeError(`Cannot decode ${type}: the bytes go on after its end`);
  }
  return value;
}

async function requestRuntimeVersion(
  rpc: JsonRpcConnection,
  atHash?: string,
): Promise<Record<string, unknown>> {
  const result = await rpc.request("state_getRuntimeVersion", atHash === undefined ? [] : [atHash]);
  if (typeof result !== "object" || result === null) {
    throw invalidAnswer(rpc.endpoint, "state_getRuntimeVersion", "it is not an object");
  }
  return result as Record<string, unknown>;
}

function runtimeVersionOf(rpc: JsonRpcConnection, json: Record<string, unknown>): RuntimeVersion {
  const { specName, specVersion } = json;
  if (typeof specName !== "string" || typeof specVersion !== "number") {
    throw invalidAnswer(rpc.endpoint, "state_getRuntimeVersion", "it lacks specName or specVersion");
  }
  return { specName, specVersion };
}

async function fetchMetadata(rpc: JsonRpcConnection, atHash?: string): Promise<`0x${string}`> {
  const registry = new TypeRegistry();
  const at = atHash === undefined ? [] : [atHash];
  const version = await fetchMetadataVersion(rpc, registry, at);
  const metadata = version === null
    ? await rpc.request("state_getMetadata", at)
    : await fetchMetadataAtVersion(rpc, registry, version, at);
  if (!isHex(metadata) || !metadata.startsWith(METADATA_MAGIC)) {
    throw invalidAnswer(rpc.endpoint, "state_getMetadata", "it is not hexadecimal metadata");
  }
  return metadata;
}

/** The best offered version; `null` if the runtime or node offers no choice: then it serves V14. */
async function fetchMetadataVersion(
  rpc: JsonRpcConnection,
  registry: Registry,
  at: readonly string[],
): Promise<number | null> {
  let answer: unknown;
  try {
    answer = await rpc.request("state_call", ["Metadata_metadata_versions", "0x", ...at]);
  } catch (error) {
    if (error instanceof ChainError && error.kind === "rpc") return null;
    throw error;
  }
  if (!isHex(answer)) return null;
  const offered = registry.createType("Vec<u32>", answer).map((version) => version.toNumber());
  return METADATA_VERSIONS.find((version) => offered.includes(version)) ?? null;
}

async function fetchMetadataAtVersion(
  rpc: JsonRpcConnection,
  registry: Registry,
  version: number,
  at: readonly string[],
): Promise<`0x${string}`> {
  const method = "Metadata_metadata_at_version";
  const argument = registry.createType("u32", version).toHex(true);
  const answer = await rpc.request("state_call", [method, argument, ...at]);
  if (!isHex(answer)) throw invalidAnswer(rpc.endpoint, method, "it is not hexadecimal");
  const metadata = registry.createType("Option<Bytes>", hexToU8a(answer));
  if (metadata.isNone) {
    throw invalidAnswer(rpc.endpoint, method, `there is no metadata of version ${version}`);
  }
  return u8aToHex(metadata.unwrap().toU8a(true));
}

/** A provider that answers the start-up requests of `ApiPromise` from memory and refuses all others. */
function offlineProvider(answers: Readonly<Record<string, unknown>>): NonNullable<ApiOptions["provider"]> {
  const refuse = (method: string): Promise<never> =>
    Promise.reject(new Error(`Cannot send ${method}: this API has no network; use the chain connection`));
  return {
    hasSubscriptions: false,
    isClonable: false,
    isConnected: true,
    clone: () => offlineProvider(answers),
    connect: () => Promise.resolve(),
    disconnect: () => Promise.resolve(),
    on: () => () => {},
    // deno-lint-ignore no-explicit-any -- the interface promises its caller any type
    send: <T = any>(method: string): Promise<T> =>
      Object.hasOwn(answers, method) ? Promise.resolve(answers[method] as T) : refuse(method),
    subscribe: (_type, method) => refuse(method),
    unsubscribe: (_type, method) => refuse(method),
  };
}
