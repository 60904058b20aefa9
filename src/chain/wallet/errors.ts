/**
 * The failures of reading a wallet. Messages never contain anything of a file's content but its address.
 *
 * @module
 */

/**
 * What is wrong with a hotkey file.
 *
 * - `missing`: no such file; `unreadable`: it exists but cannot be read.
 * - `encrypted`: only an unencrypted hotkey can sign without a person at the keyboard.
 * - `malformed`: not a hotkey file, or a field of it is wrong.
 * - `no-secret`: the file has only an address; it serves the auction but cannot sign.
 * - `mismatch`: the key does not give the file's `ss58Address`.
 */
export type WalletErrorKind = "missing" | "unreadable" | "encrypted" | "malformed" | "no-secret" | "mismatch";

/** A hotkey file that cannot be used; `source` is its path or whatever the caller named it. */
export class WalletError extends Error {
  override readonly name = "WalletError";
  readonly kind: WalletErrorKind;
  readonly source: string;

  constructor(kind: WalletErrorKind, source: string, message: string) {
    super(message);
    this.kind = kind;
    this.source = source;
  }
}
