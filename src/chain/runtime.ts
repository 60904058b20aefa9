/**
 * One version of the chain's runtime: types, storage keys and runtime APIs from the chain's metadata (spec, section 8: types
 * never come from a hard-coded index).
 *
 * Only what reading needs is built. Signing needs @polkadot/api (`signing_api.ts`), which takes many times as long.
 *
 * @module
 */

import { getLookupFn, type MetadataLookup } from "@polkadot-api/metadata-builders";
import { metadata as metadataCodec, unifyMetadata } from "@polkadot-api/substrate-bindings";
import { ChainError } from "./errors.ts";
import { bytesOfHex, hexOf } from "./codec/hex.ts";
import { invalidAnswer, type JsonRpcConnection } from "./json_rpc.ts";
import { decodeWhole, encodeKeyArgument, listOf, type ScaleType } from "./codec/scale.ts";
import { decodeAnswer } from "./storage.ts";
import { StorageItem } from "./codec/storage_item.ts";
import type { RuntimeDescription, RuntimeShelf } from "./types.ts";

/** The used part of the answer to `state_getRuntimeVersion`. */
export interface RuntimeVersion {
  readonly specName: string;
  readonly specVersion: number;
}

/** A method of a runtime API. */
export interface RuntimeApiMethod {
  /** Its name for `state_call`. */
  readonly stateCall: string;
  /** The type of the result; `null` if the metadata (V14) do not describe runtime APIs. */
  readonly outputType: ScaleType | null;
}

// V16 restructures transaction extensions and is still young; all nodes serve one of these two.
const METADATA_VERSIONS = [15, 14] as const;
const U32: ScaleType = { type: "primitive", value: "u32" };
const VERSIONS: ScaleType = { type: "sequence", value: U32 };
const OPTIONAL_BYTES: ScaleType = {
  type: "option",
  value: { type: "sequence", value: { type: "primitive", value: "u8" } },
};
const METADATA_MAGIC = [...new TextEncoder().encode("meta")];
/** A chain without these is unusable. Metadata that are cut off decode without an error, and lack them. */
const REQUIRED_STORAGE = [["Commitments", "CommitmentOf"], ["SubtensorModule", "Tempo"]] as const;

/** The parts of a {@linkcode Runtime}. */
type RuntimeParts =
  & Pick<Runtime, "version" | "answer" | "genesisHash" | "codeHash" | "isKept" | "metadata">
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
  /** SCALE bytes, as the node gave them. */
  readonly metadata: Uint8Array;
  readonly #lookup: MetadataLookup;
  readonly #endpoint: string;

  /** @throws {Error} if the metadata cannot be decoded. */
  constructor({ version, answer, genesisHash, codeHash, isKept, metadata, endpoint }: RuntimeParts) {
    this.version = version;
    this.answer = answer;
    this.genesisHash = genesisHash;
    this.codeHash = codeHash;
    this.isKept = isKept;
    this.metadata = metadata;
    // The codec reads the whole buffer that its bytes are a part of.
    this.#lookup = getLookupFn(unifyMetadata(metadataCodec.dec(metadata.slice().buffer)));
    this.#endpoint = endpoint;
  }

  /**
   * A storage item by its names in the metadata; `null` if this runtime has none.
   *
   * @throws {ChainError} `invalid-answer` if the metadata contradict themselves.
   */
  findStorage(pallet: string, item: string): StorageItem | null {
    const storage = this.#lookup.metadata.pallets.find(({ name }) => name === pallet)?.storage;
    const entry = storage?.items.find(({ name }) => name === item);
    return storage === undefined || entry === undefined
      ? null
      : this.#described(`${pallet}.${item}`, () => new StorageItem(storage.prefix, entry, this.#lookup));
  }

  /**
   * A storage item by its names in the metadata.
   *
   * @throws {ChainError} `missing-pallet`, and as {@linkcode findStorage}.
   */
  storage(pallet: string, item: string): StorageItem {
    const found = this.findStorage(pallet, item);
    if (found === null) throw this.missing(`storage item ${pallet}.${item}`);
    return found;
  }

  /**
   * A method of a runtime API by its names in the metadata.
   *
   * @throws {ChainError} `missing-pallet` if the metadata describe runtime APIs without this one, and as
   *   {@linkcode findStorage}.
   */
  runtimeApi(name: string, method: string): RuntimeApiMethod {
    const stateCall = `${name}_${method}`;
    const { apis } = this.#lookup.metadata;
    if (apis.length === 0) return { stateCall, outputType: null };
    const found = apis.find((api) => api.name === name)?.methods
      .find((candidate) => candidate.name === method);
    if (found === undefined) throw this.missing(`runtime API ${name}.${method}`);
    return { stateCall, outputType: this.#described(stateCall, () => this.#lookup(found.output)) };
  }

  /** What the metadata say about an error of a pallet; empty if nothing. */
  errorDocs(pallet: string, error: string): string {
    const type = this.#lookup.metadata.pallets.find(({ name }) => name === pallet)?.errors?.type;
    const errors = type === undefined ? null : this.#described(pallet, () => this.#lookup(type));
    return errors?.type === "enum" ? errors.innerDocs[error]?.join(" ").trim() ?? "" : "";
  }

  /** Builds what the metadata describe. */
  #described<T>(what: string, build: () => T): T {
    try {
      return build();
    } catch (error) {
      throw invalidAnswer(
        this.#endpoint,
        "state_getMetadata",
        `the metadata do not describe ${what} in full`,
        error,
      );
    }
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
    runtime = new Runtime({ version, answer, genesisHash, codeHash, isKept, metadata, endpoint });
  } catch (error) {
    throw invalidAnswer(rpc.endpoint, "state_getMetadata", "the metadata cannot be decoded", error);
  }
  for (const [pallet, item] of REQUIRED_STORAGE) runtime.storage(pallet, item);
  return runtime;
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
  const version = await fetchMetadataVersion(rpc, atHash);
  if (version !== null) return checkedMetadata(rpc, await fetchMetadataAtVersion(rpc, version, atHash));
  const answer = bytesOfHex(await rpc.request("state_getMetadata", [atHash]));
  if (answer === null) throw invalidAnswer(rpc.endpoint, "state_getMetadata", "it is not hexadecimal");
  return checkedMetadata(rpc, answer);
}

function checkedMetadata(
  rpc: JsonRpcConnection,
  metadata: Uint8Array<ArrayBuffer>,
): Uint8Array<ArrayBuffer> {
  if (METADATA_MAGIC.every((byte, i) => metadata[i] === byte)) return metadata;
  throw invalidAnswer(rpc.endpoint, "state_getMetadata", "it is not metadata");
}

/** The best offered version; `null` if the runtime or node offers no choice that can be read: then it serves V14. */
async function fetchMetadataVersion(rpc: JsonRpcConnection, atHash: string): Promise<number | null> {
  let answer: Uint8Array | null;
  try {
    answer = bytesOfHex(await rpc.request("state_call", ["Metadata_metadata_versions", "0x", atHash]));
  } catch (error) {
    if (error instanceof ChainError && error.kind === "rpc") return null;
    throw error;
  }
  try {
    const offered = answer === null ? [] : listOf(decodeWhole(VERSIONS, answer));
    return METADATA_VERSIONS.find((version) => offered.includes(version)) ?? null;
  } catch {
    return null;
  }
}

async function fetchMetadataAtVersion(
  rpc: JsonRpcConnection,
  version: number,
  atHash: string,
): Promise<Uint8Array<ArrayBuffer>> {
  const method = "Metadata_metadata_at_version";
  const argument = hexOf(encodeKeyArgument(U32, version));
  const answer = bytesOfHex(await rpc.request("state_call", [method, argument, atHash]));
  if (answer === null) throw invalidAnswer(rpc.endpoint, method, "it is not hexadecimal");
  const metadata = decodeAnswer(rpc, method, () => decodeWhole(OPTIONAL_BYTES, answer));
  if (metadata instanceof Uint8Array) return metadata as Uint8Array<ArrayBuffer>;
  throw invalidAnswer(rpc.endpoint, method, `there is no metadata of version ${version}`);
}
