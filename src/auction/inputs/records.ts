/**
 * What validators make of the fields of a commitment record (spec, section 2).
 *
 * @module
 */

import type { CommitmentRecord } from "./snapshot.ts";

/** What field 0 of a record gives. */
export type RecordReading =
  | { readonly kind: "bytes"; readonly bytes: Uint8Array }
  /** A hash or `BigRaw`: validators go on, but the bytes their client makes of it never parse. */
  | { readonly kind: "no-text" }
  /** Validators' client fails on the record, and their run with it. */
  | { readonly kind: "breaks-validators" };

const TEXT_KIND = /^Raw[1-9]\d*$/;
const KINDS_WITHOUT_TEXT = new Set(["BlakeTwo256", "Sha256", "Keccak256", "ShaThree256", "BigRaw"]);
const HEX_BYTES = /^0x([\da-f]{2})*$/i;

/** Reads field 0 of a record. Kinds that this version does not know count as those that break validators. */
export function readRecord({ fieldKind, data }: CommitmentRecord): RecordReading {
  if (KINDS_WITHOUT_TEXT.has(fieldKind)) return { kind: "no-text" };
  if (!TEXT_KIND.test(fieldKind) || data === null || !HEX_BYTES.test(data)) {
    return { kind: "breaks-validators" };
  }
  return { kind: "bytes", bytes: Uint8Array.fromHex(data.slice(2)) };
}
