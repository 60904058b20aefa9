/**
 * Writes hotkey files for simulated miners.
 *
 * @module
 */

/** The fields for {@linkcode formatHotkeyFile}; absent ones are omitted. */
export interface HotkeyFileFields {
  readonly ss58Address: string;
  /** 32 bytes, `0x` and hex. */
  readonly publicKey?: string;
  readonly secretPhrase?: string;
  /** 32 bytes, `0x` and hex. */
  readonly secretSeed?: string;
  /** 64 bytes, `0x` and hex, schnorrkel's canonical form. */
  readonly privateKey?: string;
}

/** Formats a hotkey file as Bittensor's tools do; for tests and demonstrations. */
export function formatHotkeyFile(fields: HotkeyFileFields): string {
  const { ss58Address, publicKey, secretPhrase = null, secretSeed = null, privateKey } = fields;
  return JSON.stringify({
    ...(publicKey === undefined ? {} : { accountId: publicKey, publicKey }),
    ...(privateKey === undefined ? {} : { privateKey }),
    secretPhrase,
    secretSeed,
    ss58Address,
  });
}
