/**
 * The cryptography of the hotkey in a WebAssembly memory of its own, which is overwritten afterwards: what is in the heap of
 * JavaScript can neither be overwritten nor be kept from being copied, and stays in the process's memory after its worker.
 *
 * @module
 */

import { Bridge } from "@polkadot/wasm-bridge";
import { createWasm } from "@polkadot/wasm-crypto-init/wasm";

/** The used functions of @polkadot/wasm-crypto. Each frees the bytes that it is given, without overwriting them. */
interface Crypto {
  readonly memory: WebAssembly.Memory;
  __wbindgen_malloc(size: number): number;
  ext_bip39_validate(phrase: number, phraseLength: number): number;
  ext_bip39_to_mini_secret(
    result: number,
    phrase: number,
    phraseLength: number,
    password: number,
    passwordLength: number,
  ): void;
  ext_sr_from_seed(result: number, seed: number, seedLength: number): void;
  ext_sr_sign(
    result: number,
    publicKey: number,
    publicKeyLength: number,
    secretKey: number,
    secretKeyLength: number,
    message: number,
    messageLength: number,
  ): void;
  ext_sr_verify(
    signature: number,
    signatureLength: number,
    message: number,
    messageLength: number,
    publicKey: number,
    publicKeyLength: number,
  ): number;
}

/** Bytes in a {@linkcode SecretMemory}: their place and length. */
export type SecretBytes = readonly [place: number, length: number];

/** Where the functions write place and length of their result. */
const RESULT = 8;

/** Bytes of an sr25519 secret key in @polkadot's form (Ed25519-expanded). */
const SECRET_KEY_BYTES = 64;

/** A memory for the secret of one hotkey. */
export class SecretMemory implements Disposable {
  readonly #crypto: Crypto;
  #isWiped = false;

  private constructor(crypto: Crypto) {
    this.#crypto = crypto;
  }

  /** Makes an empty memory. */
  static async create(): Promise<SecretMemory> {
    return new SecretMemory(await new Bridge(createWasm).init() as unknown as Crypto);
  }

  /** Copies bytes into the memory. */
  put(bytes: Uint8Array): SecretBytes {
    const place = this.#allocate(bytes.length);
    this.#view(place, bytes.length).set(bytes);
    return [place, bytes.length];
  }

  /** Whether it is a mnemonic in English with a right checksum. */
  isMnemonic(phrase: SecretBytes): boolean {
    return this.#crypto.ext_bip39_validate(...this.#copy(phrase)) !== 0;
  }

  /** The seed of a valid mnemonic (Substrate's variant of BIP-39), 32 bytes. */
  seedOf(phrase: SecretBytes): SecretBytes {
    this.#crypto.ext_bip39_to_mini_secret(RESULT, ...this.#copy(phrase), ...this.put(new Uint8Array()));
    return this.#result();
  }

  /** The sr25519 pair of a seed of 32 bytes. */
  pairOf(seed: SecretBytes): { readonly secretKey: SecretBytes; readonly publicKey: Uint8Array } {
    this.#crypto.ext_sr_from_seed(RESULT, ...this.#copy(seed));
    const [place, length] = this.#result();
    return {
      secretKey: [place, SECRET_KEY_BYTES],
      publicKey: this.#view(place, length).slice(SECRET_KEY_BYTES),
    };
  }

  /** Signs with an sr25519 key. @returns 64 bytes. */
  sign(publicKey: Uint8Array, secretKey: SecretBytes, message: Uint8Array): Uint8Array {
    this.#crypto.ext_sr_sign(RESULT, ...this.put(publicKey), ...this.#copy(secretKey), ...this.put(message));
    return this.#view(...this.#result()).slice();
  }

  /** Whether it is the sr25519 signature of a message. */
  verify(publicKey: Uint8Array, signature: Uint8Array, message: Uint8Array): boolean {
    return this.#crypto.ext_sr_verify(
      ...this.put(signature),
      ...this.put(message),
      ...this.put(publicKey),
    ) !== 0;
  }

  /** Overwrites everything; the memory is of no use any more. */
  [Symbol.dispose](): void {
    if (this.#isWiped) return;
    this.#isWiped = true;
    new Uint8Array(this.#crypto.memory.buffer).fill(0);
  }

  #allocate(length: number): number {
    if (this.#isWiped) {
      throw new TypeError("Cannot use the hotkey any more: its secret was overwritten; open it again");
    }
    return this.#crypto.__wbindgen_malloc(length);
  }

  #copy([place, length]: SecretBytes): SecretBytes {
    const copy = this.#allocate(length);
    this.#view(copy, length).set(this.#view(place, length));
    return [copy, length];
  }

  #result(): SecretBytes {
    const [place = 0, length = 0] = new Int32Array(this.#crypto.memory.buffer, RESULT, 2);
    return [place, length];
  }

  #view(place: number, length: number): Uint8Array {
    return new Uint8Array(this.#crypto.memory.buffer, place, length);
  }
}
