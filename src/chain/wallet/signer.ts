/**
 * Reads hotkey files and signs with them (spec, section 8, "Wallet"). The secret key stays inside {@linkcode HotkeySigner};
 * nothing returns, prints or serialises it, and disposing overwrites it.
 *
 * @module
 */

import { decodeAddress, encodeAddress, isAddress, SS58_PREFIX } from "../codec/ss58.ts";
import { WalletError } from "./errors.ts";
import { type HotkeyFile, type HotkeySecret, parseHotkeyFile } from "./hotkey_file.ts";
import { missingHotkey } from "./hotkey_list.ts";
import { bytesOffHeap } from "./bytes_off_heap.ts";
import { type SecretBytes, SecretMemory } from "./secret_memory.ts";
import { FileTooLargeError } from "../../lib/bounded_file.ts";
import { asError } from "../../lib/errors.ts";

/** The largest hotkey file. */
export const MAX_HOTKEY_FILE_BYTES = 64 * 1024;

/** An sr25519 key that signs and cannot be read back. */
export class HotkeySigner implements Disposable {
  /** SS58 address, prefix 42. */
  readonly address: string;
  readonly #memory: SecretMemory;
  readonly #publicKey: Uint8Array;
  readonly #secretKey: SecretBytes;

  /**
   * @param memory holds the secret key; owned by the signer from now on.
   * @param publicKey 32 bytes.
   * @param secretKey in @polkadot's form (Ed25519-expanded).
   */
  constructor(memory: SecretMemory, publicKey: Uint8Array, secretKey: SecretBytes) {
    this.address = encodeAddress(publicKey);
    this.#memory = memory;
    this.#publicKey = publicKey;
    this.#secretKey = secretKey;
  }

  /** Returns the sr25519 signature of a message, 64 bytes. */
  sign(message: Uint8Array): Uint8Array {
    return this.#memory.sign(this.#publicKey, this.#secretKey, message);
  }

  /** Shows only the address; inspection and `JSON.stringify` cannot reach private fields. */
  toString(): string {
    return `HotkeySigner(${this.address})`;
  }

  /** Overwrites the secret; the signer signs no more. */
  [Symbol.dispose](): void {
    this.#memory[Symbol.dispose]();
  }
}

/** Reads a file into bytes that the reader overwrites; injected in tests. */
export type ReadFile = (path: string) => Uint8Array;

/**
 * Reads a file without leaving copies of it in memory.
 *
 * @throws {FileTooLargeError} if it has more than {@linkcode MAX_HOTKEY_FILE_BYTES}.
 * @throws {Error} of `Deno.errors` if it cannot be read.
 */
function readOnce(path: string): Uint8Array {
  using file = Deno.openSync(path);
  const bytes = bytesOffHeap(MAX_HOTKEY_FILE_BYTES + 1);
  let length = 0;
  while (length < bytes.length) {
    const count = file.readSync(bytes.subarray(length));
    if (count === null) return bytes.subarray(0, length);
    length += count;
  }
  bytes.fill(0);
  throw new FileTooLargeError(MAX_HOTKEY_FILE_BYTES);
}

/**
 * Reads the address in a hotkey file, which suffices for the auction.
 *
 * If the file has a secret, it must match the address, so that the auction never looks for another hotkey's bid than the
 * published one.
 *
 * @throws {WalletError}
 */
export async function readHotkeyAddress(path: string, readFile: ReadFile = readOnce): Promise<string> {
  using file = readHotkeyFile(path, readFile);
  const secret = file.revealSecret();
  if (secret === null) return checkedAddress(file, path);
  using signer = await createSigner(file, secret, path);
  return signer.address;
}

/**
 * Opens a hotkey file for signing. The caller disposes of the signer as soon as it has signed.
 *
 * @throws {WalletError} `no-secret` if the file has only an address; see also `WalletErrorKind`.
 */
export async function openHotkeySigner(path: string, readFile: ReadFile = readOnce): Promise<HotkeySigner> {
  using file = readHotkeyFile(path, readFile);
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
  return await createSigner(file, secret, path);
}

function readHotkeyFile(path: string, readFile: ReadFile): HotkeyFile {
  let bytes: Uint8Array;
  try {
    bytes = readFile(path);
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
  return parseHotkeyFile(bytes, path);
}

async function createSigner(file: HotkeyFile, secret: HotkeySecret, source: string): Promise<HotkeySigner> {
  const memory = await SecretMemory.create();
  try {
    if (secret.kind === "private-key") return signerFromCanonicalKey(memory, file, secret.bytes, source);
    const bytes = memory.put(secret.bytes);
    const seed = secret.kind === "seed" ? bytes : seedOf(memory, bytes, source);
    return signerFromSeed(memory, file, seed, source);
  } catch (error) {
    memory[Symbol.dispose]();
    throw error;
  }
}

function seedOf(memory: SecretMemory, phrase: SecretBytes, source: string): SecretBytes {
  if (!memory.isMnemonic(phrase)) {
    throw new WalletError(
      "malformed",
      source,
      `Cannot use the hotkey ${source}: secretPhrase is not a valid mnemonic, a word or the checksum is wrong; ` +
        "restore the file from its backup",
    );
  }
  return memory.seedOf(phrase);
}

function signerFromSeed(
  memory: SecretMemory,
  file: HotkeyFile,
  seed: SecretBytes,
  source: string,
): HotkeySigner {
  const { publicKey, secretKey } = memory.pairOf(seed);
  const signer = new HotkeySigner(memory, publicKey, secretKey);
  if (file.ss58Address !== null && checkedAddress(file, source) !== signer.address) {
    throw mismatch(file.ss58Address, source);
  }
  return signer;
}

/**
 * The library cannot compute the public key of a bare private key, so the address comes from the file and a signature proves
 * that it belongs to the key.
 */
function signerFromCanonicalKey(
  memory: SecretMemory,
  file: HotkeyFile,
  key: Uint8Array,
  source: string,
): HotkeySigner {
  if (file.ss58Address === null) {
    throw new WalletError(
      "malformed",
      source,
      `Cannot use the hotkey ${source}: it has privateKey but no ss58Address; add the address it belongs to`,
    );
  }
  const publicKey = decodeAddress(checkedAddress(file, source));
  const isCanonical = expandCanonicalKey(key);
  const signer = new HotkeySigner(memory, publicKey, memory.put(key));
  if (!isCanonical || !provesKey(memory, publicKey, signer)) throw mismatch(file.ss58Address, source);
  return signer;
}

/**
 * Converts schnorrkel's canonical form to @polkadot's, in place: the scalar (32 bytes, little-endian) times the cofactor 8.
 *
 * @returns `false` if the scalar is too large to be canonical.
 */
function expandCanonicalKey(key: Uint8Array): boolean {
  let carry = 0;
  for (let index = 0; index < 32; index++) {
    const product = (key[index] ?? 0) * 8 + carry;
    key[index] = product & 0xff;
    carry = product >> 8;
  }
  return carry === 0;
}

function provesKey(memory: SecretMemory, publicKey: Uint8Array, signer: HotkeySigner): boolean {
  const message = new TextEncoder().encode("ih-miner: does this key belong to this address?");
  try {
    return memory.verify(publicKey, signer.sign(message), message);
  } catch {
    return false;
  }
}

function checkedAddress(file: HotkeyFile, source: string): string {
  const address = file.ss58Address ?? "";
  if (!isAddress(address)) {
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
