/**
 * What can go wrong with a proxy's file.
 *
 * @module
 */

/**
 * - `missing`, `not-a-file`, `not-readable`, `not-writable`: the proxy's file itself
 * - `unparsable`: not UTF-8 or not TOML
 * - `no-pool`, `no-goal`: nothing in the file to route by (spec, section 6)
 * - `changed-meanwhile`: somebody kept changing the file while it was being edited
 * - `write-failed`: the write broke off, for instance on a full disk
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

/** A destination that could not be routed to. */
export type FailedTarget =
  | {
    readonly mode: "ihp" | "braiins";
    /** The proxy's file. */
    readonly path: string;
    readonly error: string;
  }
  | { readonly mode: "asic"; readonly path: null; readonly error: string };

/** Some of several destinations could not be routed to; the others were. */
export class TargetsFailedError<Report extends { readonly mode: string }> extends Error {
  override readonly name = "TargetsFailedError";

  constructor(
    /** What became of each, in the order of the configuration. */
    readonly results: readonly (Report | FailedTarget)[],
    reasons: readonly string[],
    options?: ErrorOptions,
  ) {
    const what = results.some(({ mode }) => mode === "asic") ? "destinations" : "proxies";
    super(`Cannot route to ${reasons.length} of ${results.length} ${what}: ${reasons.join("\n")}`, options);
  }
}

/** The hashrate could not be routed; the message says which file, why, and what to do. */
export class RoutingError extends Error {
  override readonly name = "RoutingError";
  readonly kind: RoutingErrorKind;
  /** The file or folder it is about. */
  readonly path: string;

  constructor(kind: RoutingErrorKind, path: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
    this.path = path;
  }
}
