/**
 * One version of the chain's runtime: types, storage keys and runtime APIs from the chain's metadata (spec, section 8: types
 * never come from a hard-coded index).
 *
 * Only what reading needs is built. Signing needs @polkadot/api as a whole (`signing_api.ts`), which takes as long again.
 *
 * @module
 */

import { GenericChainProperties, Metadata, TypeRegistry } from "@polkadot/types";
import { decorateStorage } from "@polkadot/types/metadata/decorate";
import type { Codec, Registry, RegistryTypes } from "@polkadot/types/types";
import { compactStripLength, hexToU8a, isHex, stringCamelCase, u8aToHex } from "@polkadot/util";
import { ChainError } from "./errors.ts";
import { invalidAnswer, type JsonRpcConnection } from "./json_rpc.ts";
import type { RuntimeDescription, RuntimeShelf } from "./types.ts";

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

/** The types that {@linkcode LEGACY_NEURON_INFO_TYPE} needs. */
export const LEGACY_TYPES: RegistryTypes = {
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
const METADATA_MAGIC = [...new TextEncoder().encode("meta")];
export const SS58_PREFIX = 42;
/** A chain without these is unusable. Metadata that are cut off decode without an error, and lack them. */
const REQUIRED_STORAGE = [["Commitments", "CommitmentOf"], ["SubtensorModule", "Tempo"]] as const;

/** The parts of a {@linkcode Runtime}. */
type RuntimeParts =
  & Pick<Runtime, "version" | "answer" | "genesisHash" | "codeHash" | "isKept" | "metadataHex">
  & { readonly endpoint: string };

/** The chain's runtime at some block. */
export class Runtime {
  readonly version: RuntimeVersion;
  /** The whole answer that the version is of. */
  readonly answer: Readonly<Record<string, unknown>>;
  readonly genesisHash: string;
  /** `null` if the node did not tell. */
  readonly codeHash: string | null;
  /** Whether its metadata were kept from an earlier run. */
  readonly isKept: boolean;
  /** As the node gave them. */
  readonly metadata: Metadata;
  /** `0x` and hex. */
  readonly metadataHex: `0x${string}`;
  readonly registry: Registry;
  readonly #storage: ReturnType<typeof decorateStorage>;
  readonly #endpoint: string;

  /** @throws {Error} if the metadata cannot be decoded. */
  constructor({ version, answer, genesisHash, codeHash, isKept, metadataHex, endpoint }: RuntimeParts) {
    const registry = new TypeRegistry();
    registry.register(LEGACY_TYPES);
    registry.setChainProperties(new GenericChainProperties(registry, { ss58Format: SS58_PREFIX }));
    const metadata = new Metadata(registry, metadataHex);
    registry.setMetadata(metadata, undefined, undefined, true);
    this.version = version;
    this.answer = answer;
    this.genesisHash = genesisHash;
    this.codeHash = codeHash;
    this.isKept = isKept;
    this.metadata = metadata;
    this.metadataHex = metadataHex;
    this.registry = registry;
    this.#storage = decorateStorage(registry, metadata.asLatest, metadata.version);
    this.#endpoint = endpoint;
  }

  /**
   * A storage item by its names in the metadata; `null` if this runtime has none.
   */
  findStorage(pallet: string, item: string): StorageItem | null {
    const entry = this.#storage[stringCamelCase(pallet)]?.[stringCamelCase(item)];
    if (entry === undefined) return null;
    const { meta, section, method } = entry;
    const keyOf = (...args: readonly unknown[]): `0x${string}` =>
      u8aToHex(compactStripLength(entry(...args))[1]);
    const valueType = this.registry.createLookupType(
      meta.type.isPlain ? meta.type.asPlain : meta.type.asMap.value,
    );
    return {
      key: keyOf,
      keyPrefix: (...args) => u8aToHex(entry.keyPrefix(...args)),
      keyArguments: (key) => {
        const storageKey = this.registry.createType("StorageKey", key).setMeta(meta, section, method);
        const isWhole = storageKey.args.length > 0 && keyOf(...storageKey.args) === key;
        return isWhole ? [...storageKey.args] : null;
      },
      decode: (value) => decodeStrictly(this.registry, valueType, value),
      get defaultValue() {
        return decodeStrictly(meta.registry, valueType, meta.fallback.toU8a(true));
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

/** The runtime version at a block. */
export async function fetchRuntimeVersion(rpc: JsonRpcConnection, atHash: string): Promise<RuntimeVersion> {
  return runtimeVersionOf(rpc, await requestRuntimeVersion(rpc, atHash));
}

/** The key of the runtime's code in the chain's state: `:code`. */
const CODE_KEY = "0x3a636f6465";

/**
 * The hash of the runtime's code at a block: one small answer that says whether a runtime is known.
 *
 * @returns `null` if the node does not tell.
 */
export async function fetchCodeHash(rpc: JsonRpcConnection, atHash: string): Promise<string | null> {
  const method = "state_getStorageHash";
  let answer: unknown;
  try {
    answer = await rpc.request(method, [CODE_KEY, atHash]);
  } catch (error) {
    if (error instanceof ChainError && error.kind === "rpc") return null;
    throw error;
  }
  if (answer === null) return null;
  if (typeof answer !== "string" || !/^0x[0-9a-f]{64}$/i.test(answer)) {
    throw invalidAnswer(rpc.endpoint, method, "it is not a hash");
  }
  return answer.toLowerCase();
}

/** Where a runtime is looked up. */
export interface RuntimeSource {
  readonly genesisHash: string;
  /** As {@linkcode fetchCodeHash} gave it. */
  readonly codeHash: string | null;
  /** The endpoint as configured. */
  readonly url: string;
  readonly shelf: RuntimeShelf | undefined;
}

/**
 * Loads the runtime at a block: without a request if it is known, else by three or four, about 0.6 MB.
 *
 * @throws {ChainError} as `JsonRpcConnection.request`, `invalid-answer` when the metadata cannot be read, and `missing-pallet`.
 */
export async function loadRuntime(
  rpc: JsonRpcConnection,
  { genesisHash, codeHash, url, shelf }: RuntimeSource,
  atHash: string,
): Promise<Runtime> {
  const kept = codeHash === null ? null : shelf?.find(url, genesisHash, codeHash) ?? null;
  if (kept !== null) {
    try {
      return buildRuntime(rpc, { ...kept, version: JSON.parse(kept.versionJson) }, true);
    } catch {
      // What was kept is of no use: it is fetched and kept anew.
    }
  }
  const [version, metadata] = await Promise.all([
    requestRuntimeVersion(rpc, atHash),
    fetchMetadata(rpc, atHash),
  ]);
  const runtime = buildRuntime(rpc, { genesisHash, codeHash, version, metadata }, false);
  if (codeHash !== null) {
    shelf?.keep(url, { genesisHash, codeHash, versionJson: JSON.stringify(version), metadata });
  }
  return runtime;
}

function buildRuntime(
  rpc: JsonRpcConnection,
  { genesisHash, codeHash, version: answer, metadata }:
    & Pick<RuntimeDescription, "genesisHash" | "metadata">
    & Pick<Runtime, "codeHash">
    & { readonly version: Record<string, unknown> },
  isKept: boolean,
): Runtime {
  const version = runtimeVersionOf(rpc, answer);
  let runtime: Runtime;
  try {
    const { endpoint } = rpc;
    const metadataHex = u8aToHex(metadata);
    runtime = new Runtime({ version, answer, genesisHash, codeHash, isKept, metadataHex, endpoint });
  } catch (error) {
    throw invalidAnswer(rpc.endpoint, "state_getMetadata", "the metadata cannot be decoded", error);
  }
  for (const [pallet, item] of REQUIRED_STORAGE) runtime.storage(pallet, item);
  return runtime;
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
  atHash: string,
): Promise<Record<string, unknown>> {
  const result = await rpc.request("state_getRuntimeVersion", [atHash]);
  if (typeof result !== "object" || result === null) {
    throw invalidAnswer(rpc.endpoint, "state_getRuntimeVersion", "it is not an object");
  }
  return result as Record<string, unknown>;
}

function runtimeVersionOf(
  rpc: JsonRpcConnection,
  { specName, specVersion }: Record<string, unknown>,
): RuntimeVersion {
  if (typeof specName !== "string" || typeof specVersion !== "number") {
    throw invalidAnswer(rpc.endpoint, "state_getRuntimeVersion", "it lacks specName or specVersion");
  }
  return { specName, specVersion };
}

async function fetchMetadata(rpc: JsonRpcConnection, atHash: string): Promise<Uint8Array<ArrayBuffer>> {
  const registry = new TypeRegistry();
  const version = await fetchMetadataVersion(rpc, registry, atHash);
  if (version !== null) {
    return checkedMetadata(rpc, await fetchMetadataAtVersion(rpc, registry, version, atHash));
  }
  const answer = await rpc.request("state_getMetadata", [atHash]);
  if (!isHex(answer)) throw invalidAnswer(rpc.endpoint, "state_getMetadata", "it is not hexadecimal");
  return checkedMetadata(rpc, new Uint8Array(hexToU8a(answer)));
}

function checkedMetadata(
  rpc: JsonRpcConnection,
  metadata: Uint8Array<ArrayBuffer>,
): Uint8Array<ArrayBuffer> {
  if (METADATA_MAGIC.every((byte, i) => metadata[i] === byte)) return metadata;
  throw invalidAnswer(rpc.endpoint, "state_getMetadata", "it is not metadata");
}

/** The best offered version; `null` if the runtime or node offers no choice: then it serves V14. */
async function fetchMetadataVersion(
  rpc: JsonRpcConnection,
  registry: Registry,
  atHash: string,
): Promise<number | null> {
  let answer: unknown;
  try {
    answer = await rpc.request("state_call", ["Metadata_metadata_versions", "0x", atHash]);
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
  atHash: string,
): Promise<Uint8Array<ArrayBuffer>> {
  const method = "Metadata_metadata_at_version";
  const argument = registry.createType("u32", version).toHex(true);
  const answer = await rpc.request("state_call", [method, argument, atHash]);
  if (!isHex(answer)) throw invalidAnswer(rpc.endpoint, method, "it is not hexadecimal");
  const metadata = registry.createType("Option<Bytes>", hexToU8a(answer));
  if (metadata.isNone) {
    throw invalidAnswer(rpc.endpoint, method, `there is no metadata of version ${version}`);
  }
  return new Uint8Array(metadata.unwrap().toU8a(true));
}
