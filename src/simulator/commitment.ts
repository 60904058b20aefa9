/**
 * Commitment records: how callers describe them, and how they look in storage (spec, section 2; chain.md).
 *
 * @module
 */

import { hexToU8a, isHex, stringToU8a, u8aToHex } from "@polkadot/util";

/** One field of a record: a variant of `pallet_commitments::types::Data` and what it holds. Bytes are hex. */
export type CommitmentField =
  | { readonly kind: "None" | "ResetBondsFlag" }
  | {
    readonly kind: "Raw" | "BigRaw" | "BlakeTwo256" | "Sha256" | "Keccak256" | "ShaThree256";
    readonly data: string;
  }
  | { readonly kind: "TimelockEncrypted"; readonly encrypted: string; readonly revealRound: number };

/**
 * What is committed: text or bytes (`RawN`, or `BigRaw` above 128 bytes), fields of any kind, or the
 * SCALE bytes to store as they are, decodable or not.
 */
export type CommitmentData =
  | string
  | Uint8Array
  | { readonly fields: readonly CommitmentField[] }
  | { readonly storage: string };

/** The most bytes that a `RawN` variant holds. */
const MAX_RAW_BYTES = 128;

/**
 * The fields as JavaScript values that the registry encodes.
 *
 * @throws {TypeError} when bytes are not hex; what does not fit its variant fails when it is encoded.
 */
export function fieldValues(data: Exclude<CommitmentData, { storage: string }>): unknown[] {
  if (typeof data === "string" || data instanceof Uint8Array) {
    const bytes = typeof data === "string" ? stringToU8a(data) : data;
    return [rawValue(bytes, bytes.length > MAX_RAW_BYTES ? "BigRaw" : "Raw")];
  }
  return data.fields.map(fieldValue);
}

function fieldValue(field: CommitmentField): unknown {
  switch (field.kind) {
    case "None":
    case "ResetBondsFlag":
      return { [field.kind]: null };
    case "TimelockEncrypted":
      return { TimelockEncrypted: { encrypted: hexText(field.encrypted), revealRound: field.revealRound } };
    case "Raw":
    case "BigRaw":
      return rawValue(hexToU8a(hexText(field.data)), field.kind);
    default: {
      const hash = hexText(field.data);
      if (hash.length !== 66) {
        throw new TypeError(`Cannot commit ${field.kind}: it is ${hash.length / 2 - 1} bytes; give 32`);
      }
      return { [field.kind]: hash };
    }
  }
}

function rawValue(bytes: Uint8Array, kind: "Raw" | "BigRaw"): unknown {
  if (kind === "BigRaw") return { BigRaw: u8aToHex(bytes) };
  if (bytes.length > MAX_RAW_BYTES) {
    throw new TypeError(`Cannot commit Raw${bytes.length}: Raw holds at most 128 bytes; use BigRaw`);
  }
  return { [`Raw${bytes.length}`]: u8aToHex(bytes) };
}

/** Hex text with `0x`, lowercase. @throws {TypeError} when it is not hex. */
export function hexText(text: string): `0x${string}` {
  const value = text.startsWith("0x") ? text : `0x${text}`;
  if (!isHex(value)) {
    throw new TypeError(`Cannot read ${JSON.stringify(text)}: give whole bytes as hex`);
  }
  return value.toLowerCase() as `0x${string}`;
}

/** The bytes a field counts towards the space limit of the Commitments pallet. */
export function fieldSize(field: { readonly type: string; readonly inner: unknown }): number {
  if (field.type.startsWith("Raw")) return Number(field.type.slice("Raw".length));
  if (field.type === "None" || field.type === "ResetBondsFlag") return 0;
  const inner = field.inner as { toU8a(isBare?: boolean): Uint8Array; get?(key: string): unknown };
  if (field.type === "TimelockEncrypted") {
    return (inner.get?.("encrypted") as { length: number } | undefined)?.length ?? 0;
  }
  return inner.toU8a(true).length;
}
