/**
 * Thrown values in the forms in which the program reports them.
 *
 * @module
 */

import { certificateFailure } from "./certificate_failure.ts";

/** A thrown value as an error. */
export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}

/** An error as the result document and the log show it. */
export function describeError(thrown: unknown): { readonly name: string; readonly message: string } {
  const { name, message } = asError(thrown);
  return { name, message };
}

/**
 * The runtime's reason for a failed `fetch`, the same text for the same reason. Leaves out the URL, which may
 * be secret and which the caller knows, and the local port, which differs at each attempt.
 */
export function fetchFailure(thrown: unknown): string {
  const { message } = asError(thrown);
  return certificateFailure(message) ?? message
    .replace(/^error sending request .*? client error \(\w+\): /, "")
    .replace(/^error sending request from \S+ for /, "error sending request for ");
}
