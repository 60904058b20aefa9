/**
 * Reads hotkey files and signs with them (spec, section 8, "Wallet"). The secret key stays inside {@linkcode HotkeySigner};
 * nothing returns, prints or serialises it.
 *
 * @module
 */

import {
  checkAddress,
  decodeAddress,
  encodeAddress,
  mnemonicToMiniSecret,
  mnemonicValidate,
  sr25519PairFromSeed,
  sr25519Sign,
  sr25519Verify,
} from "@polkadot/util-crypto";
import { WalletError } from "./errors.ts";
import { type HotkeyFile, type HotkeySecret, parseHotkeyFile } from "./hotkey_file.ts";
import { missingHotkey } from "./hotkey_list.ts";
import { FileTooLargeError, readBounded } from "../../lib/bounded_file.ts";
import { asError } from "../../lib/errors.ts";

/** The SS58 prefix of Bittensor addresses. */
const SS58_PREFIX = 42;

/** The largest hotkey file. */
export const MAX_HOTKEY_FILE_BYTES = 64 * 1024;

/** An sr25519 key that signs and cannot be read back. */
export class HotkeySigner {
  /** SS58 address, prefix 42. */
  readonly address: string;
  readonly #publicKey: Uint8Array;
  readonly #secretKey: Uint8Array;

  /**
   * @param publicKey 32 bytes.
   * @param secretKey 64 bytes in @polkadot's form (Ed25519-expanded); owned by the signer from now on.
   */
  constructor(publicKey: Uint8Array, secretKey: Uint8Array) {
    this.address = encodeAddress(publicKey, SS58_PREFIX);
    this.#publicKey = publicKey;
    this.#secretKey = secretKey;
  }

  /** Returns the sr25519 signature of a message, 64 bytes. */
  sign(message: Uint8Array): Uint8Array {
    return sr25519Sign(message, { publicKey: this.#publicKey, secretKey: this.#secretKey });
  }

  /** Shows only the address; inspection and `JSON.stringify` cannot reach private fields. */
  toString(): string {
    return `HotkeySigner(${this.address})`;
  }
}

/** Reads a text file; injected in tests. */
export type ReadTextFile = (path: string) => Promise<string>;

/**
 * Reads the address in a hotkey file, which suffices for the auction.
 *
 * If the file has a secret, it must match the address, so that the auction never looks for another hotkey's bid than the
 * published one.
 *
 * @throws {WalletError}
 */
export async function readHotkeyAddress(
  path: string,
  readTextFile: ReadTextFile = readHotkeyText,
): Promise<string> {
  const file = await readHotkeyFile(path, readTextFile);
  const secret = file.revealSecret();
  return secret === null ? checkedAddress(file, path) : createSigner(file, secret, path).address;
}

/**
 * Opens a hotkey file for signing.
 *
 * @throws {WalletError} `no-secret` if the file has only an address; see also `WalletErrorKind`.
 */
export async function openHotkeySigner(
  path: string,
  readTextFile: ReadTextFile = readHotkeyText,
): Promise<HotkeySigner> {
  const file = await readHotkeyFile(path, readTextFile);
  const secret = file.revealSecret();
  if (secret === null) {
    checkedAddress(file, path);
    throw new WalletError(
      "no-secret",
      path,
      `Cannot sign with the hotkey ${path}: the file has only an address, which suffices for the auction; publishing ` +
        "needs a file with secretPhrase, secretSeed or privateKey",
    );
  }
  return createSigner(file, secret, path);
}

async function readHotkeyText(path: string): Promise<string> {
  const bytes = await readBounded(path, MAX_HOTKEY_FILE_BYTES);
  try {
    return new TextDecoder().decode(bytes);
  } finally {
    // It may hold the secret.
    bytes.fill(0);
  }
}

async function readHotkeyFile(path: string, readTextFile: ReadTextFile): Promise<HotkeyFile> {
  let text: string;
  try {
    text = await readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) throw missingHotkey(path);
    const reason = asError(error).message;
    if (error instanceof FileTooLargeError) {
      throw new WalletError(
        "malformed",
        path,
        `Cannot read the hotkey ${path}: ${reason}; name a file that btcli wrote`,
      );
    }
    throw new WalletError(
      "unreadable",
      path,
      `Cannot read the hotkey ${path}: ${reason}; let the agent's user read it (chown or setfacl)`,
    );
  }
  return parseHotkeyFile(text, path);
}

function createSigner(file: HotkeyFile, secret: HotkeySecret, source: string): HotkeySigner {
  return secret.kind === "private-key"
    ? signerFromCanonicalKey(file, secret.canonicalKey, source)
    : signerFromSeed(file, secret.kind === "seed" ? secret.seed : miniSecret(secret.phrase, source), source);
}

function miniSecret(phrase: string, source: string): Uint8Array {
  if (!mnemonicValidate(phrase)) {
    const words = phrase.split(/\s+/).length;
    throw new WalletError(
      "malformed",
      source,
      `Cannot use the hotkey ${source}: secretPhrase (${words} words) is not a valid mnemonic, a word or the ` +
        "checksum is wrong; restore the file from its backup",
    );
  }
  return mnemonicToMiniSecret(phrase);
}

function signerFromSeed(file: HotkeyFile, seed: Uint8Array, source: string): HotkeySigner {
  const { publicKey, secretKey } = sr25519PairFromSeed(seed);
  const signer = new HotkeySigner(publicKey, secretKey);
  if (file.ss58Address !== null && checkedAddress(file, source) !== signer.address) {
    throw mismatch(file.ss58Address, source);
  }
  return signer;
}

/**
 * @polkadot/util-crypto cannot compute the public key of a bare private key, so the address comes from the file and a signature
 * proves that it belongs to the key.
 */
function signerFromCanonicalKey(file: HotkeyFile, canonicalKey: Uint8Array, source: string): HotkeySigner {
  if (file.ss58Address === null) {
    throw new WalletError(
      "malformed",
      source,
      `Cannot use the hotkey ${source}: it has privateKey but no ss58Address; add the address it belongs to`,
    );
  }
  const publicKey = decodeAddress(checkedAddress(file, source));
  const secretKey = expandCanonicalKey(canonicalKey);
  if (secretKey === null || !provesKey(publicKey, secretKey)) throw mismatch(file.ss58Address, source);
  return new HotkeySigner(publicKey, secretKey);
}

/**
 * Converts schnorrkel's canonical form to @polkadot's: the scalar (32 bytes, little-endian) times the cofactor 8.
 *
 * @returns `null` if the scalar is too large to be canonical.
 */
function expandCanonicalKey(canonicalKey: Uint8Array): Uint8Array | null {
  const expanded = canonicalKey.slice();
  let carry = 0;
  for (let index = 0; index < 32; index++) {
    const product = (canonicalKey[index] ?? 0) * 8 + carry;
    expanded[index] = product & 0xff;
    carry = product >> 8;
  }
  return carry === 0 ? expanded : null;
}

function provesKey(publicKey: Uint8Array, secretKey: Uint8Array): boolean {
  const message = new TextEncoder().encode("ih-miner: does this key belong to this address?");
  try {
    return sr25519Verify(message, sr25519Sign(message, { publicKey, secretKey }), publicKey);
  } catch {
    return false;
  }
}

function checkedAddress(file: HotkeyFile, source: string): string {
  const address = file.ss58Address ?? "";
  const [isValid] = checkAddress(address, SS58_PREFIX);
  if (!isValid || decodeAddress(address).length !== 32) {
    throw new WalletError(
      "malformed",
      source,
      `Cannot use the hotkey ${source}: ss58Address is not an SS58 address with prefix ${SS58_PREFIX}; ` +
        "restore the file from its backup",
    );
  }
  return address;
}

function mismatch(address: string, source: string): WalletError {
  return new WalletError(
    "mismatch",
    source,
    `Cannot use the hotkey ${source}: its key does not belong to its ss58Address ${address}; restore the file ` +
      "from its backup",
  );
}
