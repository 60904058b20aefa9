/**
 * Thrown when a text or a set of bids breaks a rule of the protocol: a price that is no decimal, a worker outside
 * the allowed sizes, a commitment above 128 bytes. The message is meant for the person who wrote the text.
 */
export class ProtocolError extends Error {
  override readonly name = "ProtocolError";
}
