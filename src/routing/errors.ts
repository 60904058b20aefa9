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
