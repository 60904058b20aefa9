/**
 * Reads commitment records as validators do (spec, section 2).
 *
 * @module
 */

import type { CommitmentRecord } from "./snapshot.ts";

/** The reading of field 0 of a record. */
export type RecordReading =
  | { readonly kind: "bytes"; readonly bytes: Uint8Array }
  /** A hash or `BigRaw`: validators continue, but the bytes that their client derives never parse. */
  | { readonly kind: "no-text" }
  /** The validators' client fails on the record, and so does their run. */
  | { readonly kind: "breaks-validators" };

const TEXT_KIND = /^Raw[1-9]\d*$/;
const KINDS_WITHOUT_TEXT = new Set(["BlakeTwo256", "Sha256", "Keccak256", "ShaThree256", "BigRaw"]);
const HEX_BYTES = /^0x([\da-f]{2})*$/i;

/** Reads field 0 of a record. Unknown kinds count as `breaks-validators`. */
export function readRecord({ fieldKind, data }: CommitmentRecord): RecordReading {
  if (KINDS_WITHOUT_TEXT.has(fieldKind)) return { kind: "no-text" };
  if (!TEXT_KIND.test(fieldKind) || data === null || !HEX_BYTES.test(data)) {
    return { kind: "breaks-validators" };
  }
  return { kind: "bytes", bytes: Uint8Array.fromHex(data.slice(2)) };
}
