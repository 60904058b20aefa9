/**
 * SCALE bytes to values, by the types that the chain's metadata describe. Pure.
 *
 * The codecs of @polkadot-api would decode, too, but they read byte strings that end too early without an error, and make
 * room for as many entries as a list claims; these bytes come from nodes, and records from anybody.
 *
 * @module
 */

/** A type of the metadata, as the lookup of @polkadot-api/metadata-builders describes it. */
export type ScaleType =
  | { readonly type: "void" | "AccountId32" | "AccountId20" | "bitSequence" }
  | { readonly type: "primitive"; readonly value: string }
  | { readonly type: "compact"; readonly isBig: boolean }
  | { readonly type: "sequence" | "option"; readonly value: ScaleType }
  | { readonly type: "array"; readonly value: ScaleType; readonly len: number }
  | { readonly type: "tuple"; readonly value: readonly ScaleType[] }
  | { readonly type: "struct"; readonly value: Readonly<Record<string, ScaleType>> }
  | { readonly type: "result"; readonly value: { readonly ok: ScaleType; readonly ko: ScaleType } }
  | ScaleEnum;

interface ScaleEnum {
  readonly type: "enum";
  readonly value: Readonly<Record<string, VariantType>>;
  /** The length that every value takes up, if it is the same for all. */
  readonly byteLength?: number;
}

type VariantType =
  & (ScaleType | { readonly type: "lookupEntry"; readonly value: ScaleType })
  & { readonly idx: number };

/** A value of an enumeration, or of a `Result`: `Ok` or `Err`. */
export class Variant {
  constructor(readonly name: string, readonly value: unknown) {}
}

/**
 * Decodes the value at the beginning of the bytes.
 *
 * @returns a number up to 32 bits, a `bigint` beyond, text, a boolean; bytes for accounts and lists of bytes; an array; an
 *   object for a structure; {@linkcode Variant}; `null` for none and for what takes up no bytes.
 * @throws {RangeError} if the bytes are not such a value.
 */
export function decodeScale(type: ScaleType, bytes: Uint8Array): unknown {
  return new ScaleReader(bytes).value(type);
}

/**
 * As {@linkcode decodeScale} for a value that takes up all bytes.
 *
 * @throws {RangeError} if the bytes are not such a value, or go on after it.
 */
export function decodeWhole(type: ScaleType, bytes: Uint8Array): unknown {
  const reader = new ScaleReader(bytes);
  const value = reader.value(type);
  if (reader.rest > 0) throw new RangeError("Cannot decode a value: the bytes go on after its end");
  return value;
}

/**
 * Encodes what keys of the storage are made of: whole numbers, and accounts of 32 bytes.
 *
 * @throws {TypeError} for other types, and values that are not of the type.
 */
export function encodeKeyArgument(type: ScaleType, value: unknown): Uint8Array {
  if (type.type === "AccountId32" && value instanceof Uint8Array && value.length === 32) return value;
  const bits = type.type === "primitive" ? /^u(8|16|32|64|128)$/.exec(type.value)?.[1] : undefined;
  if (bits !== undefined && (typeof value === "bigint" || Number.isSafeInteger(value))) {
    let rest = BigInt(value as number | bigint);
    if (rest === BigInt.asUintN(Number(bits), rest)) {
      return Uint8Array.from({ length: Number(bits) / 8 }, () => {
        const byte = Number(rest & 0xffn);
        rest >>= 8n;
        return byte;
      });
    }
  }
  throw new TypeError(`Cannot encode ${String(value)} as a key's ${type.type}`);
}

/**
 * A decoded value as a whole number.
 *
 * @throws {RangeError} if it is none from 0 to 2^53 - 1.
 */
export function wholeNumber(value: unknown): number {
  const number = typeof value === "bigint" ? Number(value) : value;
  if (typeof number === "number" && Number.isSafeInteger(number) && number >= 0) return number;
  throw new RangeError(`${String(value)} is not a whole number`);
}

/**
 * An entry of a decoded structure.
 *
 * @throws {TypeError} if the value is no structure with it.
 */
export function entryOf(value: unknown, name: string): unknown {
  if (typeof value === "object" && value !== null && Object.hasOwn(value, name)) {
    return (value as Readonly<Record<string, unknown>>)[name];
  }
  throw new TypeError(`The value has no ${name}`);
}

/**
 * A decoded list.
 *
 * @throws {TypeError} if the value is none.
 */
export function listOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  if (value instanceof Uint8Array) return [...value];
  throw new TypeError("The value is not a list");
}

/** Reads values one after the other, and never beyond the bytes' end. */
export class ScaleReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #offset = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** How many bytes are left. */
  get rest(): number {
    return this.#bytes.length - this.#offset;
  }

  /** @throws {RangeError} if fewer are left. */
  bytes(count: number): Uint8Array<ArrayBuffer> {
    const start = this.#skip(count);
    return this.#bytes.slice(start, start + count) as Uint8Array<ArrayBuffer>;
  }

  /** A compact whole number. */
  compact(): number | bigint {
    const first = this.#bytes[this.#offset] ?? 0;
    const mode = first & 3;
    if (mode < 3) return Number(this.#unsigned(1 << mode)) >>> 2;
    this.#skip(1);
    return this.#unsigned((first >> 2) + 4);
  }

  /** @throws {RangeError} if the bytes are not such a value. */
  value(type: ScaleType): unknown {
    switch (type.type) {
      case "void":
        return null;
      case "AccountId32":
        return this.bytes(32);
      case "AccountId20":
        return this.bytes(20);
      case "primitive":
        return this.#primitive(type.value);
      case "compact":
        return type.isBig ? BigInt(this.compact()) : Number(this.compact());
      case "bitSequence":
        return this.bytes(Math.ceil(Number(this.compact()) / 8));
      case "sequence":
        return this.#list(type.value, Number(this.compact()));
      case "array":
        return this.#list(type.value, type.len);
      case "tuple":
        return type.value.map((entry) => this.value(entry));
      case "struct":
        return Object.fromEntries(
          Object.entries(type.value).map(([name, entry]) => [name, this.value(entry)]),
        );
      case "option":
        return this.#flag() ? this.value(type.value) : null;
      case "result":
        return this.#flag()
          ? new Variant("Err", this.value(type.value.ko))
          : new Variant("Ok", this.value(type.value.ok));
      case "enum":
        return this.#variant(type);
      default:
        throw new RangeError("Cannot decode a value: the metadata do not describe its type");
    }
  }

  #variant(type: ScaleEnum): Variant {
    const start = this.#offset;
    const index = Number(this.#unsigned(1));
    const found = variantAt(type, index);
    if (found === undefined) throw new RangeError(`Cannot decode a value: there is no variant ${index}`);
    const [name, entry] = found;
    const value = this.value(entry.type === "lookupEntry" ? entry.value : entry);
    if (type.byteLength !== undefined) this.#skip(start + type.byteLength - this.#offset);
    return new Variant(name, value);
  }

  #list(type: ScaleType, count: number): unknown {
    if (type.type === "primitive" && type.value === "u8") return this.bytes(count);
    // All types but `void` take up at least a byte.
    if (count > this.rest) throw tooShort();
    return Array.from({ length: count }, () => this.value(type));
  }

  #primitive(name: string): unknown {
    if (name === "bool") return this.#flag();
    if (name === "str") return new TextDecoder().decode(this.bytes(Number(this.compact())));
    if (name === "char") return String.fromCodePoint(Number(this.#unsigned(4)));
    const bits = Number(name.slice(1));
    const value = this.#unsigned(bits / 8);
    if (!name.startsWith("i")) return value;
    const signed = BigInt.asIntN(bits, BigInt(value));
    return bits > 32 ? signed : Number(signed);
  }

  #flag(): boolean {
    const byte = Number(this.#unsigned(1));
    if (byte > 1) throw new RangeError(`Cannot decode a value: ${byte} is neither true nor false`);
    return byte === 1;
  }

  /** A whole number, little-endian; a number up to four bytes. */
  #unsigned(byteCount: number): number | bigint {
    const start = this.#skip(byteCount);
    if (byteCount === 1) return this.#view.getUint8(start);
    if (byteCount === 2) return this.#view.getUint16(start, true);
    if (byteCount === 4) return this.#view.getUint32(start, true);
    if (byteCount === 8) return this.#view.getBigUint64(start, true);
    let value = 0n;
    for (let i = byteCount - 1; i >= 0; i--) value = value << 8n | BigInt(this.#view.getUint8(start + i));
    return value;
  }

  /** @returns where the skipped bytes begin. */
  #skip(count: number): number {
    if (!(count <= this.rest) || count < 0) throw tooShort();
    const start = this.#offset;
    this.#offset += count;
    return start;
  }
}

const variants = new WeakMap<ScaleEnum, ReadonlyMap<number, readonly [string, VariantType]>>();

function variantAt(type: ScaleEnum, index: number): readonly [string, VariantType] | undefined {
  let byIndex = variants.get(type);
  if (byIndex === undefined) {
    byIndex = new Map(Object.entries(type.value).map((entry) => [entry[1].idx, entry]));
    variants.set(type, byIndex);
  }
  return byIndex.get(index);
}

function tooShort(): RangeError {
  return new RangeError("Cannot decode a value: the bytes end too early");
}
