/**
 * A runtime read from its metadata: storage keys, values, events, errors and runtime API types, all encoded as
 * that metadata says. Nothing here knows an index or a hasher by heart.
 *
 * @module
 */

import { Metadata, TypeRegistry } from "@polkadot/types";
import type {
  MetadataLatest,
  PalletMetadataLatest,
  SiField,
  SiLookupTypeId,
  StorageEntryMetadataLatest,
} from "@polkadot/types/interfaces";
import type { Codec } from "@polkadot/types/types";
import { compactToU8a, hexToU8a, u8aConcat, u8aToHex } from "@polkadot/util";
import { blake2AsHex, blake2AsU8a, xxhashAsU8a } from "@polkadot/util-crypto";
import { builtinImage, type RuntimeImage } from "./metadata/metadata.ts";
import type { RuntimeVersion } from "./metadata/runtime_version.ts";

/** A runtime API method: parameter names with their type ids, and the type id of the result. */
export interface ApiMethod {
  readonly inputs: readonly { readonly name: string; readonly type: number }[];
  readonly output: number;
}

/** A signed extension as the metadata lists it. */
export interface SignedExtension {
  readonly identifier: string;
  readonly type: number;
  readonly additionalSigned: number;
}

/** A decoded call: names as in the metadata (`Commitments`, `set_commitment`), arguments as codecs. */
export interface RuntimeCall {
  readonly pallet: string;
  readonly name: string;
  readonly args: readonly Codec[];
}

/** An event to be encoded: names as in the metadata, values by position. */
export interface RuntimeEvent {
  readonly pallet: string;
  readonly name: string;
  readonly values: readonly unknown[];
  /** The extrinsic that caused it. */
  readonly extrinsicIndex: number;
}

const HASHERS: Record<string, (encoded: Uint8Array) => Uint8Array> = {
  Identity: (encoded) => encoded,
  Twox64Concat: (encoded) => u8aConcat(xxhashAsU8a(encoded, 64), encoded),
  Twox128: (encoded) => xxhashAsU8a(encoded, 128),
  Twox256: (encoded) => xxhashAsU8a(encoded, 256),
  Blake2_128: (encoded) => blake2AsU8a(encoded, 128),
  Blake2_256: (encoded) => blake2AsU8a(encoded, 256),
  Blake2_128Concat: (encoded) => u8aConcat(blake2AsU8a(encoded, 128), encoded),
};

let builtin: Runtime | undefined;

/** The runtime of a simulated chain. Immutable, so chains may share one. */
export class Runtime {
  readonly image: RuntimeImage;
  /** There is no code: what it would say of itself stands for it. */
  readonly codeHash: string;
  /** The signed extensions in the order of the metadata. */
  readonly signedExtensions: readonly SignedExtension[];
  /** The type ids of an extrinsic's address and signature. */
  readonly extrinsicTypes: { readonly address: number; readonly signature: number };
  readonly #registry = new TypeRegistry();
  readonly #metadata: MetadataLatest;
  readonly #pallets = new Map<string, PalletMetadataLatest>();
  readonly #storage = new Map<string, { prefix: Uint8Array; entry: StorageEntryMetadataLatest }>();
  readonly #apis = new Map<string, ApiMethod>();

  constructor(image: RuntimeImage) {
    this.image = image;
    this.codeHash = blake2AsHex(u8aConcat(image.v15, JSON.stringify(image.version)), 256);
    const metadata = new Metadata(this.#registry, u8aToHex(image.v15));
    const { extrinsic } = metadata.asV15;
    const harmless = extrinsic.signedExtensions.map(({ identifier }) => [identifier.toString(), {
      extrinsic: {},
      payload: {},
    }]);
    // Extensions are decoded from the metadata's types below; the registry only warns about the unknown ones.
    this.#registry.setMetadata(metadata, undefined, Object.fromEntries(harmless));
    this.#metadata = metadata.asLatest;
    this.signedExtensions = extrinsic.signedExtensions.map(({ identifier, type, additionalSigned }) => ({
      identifier: identifier.toString(),
      type: type.toNumber(),
      additionalSigned: additionalSigned.toNumber(),
    }));
    this.extrinsicTypes = {
      address: extrinsic.addressType.toNumber(),
      signature: extrinsic.signatureType.toNumber(),
    };
    for (const pallet of this.#metadata.pallets) {
      const name = pallet.name.toString();
      this.#pallets.set(name, pallet);
      if (pallet.storage.isNone) continue;
      const { prefix, items } = pallet.storage.unwrap();
      for (const entry of items) {
        this.#storage.set(`${name}.${entry.name}`, {
          prefix: u8aConcat(xxhashAsU8a(prefix.toString(), 128), xxhashAsU8a(entry.name.toString(), 128)),
          entry,
        });
      }
    }
    for (const api of this.#metadata.apis) {
      for (const { name, inputs, output } of api.methods) {
        this.#apis.set(`${api.name}_${name}`, {
          inputs: inputs.map((input) => ({ name: input.name.toString(), type: input.type.toNumber() })),
          output: output.toNumber(),
        });
      }
    }
  }

  /** The built-in runtime; made once a process. */
  static builtin(): Runtime {
    return builtin ??= new Runtime(builtinImage());
  }

  /** What `state_getRuntimeVersion` answers. */
  get version(): RuntimeVersion {
    return this.image.version;
  }

  /** The runtime API methods, as `Api_method`. */
  get apiNames(): readonly string[] {
    return [...this.#apis.keys()];
  }

  /** The runtime API method `Api_method`, or `undefined`. */
  api(name: string): ApiMethod | undefined {
    return this.#apis.get(name);
  }

  /** Encodes a JavaScript value as the type with this id. */
  encode(type: number, value?: unknown): Uint8Array {
    return this.#create(type, value).toU8a();
  }

  /** Decodes the beginning of `bytes` as the type with this id; `encodedLength` tells how many it took. */
  decode(type: number, bytes: Uint8Array): Codec {
    return this.#create(type, bytes);
  }

  /** Whether the metadata has the storage item. */
  hasStorage(pallet: string, item: string): boolean {
    return this.#storage.has(`${pallet}.${item}`);
  }

  /**
   * The storage key of an item, or with fewer keys than hashers the prefix of all below.
   *
   * @returns lowercase hex without `0x`.
   * @throws {RangeError} when the metadata lacks the item or a hasher is unknown.
   */
  storageKey(pallet: string, item: string, ...keys: readonly unknown[]): string {
    const { prefix, entry } = this.#storageEntry(pallet, item);
    if (entry.type.isPlain) return hex(prefix);
    const { hashers, key } = entry.type.asMap;
    const types = hashers.length === 1 ? [key] : this.#tupleTypes(key);
    const parts = keys.map((value, i) => {
      const hasher = HASHERS[hashers[i]?.toString() ?? ""];
      const type = types[i];
      if (hasher === undefined || type === undefined) {
        throw new RangeError(`Cannot make a key of ${pallet}.${item}: it takes ${hashers.length} keys`);
      }
      return hasher(this.encode(type.toNumber(), value));
    });
    return hex(u8aConcat(prefix, ...parts));
  }

  /** A value of a storage item, SCALE-encoded: lowercase hex without `0x`. */
  encodeStorage(pallet: string, item: string, value: unknown): string {
    return hex(this.encode(this.#valueType(pallet, item), value));
  }

  /** A stored value (hex without `0x`) decoded; absent (`undefined`) gives the item's default, or `null`. */
  decodeStorage(pallet: string, item: string, stored: string | undefined): Codec | null {
    const { entry } = this.#storageEntry(pallet, item);
    if (stored === undefined && entry.modifier.isOptional) return null;
    const bytes = stored === undefined ? entry.fallback.toU8a(true) : hexToU8a(`0x${stored}`);
    return this.decode(this.#valueType(pallet, item), bytes);
  }

  /** A pallet's constant as a number; `fallback` when the metadata has none. */
  constant(pallet: string, name: string, fallback: number): number {
    const found = this.#pallets.get(pallet)?.constants.find((constant) => constant.name.eq(name));
    return found === undefined
      ? fallback
      : Number(this.decode(found.type.toNumber(), found.value.toU8a(true)));
  }

  /** A dispatch error of a pallet as a value for encoding; `Other` when the metadata lacks it. */
  moduleError(pallet: string, name: string): unknown {
    const meta = this.#pallets.get(pallet);
    const variants = meta?.errors.isSome ? this.#variants(meta.errors.unwrap().type) : [];
    const found = variants.find((variant) => variant.name.eq(name));
    if (meta === undefined || found === undefined) return { Other: null };
    return { Module: { index: meta.index.toNumber(), error: [found.index.toNumber(), 0, 0, 0] } };
  }

  /**
   * A bare call as bytes: pallet index, call index, arguments.
   *
   * @throws {RangeError} when the metadata lacks the call.
   */
  encodeCall(pallet: string, name: string, args: readonly unknown[]): Uint8Array {
    const meta = this.#pallets.get(pallet);
    const variants = meta?.calls.isSome ? this.#variants(meta.calls.unwrap().type) : [];
    const found = variants.find((variant) => variant.name.eq(name));
    if (meta === undefined || found === undefined) {
      throw new RangeError(`Cannot call ${pallet}.${name}: unknown`);
    }
    return u8aConcat(
      [meta.index.toNumber(), found.index.toNumber()],
      ...found.fields.map((field, i) => this.encode(field.type.toNumber(), args[i])),
    );
  }

  /**
   * Decodes a call that takes all of `bytes`.
   *
   * @throws {RangeError} when the pallet or the call is unknown or bytes are missing or left.
   */
  decodeCall(bytes: Uint8Array): RuntimeCall {
    const pallet = [...this.#pallets.values()].find((meta) => meta.index.eqn(bytes[0] ?? -1));
    const variants = pallet?.calls.isSome ? this.#variants(pallet.calls.unwrap().type) : [];
    const found = variants.find((variant) => variant.index.eqn(bytes[1] ?? -1));
    if (pallet === undefined || found === undefined) {
      throw new RangeError(`Cannot decode the call: index ${bytes[0]}.${bytes[1]} is unknown`);
    }
    let offset = 2;
    const args = found.fields.map((field: SiField) => {
      const value = this.decode(field.type.toNumber(), bytes.subarray(offset));
      offset += value.encodedLength;
      return value;
    });
    if (offset !== bytes.length) {
      throw new RangeError(`Cannot decode the call: it takes ${offset} bytes of ${bytes.length}`);
    }
    return { pallet: pallet.name.toString(), name: found.name.toString(), args };
  }

  /** `System.Events` of a block. Events that the metadata does not have are left out. */
  encodeEvents(events: readonly RuntimeEvent[]): Uint8Array {
    const records = events.flatMap((event) => {
      const pallet = this.#pallets.get(event.pallet);
      const variants = pallet?.events.isSome ? this.#variants(pallet.events.unwrap().type) : [];
      const found = variants.find((variant) => variant.name.eq(event.name));
      if (pallet === undefined || found === undefined) return [];
      const phase = new Uint8Array(5);
      new DataView(phase.buffer).setUint32(1, event.extrinsicIndex, true);
      const fields = found.fields.map((field, i) => this.encode(field.type.toNumber(), event.values[i]));
      const topics = [0];
      return [u8aConcat(phase, [pallet.index.toNumber(), found.index.toNumber()], ...fields, topics)];
    });
    return u8aConcat(compactToU8a(records.length), ...records);
  }

  #create(type: number, value?: unknown): Codec {
    const name = this.#registry.createLookupType(type);
    return this.#registry.createTypeUnsafe(name, value === undefined ? [] : [value]);
  }

  #variants(
    type: SiLookupTypeId,
  ): { name: Codec; index: { toNumber(): number; eqn(n: number): boolean }; fields: SiField[] }[] {
    return this.#metadata.lookup.getSiType(type).def.asVariant.variants;
  }

  #tupleTypes(type: SiLookupTypeId): SiLookupTypeId[] {
    return this.#metadata.lookup.getSiType(type).def.asTuple;
  }

  #valueType(pallet: string, item: string): number {
    const { type } = this.#storageEntry(pallet, item).entry;
    return (type.isPlain ? type.asPlain : type.asMap.value).toNumber();
  }

  #storageEntry(pallet: string, item: string): { prefix: Uint8Array; entry: StorageEntryMetadataLatest } {
    const found = this.#storage.get(`${pallet}.${item}`);
    if (found === undefined) {
      throw new RangeError(`Cannot use ${pallet}.${item}: the metadata has no such storage`);
    }
    return found;
  }
}

function hex(bytes: Uint8Array): string {
  return u8aToHex(bytes).slice(2);
}
