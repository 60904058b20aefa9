/**
 * Errors of reading a wallet. Messages contain nothing of a file's content except its address.
 *
 * @module
 */

/**
 * The kind of failure.
 *
 * - `missing`: no such file; `unreadable`: it exists but cannot be read.
 * - `encrypted`: an unattended agent can use only an unencrypted hotkey.
 * - `malformed`: not a hotkey file, or one of its fields is invalid.
 * - `no-secret`: the file has only an address; it serves the auction but cannot sign.
 * - `mismatch`: the key does not give the file's `ss58Address`.
 */
export type WalletErrorKind = "missing" | "unreadable" | "encrypted" | "malformed" | "no-secret" | "mismatch";

/** A hotkey file cannot be used; `source` is its path. */
export class WalletError extends Error {
  override readonly name = "WalletError";

  constructor(readonly kind: WalletErrorKind, readonly source: string, message: string) {
    super(message);
  }
}
