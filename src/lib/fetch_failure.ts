/**
 * Why a request failed, in words that are the same each time it fails for the same reason.
 *
 * @module
 */

import { asError } from "./errors.ts";

/**
 * What the runtime says of a failed `fetch`, without what it puts before the reason: the URL, which the caller knows
 * and which may be secret, and the local port, which is another one at each try.
 */
export function fetchFailure(thrown: unknown): string {
  return asError(thrown).message
    .replace(/^error sending request .*? client error \(\w+\): /, "")
    .replace(/^error sending request from \S+ for /, "error sending request for ");
}
