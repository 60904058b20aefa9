/**
 * Metadata V14 and V15 as bytes: built from the built-in definition, or read from a real runtime's file.
 *
 * @module
 */

import { Metadata, TypeRegistry } from "@polkadot/types";
import type { MetadataV15 } from "@polkadot/types/interfaces";
import { u8aConcat, u8aToHex } from "@polkadot/util";
import { defineRuntime, type RuntimeDefinition } from "./definitions.ts";
import type { RuntimeVersion } from "./runtime_version.ts";

/** A runtime as clients see it: its metadata in both versions (from the magic bytes on) and its version. */
export interface RuntimeImage {
  readonly v14: Uint8Array;
  readonly v15: Uint8Array;
  readonly version: RuntimeVersion;
}

const MAGIC = [0x6d, 0x65, 0x74, 0x61];

/** Options of {@linkcode builtinImage}. */
export interface BuiltinOptions {
  /** Pallets (`Commitments`) and storage items (`SubtensorModule.Tempo`) to leave out. @default [] */
  readonly without?: readonly string[];
}

/** The built-in runtime, or one that lacks something, as other chains do. */
export function builtinImage({ without = [] }: BuiltinOptions = {}): RuntimeImage {
  const definition = leaveOut(defineRuntime(), new Set(without));
  const registry = new TypeRegistry();
  const encode = (version: number, value: unknown): Uint8Array =>
    u8aConcat(MAGIC, [version], registry.createTypeUnsafe(`MetadataV${version}`, [value]).toU8a());
  const lookup = { types: definition.types.types };
  return {
    v14: encode(14, {
      lookup,
      pallets: palletsJson(definition),
      extrinsic: {
        type: definition.uncheckedExtrinsic,
        version: 4,
        signedExtensions: definition.signedExtensions,
      },
      type: definition.runtime,
    }),
    v15: encode(15, {
      lookup,
      pallets: palletsJson(definition).map((pallet) => ({ ...pallet, docs: [] })),
      extrinsic: {
        version: 4,
        addressType: definition.address,
        callType: definition.call,
        signatureType: definition.signature,
        extraType: definition.extra,
        signedExtensions: definition.signedExtensions,
      },
      type: definition.runtime,
      apis: definition.apis.map((api) => ({
        name: api.name,
        docs: [],
        methods: api.methods.map((method) => ({
          name: method.name,
          inputs: method.inputs.map(([name, type]) => ({ name, type })),
          output: method.output,
          docs: [],
        })),
      })),
      outerEnums: { callType: definition.call, eventType: definition.event, errorType: definition.error },
      custom: { map: new Map() },
    }),
    version: definition.version,
  };
}

/**
 * A real runtime's image from its V15 metadata. V14, which real nodes serve too, is derived: the same types
 * and pallets, without the runtime APIs.
 *
 * @param bytes SCALE bytes from `6d657461 0f` on, or with the `Option` and length that
 *   `Metadata_metadata_at_version` puts in front.
 * @throws {TypeError} when the bytes are not metadata of version 15.
 */
export function imageFromMetadata(bytes: Uint8Array, version: RuntimeVersion): RuntimeImage {
  const start = bytes.subarray(0, 8).findIndex((_, at) => MAGIC.every((byte, i) => bytes[at + i] === byte));
  const found = start < 0 ? undefined : bytes[start + 4];
  if (found !== 15) {
    const what = start < 0 ? "not metadata (no `meta` at the start)" : `version ${found}`;
    throw new TypeError(`Cannot serve the metadata: it is ${what}; give the SCALE bytes of version 15`);
  }
  const v15 = bytes.slice(start);
  const registry = new TypeRegistry();
  return { v14: downgrade(registry, new Metadata(registry, u8aToHex(v15)).asV15), v15, version };
}

function downgrade(registry: TypeRegistry, v15: MetadataV15): Uint8Array {
  const unchecked = v15.lookup.types.find(({ type: { path } }) => path.at(-1)?.eq("UncheckedExtrinsic"));
  if (unchecked === undefined) {
    throw new TypeError("Cannot derive metadata V14: the V15 types have no UncheckedExtrinsic");
  }
  const v14 = registry.createTypeUnsafe("MetadataV14", [{
    lookup: { types: v15.lookup.types },
    // Field by field: a V15 pallet also has docs, which V14 does not know.
    pallets: v15.pallets.map(({ name, storage, calls, events, constants, errors, index }) => ({
      name,
      storage,
      calls,
      events,
      constants,
      errors,
      index,
    })),
    extrinsic: {
      type: unchecked.id,
      version: v15.extrinsic.version,
      signedExtensions: v15.extrinsic.signedExtensions,
    },
    type: v15.type,
  }]);
  return u8aConcat(MAGIC, [14], v14.toU8a());
}

function leaveOut(definition: RuntimeDefinition, names: ReadonlySet<string>): RuntimeDefinition {
  const pallets = definition.pallets.filter((pallet) => !names.has(pallet.name)).map((pallet) => ({
    ...pallet,
    storage: pallet.storage.filter((item) => !names.has(`${pallet.name}.${item.name}`)),
  }));
  return { ...definition, pallets };
}

function palletsJson({ pallets }: RuntimeDefinition): Record<string, unknown>[] {
  return pallets.map((pallet) => ({
    name: pallet.name,
    storage: {
      prefix: pallet.name,
      items: pallet.storage.map((item) => ({
        name: item.name,
        modifier: item.modifier,
        type: item.key === null
          ? { Plain: item.value }
          : { Map: { hashers: item.hashers, key: item.key, value: item.value } },
        fallback: item.fallback,
        docs: [],
      })),
    },
    calls: pallet.calls === null ? null : { type: pallet.calls },
    events: pallet.events === null ? null : { type: pallet.events },
    constants: pallet.constants.map((constant) => ({ ...constant, docs: [] })),
    errors: pallet.errors === null ? null : { type: pallet.errors },
    index: pallet.index,
  }));
}
