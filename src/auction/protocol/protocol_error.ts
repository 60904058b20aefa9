/**
 * A text or a set of bids breaks a rule of the protocol: a price that is not a decimal, a worker outside the allowed sizes, a
 * commitment above 128 bytes. The message addresses the author of the text.
 */
export class ProtocolError extends Error {
  override readonly name = "ProtocolError";
}
