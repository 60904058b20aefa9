/**
 * Decodes `Commitments.CommitmentOf` records (spec, section 2). They are foreign data: nothing here throws.
 *
 * @module
 */

import type { Enum, Struct, Vec } from "@polkadot/types";
import { u8aToHex } from "@polkadot/util";
import type { StorageItem } from "./runtime.ts";
import type { OwnCommitment } from "./types.ts";

const UNDECODABLE: OwnCommitment = { block: null, fieldKind: "Undecodable", data: null };

/**
 * Decodes the parts of a record that the auction uses: its block and field 0.
 *
 * @param item `Commitments.CommitmentOf` of the runtime that stored the value.
 * @param value the stored bytes.
 */
export function decodeCommitment(item: StorageItem, value: Uint8Array): OwnCommitment {
  try {
    const registration = item.decode(value) as Struct;
    const block = Number(registration.get("block")?.toString());
    const fields = (registration.get("info") as Struct).get("fields") as Vec<Enum>;
    if (!Number.isSafeInteger(block)) return UNDECODABLE;
    const [field] = fields;
    if (field === undefined) return { block, fieldKind: "Empty", data: null };
    return { block, fieldKind: field.type, data: fieldBytes(field) };
  } catch {
    return UNDECODABLE;
  }
}

/** Whether a record could not be decoded. */
export function isUndecodable({ fieldKind }: Pick<OwnCommitment, "fieldKind">): boolean {
  return fieldKind === UNDECODABLE.fieldKind;
}

/** The bytes of `RawN`, `BigRaw` and the hashes, without a length prefix; `null` for other variants. */
function fieldBytes(field: Enum): string | null {
  // Codecs of byte strings are instances of Uint8Array.
  if (field.inner instanceof Uint8Array) return u8aToHex(field.inner.toU8a(true));
  return field.type === "Raw0" ? "0x" : null;
}
