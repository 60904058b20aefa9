/**
 * How a simulated miner misbehaves.
 *
 * @module
 */

/** How a simulated miner misbehaves. */
export type MinerFault =
  /** Answers late. */
  | { readonly kind: "slow"; readonly delayMs: number }
  /** Sends its answer byte by byte. */
  | { readonly kind: "trickle"; readonly delayMs: number }
  /** Accepts the connection and never answers. */
  | { readonly kind: "mute" }
  /** Closes the connection in the middle of the answer. */
  | { readonly kind: "drop" }
  /** Closes the connection without an answer, as cgminer does to hosts outside its api-allow. */
  | { readonly kind: "shut-out" }
  /** Answers with invalid JSON. */
  | { readonly kind: "garbled" }
  /** Keeps `switchpool` from us. */
  | { readonly kind: "denied" }
  /** Answers `switchpool` with an error. */
  | { readonly kind: "refuse" }
  /** Says that it switches, and does not. */
  | { readonly kind: "liar" }
  /** Switches and does not answer that. */
  | { readonly kind: "mute-switch" }
  /** Switches, and computes nothing. */
  | { readonly kind: "idle" };
