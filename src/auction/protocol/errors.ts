/**
 * The errors of the auction's inputs, in a module of their own so that catching one loads nothing else.
 *
 * @module
 */

/**
 * A text or a set of bids breaks a rule of the protocol: a price that is not a decimal, a worker outside the allowed sizes, a
 * commitment above 128 bytes. The message addresses the author of the text.
 */
export class ProtocolError extends Error {
  override readonly name = "ProtocolError";
}

/** Saved data is not a snapshot that this version can read. */
export class SnapshotError extends Error {
  override readonly name = "SnapshotError";

  /** @param path the first invalid value, such as `commitments[3].block`; empty for the whole document. */
  constructor(readonly path: string, message: string) {
    super(message);
  }
}
