/**
 * Reads commitment records as validators do (spec, section 2; `vectors/commitment-records.json`).
 *
 * @module
 */

import type { CommitmentRecord } from "./snapshot.ts";

/** The reading of field 0 of a record. */
export type RecordReading =
  | { readonly kind: "bytes"; readonly bytes: Uint8Array }
  /** The validators' client fails on the record, and so does their run. */
  | { readonly kind: "breaks-validators" };

/** Their bytes are the commitment, whatever they are. */
const BYTE_KIND = /^(?:Raw[1-9]\d*|BlakeTwo256|Sha256|Keccak256|ShaThree256)$/;
const BIG_KIND = "BigRaw";
const HEX_BYTES = /^0x([\da-f]{2})*$/i;
/** As Python's `bytes.fromhex()`: ASCII white space between bytes. */
const SPACED_HEX = /^[\t-\r ]*(?:[\da-f]{2}[\t-\r ]*)*$/i;
const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Reads field 0 of a record. Unknown kinds count as `breaks-validators`. */
export function readRecord({ fieldKind, data }: Pick<CommitmentRecord, "fieldKind" | "data">): RecordReading {
  const isBig = fieldKind === BIG_KIND;
  if (!(isBig || BYTE_KIND.test(fieldKind)) || data === null || !HEX_BYTES.test(data)) {
    return { kind: "breaks-validators" };
  }
  const bytes = Uint8Array.fromHex(data.slice(2));
  return isBig ? readBig(bytes) : { kind: "bytes", bytes };
}

/** The validators' client takes a `BigRaw` that is text for hexadecimal with a prefix of two characters. */
function readBig(bytes: Uint8Array): RecordReading {
  let text: string;
  try {
    text = UTF8.decode(bytes);
  } catch {
    return { kind: "bytes", bytes };
  }
  const digits = [...text].slice(2).join("");
  if (!SPACED_HEX.test(digits)) return { kind: "breaks-validators" };
  return { kind: "bytes", bytes: Uint8Array.fromHex(digits.replace(/[\t-\r ]/g, "")) };
}
