/**
 * The identity under which a machine mines at the subnet's pool (spec, section 10).
 *
 * @module
 */

/** The characters of a hotkey that validators compare. */
const HOTKEY_CHARACTERS = 48;

/** A worker id that is credited to a hotkey. */
export interface WorkerId {
  /** `null`: the id names none, which the subnet's pool would not accept as a login. */
  readonly account: string | null;
  /** At most 48 characters. */
  readonly hotkey: string;
  /** Distinguishes the workers of a hotkey; may contain dots. */
  readonly suffix: string;
}

/**
 * Splits `account.hotkey.suffix…` or `hotkey.suffix`.
 *
 * @returns `null` if it is neither, or if its hotkey or suffix is empty: then its hashrate is credited to nobody.
 */
export function parseWorkerId(text: string): WorkerId | null {
  const parts = text.split(".");
  const account = parts.length >= 3 ? parts.shift()! : null;
  const [owner = "", ...rest] = parts;
  const [hotkey, suffix] = [owner.slice(0, HOTKEY_CHARACTERS), rest.join(".")];
  return hotkey === "" || suffix === "" ? null : { account, hotkey, suffix };
}
