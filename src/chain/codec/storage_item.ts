/**
 * One item of the chain's storage: its keys, and its values. Pure.
 *
 * @module
 */

import type { UnifiedMetadata } from "@polkadot-api/substrate-bindings";
import {
  Blake2128,
  Blake2128Concat,
  Blake2256,
  Identity,
  Twox128,
  Twox256,
  Twox64Concat,
} from "@polkadot-api/substrate-bindings";
import { decodeScale, encodeKeyArgument, ScaleReader, type ScaleType } from "./scale.ts";
import { decodeAddress } from "./ss58.ts";

type StorageEntry = NonNullable<UnifiedMetadata["pallets"][number]["storage"]>["items"][number];

interface Hasher {
  readonly hash: (bytes: Uint8Array) => Uint8Array;
  /** How many bytes stand before the argument itself; `null` if the key does not contain it. */
  readonly prefixBytes: number | null;
}

const HASHERS: Readonly<Record<string, Hasher>> = {
  Identity: { hash: Identity, prefixBytes: 0 },
  Twox64Concat: { hash: Twox64Concat, prefixBytes: 8 },
  Blake2128Concat: { hash: Blake2128Concat, prefixBytes: 16 },
  Blake2128: { hash: Blake2128, prefixBytes: null },
  Blake2256: { hash: Blake2256, prefixBytes: null },
  Twox128: { hash: Twox128, prefixBytes: null },
  Twox256: { hash: Twox256, prefixBytes: null },
};

/** One storage item of the runtime. */
export class StorageItem {
  readonly #valueType: ScaleType;
  readonly #fallback: Uint8Array;
  /** `0x` and hex. */
  readonly #prefix: string;
  readonly #parts: readonly { readonly type: ScaleType; readonly hasher: Hasher }[];

  /**
   * @param palletPrefix that of the pallet's storage in the metadata.
   * @param typeOf the type with a number of the metadata.
   * @throws {Error} if the metadata contradict themselves.
   */
  constructor(
    palletPrefix: string,
    { name, type, fallback }: StorageEntry,
    typeOf: (id: number) => ScaleType,
  ) {
    const encoder = new TextEncoder();
    const prefix = [palletPrefix, name].map((part) => Twox128(encoder.encode(part)).toHex());
    this.#prefix = `0x${prefix.join("")}`;
    this.#fallback = Uint8Array.fromHex(fallback.slice(2));
    if (type.tag === "plain") {
      this.#valueType = typeOf(type.value);
      this.#parts = [];
      return;
    }
    const { key, value, hashers } = type.value;
    this.#valueType = typeOf(value);
    const types = hashers.length === 1 ? [typeOf(key)] : typesOfTuple(typeOf(key));
    this.#parts = hashers.map(({ tag }, i) => {
      const [type, hasher] = [types[i], HASHERS[tag]];
      if (type === undefined || hasher === undefined) {
        throw new TypeError(`${name} has a key of an unknown kind`);
      }
      return { type, hasher };
    });
  }

  /**
   * The full key, `0x` and hex.
   *
   * @param args whole numbers, and accounts as SS58 addresses or bytes.
   * @throws {TypeError} if they are not of the key's types.
   */
  key(...args: readonly unknown[]): string {
    if (args.length !== this.#parts.length) {
      throw new TypeError(`The key has ${this.#parts.length} arguments, and got ${args.length}`);
    }
    return this.keyPrefix(...args);
  }

  /** The prefix of all keys that start with `args`, `0x` and hex. Arguments and errors as {@linkcode key}. */
  keyPrefix(...args: readonly unknown[]): string {
    const parts = this.#parts.slice(0, args.length).map(({ type, hasher }, i) => {
      const arg = args[i];
      const isAddress = type.type === "AccountId32" && typeof arg === "string";
      return hasher.hash(encodeKeyArgument(type, isAddress ? decodeAddress(arg) : arg)).toHex();
    });
    return this.#prefix + parts.join("");
  }

  /** The arguments in a key, accounts as bytes; `null` if it is not a key of this item that contains them. */
  keyArguments(key: string): unknown[] | null {
    if (!key.startsWith(this.#prefix) || this.#parts.length === 0) return null;
    try {
      const reader = new ScaleReader(Uint8Array.fromHex(key.slice(this.#prefix.length)));
      const args = this.#parts.map(({ type, hasher: { prefixBytes } }) => {
        if (prefixBytes === null) throw new TypeError("The key does not contain its arguments");
        reader.bytes(prefixBytes);
        return reader.value(type);
      });
      return this.key(...args) === key ? args : null;
    } catch {
      return null;
    }
  }

  /**
   * Decodes a stored value, ignoring trailing bytes.
   *
   * @returns as {@linkcode decodeScale}.
   * @throws {RangeError} if the bytes are not such a value.
   */
  decode(value: Uint8Array): unknown {
    return decodeScale(this.#valueType, value);
  }

  /** The default for an absent value, from the metadata. */
  get defaultValue(): unknown {
    return this.decode(this.#fallback);
  }
}

/** The lookup describes a pair of one type as an array. */
function typesOfTuple(type: ScaleType): readonly ScaleType[] {
  if (type.type === "tuple") return type.value;
  return type.type === "array" ? Array<ScaleType>(type.len).fill(type.value) : [];
}
