/**
 * Parses hotkey files (spec, section 8, "Wallet"). Pure; the content leaves only as a {@linkcode HotkeyFile}, which
 * nothing can print.
 *
 * @module
 */

import { WalletError } from "./errors.ts";
import { decodeHex, type SecretKey, type SeparatedFile, separateSecrets } from "./secret_fields.ts";
import { bytesOffHeap } from "./bytes_off_heap.ts";

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

/**
 * The secret of a hotkey file, in the order of preference in the spec: the phrase in UTF-8, the seed (32 bytes), or the key in
 * schnorrkel's canonical form (64 bytes).
 */
export interface HotkeySecret {
  readonly kind: "phrase" | "seed" | "private-key";
  readonly bytes: Uint8Array;
}

/** The content of a hotkey file. Printing, inspecting or serialising it shows only the address; disposing overwrites the secret. */
export class HotkeyFile implements Disposable {
  /** SS58 address; `null` if the file has none. */
  readonly ss58Address: string | null;
  readonly #secret: HotkeySecret | null;

  constructor(ss58Address: string | null, secret: HotkeySecret | null) {
    this.ss58Address = ss58Address;
    this.#secret = secret;
  }

  /** The secret, only for signing; `null` if there is none. */
  revealSecret(): HotkeySecret | null {
    return this.#secret;
  }

  [Symbol.dispose](): void {
    this.#secret?.bytes.fill(0);
  }
}

// How Bittensor tools encrypt key files: Python's NaCl wrapper, Ansible Vault and Fernet.
const ENCRYPTED_MARKS = ["$NACL", "$ANSIBLE_VAULT", "gAAAAA"];

/**
 * Parses a hotkey file. `signer.ts` verifies keys and checksums.
 *
 * @param bytes overwritten.
 * @param source the path, for messages.
 * @throws {WalletError} `encrypted`, or `malformed` with the invalid field but never its content.
 */
export function parseHotkeyFile(bytes: Uint8Array, source: string): HotkeyFile {
  const { text, secrets } = separateSecrets(bytes);
  try {
    return new HotkeyFile(...parseFields(text.trim(), secrets, source));
  } finally {
    for (const secret of secrets.values()) secret.fill(0);
  }
}

type Secrets = SeparatedFile["secrets"];

function parseFields(
  body: string,
  secrets: Secrets,
  source: string,
): [ss58Address: string | null, secret: HotkeySecret | null] {
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
  const secret = (key: SecretKey): Uint8Array | null => {
    if (textField(fields, key, source) === null) return null;
    const bytes = secrets.get(key)!;
    if (bytes.length === 0) throw malformed(source, `${key} is empty`);
    return bytes;
  };
  const phrase = secret("secretPhrase");
  if (phrase !== null) return [ss58Address, { kind: "phrase", bytes: copyOffHeap(phrase) }];
  const seed = hexField(secret("secretSeed"), "secretSeed", 32, source);
  if (seed !== null) return [ss58Address, { kind: "seed", bytes: seed }];
  const canonicalKey = hexField(secret("privateKey"), "privateKey", 64, source);
  if (canonicalKey !== null) return [ss58Address, { kind: "private-key", bytes: canonicalKey }];
  if (ss58Address === null) {
    throw malformed(
      source,
      "it has none of ss58Address, secretPhrase, secretSeed and privateKey; is it a hotkey file?",
    );
  }
  return [ss58Address, null];
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
  text: Uint8Array | null,
  key: SecretKey,
  byteCount: number,
  source: string,
): Uint8Array | null {
  if (text === null) return null;
  const decoded = decodeHex(text);
  if (decoded === null) throw malformed(source, `${key} is not hexadecimal`);
  const { bytes, digitCount } = decoded;
  if (digitCount === byteCount * 2) return bytes;
  bytes.fill(0);
  throw malformed(
    source,
    `${key} has ${digitCount} hexadecimal digits, not ${byteCount * 2} (${byteCount} bytes)`,
  );
}

function copyOffHeap(bytes: Uint8Array): Uint8Array {
  const copy = bytesOffHeap(bytes.length);
  copy.set(bytes);
  return copy;
}

function malformed(source: string, what: string): WalletError {
  return new WalletError(
    "malformed",
    source,
    `Cannot use the hotkey ${source}: ${what}; restore the file from its backup or create it again`,
  );
}
