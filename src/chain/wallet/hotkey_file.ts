/**
 * Parses hotkey files (spec, section 8, "Wallet"). Pure; the content leaves only as a {@linkcode HotkeyFile}, which
 * nothing can print.
 *
 * @module
 */

import { WalletError } from "./errors.ts";

/** The location of a hotkey file. */
export interface HotkeyLocation {
  /** The folder of all wallets; a leading `~` is the home folder. */
  readonly directory: string;
  readonly name: string;
  readonly hotkeyName: string;
}

/**
 * The path of a hotkey file, `<directory>/<name>/hotkeys/<hotkey_name>`.
 *
 * @param home the home folder for `~`, if any.
 * @throws {WalletError} `malformed` if a name would leave the folder, or `~` is used without a home folder.
 */
export function hotkeyPath(
  { directory, name, hotkeyName }: HotkeyLocation,
  home: string | undefined,
): string {
  for (const [what, part] of [["wallet name", name], ["hotkey name", hotkeyName]] as const) {
    if (part.trim() === "" || part === "." || part === ".." || /[/\0]/.test(part)) {
      throw new WalletError(
        "malformed",
        directory,
        `Cannot locate the hotkey: the ${what} is ${JSON.stringify(part)}; give the name of one folder entry`,
      );
    }
  }
  if (directory.trim() === "") {
    throw new WalletError(
      "malformed",
      directory,
      "Cannot locate the hotkey: the wallet directory is empty; give a folder such as ~/.bittensor/wallets",
    );
  }
  const usesHome = directory === "~" || directory.startsWith("~/");
  if (usesHome && (home === undefined || home === "")) {
    throw new WalletError(
      "malformed",
      directory,
      `Cannot locate the hotkey: ${directory} needs a home folder and HOME is not set; give an absolute path`,
    );
  }
  const expanded = usesHome ? `${home}${directory.slice(1)}` : directory;
  return `${expanded.replace(/\/+$/, "")}/${name}/hotkeys/${hotkeyName}`;
}

/** The secret of a hotkey file, in the order of preference in the spec. */
export type HotkeySecret =
  | { readonly kind: "phrase"; readonly phrase: string }
  | { readonly kind: "seed"; readonly seed: Uint8Array }
  | { readonly kind: "private-key"; readonly canonicalKey: Uint8Array };

/** The content of a hotkey file. Printing, inspecting or serialising it shows only the address. */
export class HotkeyFile {
  /** SS58 address; `null` if the file has none. */
  readonly ss58Address: string | null;
  readonly #secret: HotkeySecret | null;

  constructor(ss58Address: string | null, secret: HotkeySecret | null) {
    this.ss58Address = ss58Address;
    this.#secret = secret;
  }

  /** Whether the file can sign. */
  get hasSecret(): boolean {
    return this.#secret !== null;
  }

  /** The secret, only for signing; `null` if there is none. */
  revealSecret(): HotkeySecret | null {
    return this.#secret;
  }
}

// How Bittensor tools encrypt key files: Python's NaCl wrapper, Ansible Vault and Fernet.
const ENCRYPTED_MARKS = ["$NACL", "$ANSIBLE_VAULT", "gAAAAA"];

/**
 * Parses a hotkey file. `signer.ts` verifies keys and checksums.
 *
 * @param source the path, for messages.
 * @throws {WalletError} `encrypted`, or `malformed` with the invalid field but never its content.
 */
export function parseHotkeyFile(text: string, source: string): HotkeyFile {
  const body = text.replace(/^\uFEFF/, "").trim();
  if (ENCRYPTED_MARKS.some((mark) => body.startsWith(mark))) {
    throw new WalletError(
      "encrypted",
      source,
      `Cannot use the hotkey ${source}: the file is encrypted; the agent runs unattended and needs an ` +
        "unencrypted hotkey: decrypt it with the tool that encrypted it, or create the hotkey again from its " +
        "mnemonic with `btcli wallet regen-hotkey --no-use-password` (the coldkey is never needed here)",
    );
  }
  const fields = parseObject(body, source);
  const ss58Address = textField(fields, "ss58Address", source);
  const phrase = textField(fields, "secretPhrase", source);
  if (phrase !== null) return new HotkeyFile(ss58Address, { kind: "phrase", phrase });
  const seed = hexField(fields, "secretSeed", 32, source);
  if (seed !== null) return new HotkeyFile(ss58Address, { kind: "seed", seed });
  const canonicalKey = hexField(fields, "privateKey", 64, source);
  if (canonicalKey !== null) return new HotkeyFile(ss58Address, { kind: "private-key", canonicalKey });
  if (ss58Address === null) {
    throw malformed(
      source,
      "it has none of ss58Address, secretPhrase, secretSeed and privateKey; is it a hotkey file?",
    );
  }
  return new HotkeyFile(ss58Address, null);
}

function parseObject(body: string, source: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    // The parser's message quotes the text, which may be the secret.
    throw malformed(source, "it is not JSON");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw malformed(source, "it is not a JSON object");
  }
  return value as Record<string, unknown>;
}

function textField(fields: Record<string, unknown>, key: string, source: string): string | null {
  const value = Object.hasOwn(fields, key) ? fields[key] : null;
  if (value === null) return null;
  if (typeof value !== "string") throw malformed(source, `${key} is not text`);
  if (value.trim() === "") throw malformed(source, `${key} is empty`);
  return value.trim();
}

function hexField(
  fields: Record<string, unknown>,
  key: string,
  byteCount: number,
  source: string,
): Uint8Array | null {
  const text = textField(fields, key, source);
  if (text === null) return null;
  const digits = text.replace(/^0x/i, "");
  if (!/^[0-9a-f]*$/i.test(digits)) throw malformed(source, `${key} is not hexadecimal`);
  if (digits.length !== byteCount * 2) {
    throw malformed(
      source,
      `${key} has ${digits.length} hexadecimal digits, not ${byteCount * 2} (${byteCount} bytes)`,
    );
  }
  return Uint8Array.fromHex(digits);
}

function malformed(source: string, what: string): WalletError {
  return new WalletError(
    "malformed",
    source,
    `Cannot use the hotkey ${source}: ${what}; restore the file from its backup or create it again`,
  );
}
