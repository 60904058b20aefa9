/**
 * Decodes `Commitments.CommitmentOf` records (spec, section 2). They are foreign data: nothing here throws.
 *
 * @module
 */

import { hexOf } from "./codec/hex.ts";
import { entryOf, listOf, Variant, wholeNumber } from "./codec/scale.ts";
import type { StorageItem } from "./codec/storage_item.ts";
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
    const registration = item.decode(value);
    const block = wholeNumber(entryOf(registration, "block"));
    // The lookup leaves out structures of one entry.
    const info = entryOf(registration, "info");
    const [field] = Array.isArray(info) ? info : listOf(entryOf(info, "fields"));
    if (field === undefined) return { block, fieldKind: "Empty", data: null };
    if (!(field instanceof Variant)) return UNDECODABLE;
    return { block, fieldKind: field.name, data: fieldBytes(field) };
  } catch {
    return UNDECODABLE;
  }
}

/** Whether a record could not be decoded. */
export function isUndecodable({ fieldKind }: Pick<OwnCommitment, "fieldKind">): boolean {
  return fieldKind === UNDECODABLE.fieldKind;
}

/** The bytes of `RawN`, `BigRaw` and the hashes, without a length prefix; `null` for other variants. */
function fieldBytes({ name, value }: Variant): string | null {
  if (value instanceof Uint8Array) return hexOf(value);
  // The lookup takes an array of one entry for the entry, and one of none for nothing.
  if (name === "Raw1") return hexOf(Uint8Array.of(wholeNumber(value)));
  return name === "Raw0" ? "0x" : null;
}
