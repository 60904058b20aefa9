/**
 * Faults: how a method of the simulated node misbehaves, for tests of clients.
 *
 * @module
 */

/** How a method misbehaves. */
export type Fault =
  /** Answers late. */
  | { readonly kind: "delay"; readonly delayMs: number }
  /** Never answers. */
  | { readonly kind: "hang" }
  /** Answers an error. */
  | { readonly kind: "error"; readonly code: number; readonly message: string; readonly data?: string }
  /** Closes the connection instead of answering. */
  | { readonly kind: "close" };
