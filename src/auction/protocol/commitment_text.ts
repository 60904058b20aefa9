/**
 * The envelope of every commitment: `version;type;data`, then optionally a 0xFF byte and a binary suffix
 * (spec, section 2).
 *
 * @module
 */

import { MAX_COMMITMENT_BYTES } from "./constants.ts";
import { ProtocolError } from "./errors.ts";
import { parsePythonInteger, stripSpace } from "./python_text.ts";

/** The parts of a commitment, with uninterpreted data. */
export interface CommitmentEnvelope {
  readonly version: bigint;
  /** The type token, `b` for bids and `p` for prices; compared exactly: ` b` and `B` are other types. */
  readonly type: string;
  readonly data: string;
  /** The bytes after the first 0xFF, if any. */
  readonly suffix: Uint8Array;
}

const SUFFIX_SEPARATOR = 0xff;
// Without ignoreBOM a leading U+FEFF would be dropped, and a text that validators reject would be accepted.
const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Parses a commitment's bytes. The 128-byte limit is not checked, since readers never do.
 *
 * @throws {ProtocolError} naming the invalid part.
 */
export function readEnvelope(bytes: Uint8Array): CommitmentEnvelope {
  const separator = bytes.indexOf(SUFFIX_SEPARATOR);
  const textBytes = separator === -1 ? bytes : bytes.subarray(0, separator);
  const suffix = separator === -1 ? new Uint8Array() : bytes.subarray(separator + 1);
  let text: string;
  try {
    text = UTF8.decode(textBytes);
  } catch (cause) {
    throw new ProtocolError("Cannot read the commitment: its text is not UTF-8", { cause });
  }
  text = stripSpace(text);
  const afterVersion = text.indexOf(";");
  const afterType = text.indexOf(";", afterVersion + 1);
  if (afterVersion === -1 || afterType === -1) {
    throw new ProtocolError("Cannot read the commitment: it is not of the form version;type;data");
  }
  return {
    version: parsePythonInteger(text.slice(0, afterVersion), "commitment version"),
    type: text.slice(afterVersion + 1, afterType),
    data: text.slice(afterType + 1),
    suffix,
  };
}

/**
 * Writes the text of a commitment.
 *
 * @param advice the remedy for a text that is too long, as the end of a sentence.
 * @throws {ProtocolError} when the text has more than 128 bytes.
 */
export function writeEnvelopeText(version: bigint, type: string, data: string, advice: string): string {
  const text = `${version};${type};${data}`;
  const byteLength = commitmentByteLength(text);
  if (byteLength > MAX_COMMITMENT_BYTES) {
    throw new ProtocolError(
      `Cannot write the commitment: its text is ${byteLength} bytes, ${
        byteLength - MAX_COMMITMENT_BYTES
      } more than the ${MAX_COMMITMENT_BYTES} that fit; ${advice}`,
    );
  }
  return text;
}

/** The UTF-8 length of a commitment's text. */
export function commitmentByteLength(text: string): number {
  return new TextEncoder().encode(text).length;
}
