/**
 * Errors of routing to a proxy.
 *
 * @module
 */

/**
 * - `missing`, `not-a-file`, `not-readable`, `not-writable`: the proxy's file itself
 * - `unparsable`: not UTF-8 or not TOML
 * - `no-pool`, `no-goal`: the file lacks the pool or the goals to route to (spec, section 6)
 * - `changed-meanwhile`: another program kept changing the file during the edit
 * - `write-failed`: the write failed, for example on a full disk
 * - `state-folder`: the journal cannot be read or written
 */
export type RoutingErrorKind =
  | "missing"
  | "not-a-file"
  | "not-readable"
  | "not-writable"
  | "unparsable"
  | "no-pool"
  | "no-goal"
  | "changed-meanwhile"
  | "write-failed"
  | "state-folder";

/** A destination for which the routing failed. */
export type FailedTarget =
  | {
    readonly mode: "ihp" | "braiins";
    /** The proxy's file. */
    readonly path: string;
    readonly error: string;
  }
  | { readonly mode: "asic"; readonly path: null; readonly error: string };

/** The routing failed for some of several destinations; the others have been routed to. */
export class TargetsFailedError<Report extends { readonly mode: string }> extends Error {
  override readonly name = "TargetsFailedError";

  constructor(
    /** The result of each destination, in the order of the configuration. */
    readonly results: readonly (Report | FailedTarget)[],
    reasons: readonly string[],
    options?: ErrorOptions,
  ) {
    const what = results.some(({ mode }) => mode === "asic") ? "destinations" : "proxies";
    super(`Cannot route to ${reasons.length} of ${results.length} ${what}: ${reasons.join("\n")}`, options);
  }
}

/** The routing failed; the message names the file, the reason and the remedy. */
export class RoutingError extends Error {
  override readonly name = "RoutingError";

  /** @param path the file or folder concerned. */
  constructor(
    readonly kind: RoutingErrorKind,
    readonly path: string,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
