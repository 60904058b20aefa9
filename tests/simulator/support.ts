/**
 * What the simulator's tests share: runtimes, accounts, a raw JSON-RPC client.
 *
 * @module
 */

import { Keyring } from "@polkadot/keyring";
import type { KeyringPair } from "@polkadot/keyring/types";
import { compactToU8a, hexToU8a, stringToU8a, u8aConcat, u8aToHex } from "@polkadot/util";
import { blake2AsU8a, cryptoWaitReady } from "@polkadot/util-crypto";
import { imageFromMetadata, Runtime, type RuntimeVersion } from "../../src/simulator/mod.ts";

/** The InfiniteHash subnet. */
export const NETUID = 89;

await cryptoWaitReady();
const keyring = new Keyring({ type: "sr25519", ss58Format: 42 });

/** A development account. */
export function account(name: string): KeyringPair {
  return keyring.addFromUri(`//${name}`);
}

/** An account without a secret, from its number. */
export function address(number: number): string {
  const publicKey = new Uint8Array(32);
  new DataView(publicKey.buffer).setUint32(0, number);
  return keyring.encodeAddress(publicKey);
}

/** The real runtime's metadata (spec 318), `null` where the shared folder is not beside the checkout. */
export const runtime318: Runtime | null = readRuntime318();

function readRuntime318(): Runtime | null {
  const folder = new URL("../../../shared/subtensor/", import.meta.url);
  try {
    const version: RuntimeVersion = JSON.parse(
      Deno.readTextFileSync(new URL("runtime-version-318.json", folder)),
    );
    const metadata = Deno.readFileSync(new URL("metadata-v15-318.scale", folder));
    return new Runtime(imageFromMetadata(metadata, version));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

/** Registers one test for the built-in runtime, and one for the real metadata, skipped when it is not there. */
export function testRuntimes(name: string, run: (runtime: Runtime) => Promise<void> | void): void {
  Deno.test(`${name} (built-in metadata)`, async () => await run(Runtime.builtin()));
  const skipped = runtime318 === null ? ": skipped, ../shared/subtensor is not there" : "";
  Deno.test({
    name: `${name} (metadata of spec 318${skipped})`,
    ignore: runtime318 === null,
    fn: async () => await run(runtime318!),
  });
}

/** The bytes of `Commitments.set_commitment` with one raw field, as the spec gives them. */
export function commitmentCall(text: string, netuid = NETUID): Uint8Array {
  const bytes = stringToU8a(text);
  return u8aConcat([0x12, 0x00, netuid & 0xff, netuid >> 8, 0x04, bytes.length + 1], bytes);
}

/** Parameters of {@linkcode signExtrinsic}. */
export interface SigningContext {
  readonly genesisHash: string;
  readonly nonce: number;
  /** Mortal: the period, the current block, and the hash of the era's first block. Immortal when left out. */
  readonly era?: { readonly period: number; readonly current: number; readonly birthHash: string };
  readonly specVersion?: number;
}

/** Signs a call by hand: version 4, the eleven extensions of spec 318. @returns hex without `0x`. */
export function signExtrinsic(signer: KeyringPair, call: Uint8Array, context: SigningContext): string {
  const { genesisHash, nonce, era, specVersion = 318 } = context;
  const eraBytes = era === undefined ? [0] : mortalEra(era.period, era.current);
  const tip = [0];
  const metadataHashMode = [0];
  const extra = u8aConcat(eraBytes, compactToU8a(nonce), tip, metadataHashMode);
  const additional = u8aConcat(
    u32(specVersion),
    u32(1),
    hexToU8a(genesisHash as `0x${string}`),
    hexToU8a((era?.birthHash ?? genesisHash) as `0x${string}`),
    [0],
  );
  const payload = u8aConcat(call, extra, additional);
  const signature = signer.sign(payload.length > 256 ? blake2AsU8a(payload, 256) : payload);
  const body = u8aConcat([0x84, 0], signer.publicKey, [1], signature, extra, call);
  return u8aToHex(u8aConcat(compactToU8a(body.length), body)).slice(2);
}

function mortalEra(period: number, current: number): number[] {
  const encoded = (Math.log2(period) - 1) | ((current % period) << 4);
  return [encoded & 0xff, encoded >> 8];
}

function u32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, true);
  return bytes;
}

/** A JSON-RPC error answer. */
export class RpcFailure extends Error {
  override readonly name = "RpcFailure";
  readonly code: number;
  readonly data: unknown;

  constructor({ code, message, data }: { code: number; message: string; data?: unknown }) {
    super(message);
    this.code = code;
    this.data = data;
  }
}

/** A raw JSON-RPC client: nothing of a library between the test and the wire. */
export class RawClient implements AsyncDisposable {
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>();
  readonly #notifications = new Map<string, unknown[]>();
  #arrived = Promise.withResolvers<void>();
  #lastId = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.onmessage = ({ data }) => this.#receive(JSON.parse(String(data)));
  }

  static async connect(url: string): Promise<RawClient> {
    const socket = new WebSocket(url);
    const client = new RawClient(socket);
    await new Promise<void>((resolve, reject) => {
      socket.onopen = () => resolve();
      socket.onerror = () => reject(new Error(`Cannot connect to ${url}`));
    });
    return client;
  }

  /** Sends a call, by position or by name. @throws {RpcFailure} */
  call<T>(method: string, params?: unknown): Promise<T> {
    const id = ++this.#lastId;
    const answer = Promise.withResolvers<unknown>();
    this.#waiting.set(id, answer);
    this.#socket.send(JSON.stringify({ jsonrpc: "2.0", id, method, params }));
    return answer.promise as Promise<T>;
  }

  /** The next notification of a subscription. */
  async next<T>(subscription: string): Promise<T> {
    for (;;) {
      const found = this.#notifications.get(subscription)?.shift();
      if (found !== undefined) return found as T;
      await this.#arrived.promise;
    }
  }

  /** How many notifications of a subscription have come and wait to be read. */
  waiting(subscription: string): number {
    return this.#notifications.get(subscription)?.length ?? 0;
  }

  /** Resolves when the server has closed the connection. */
  async closed(): Promise<void> {
    if (this.#socket.readyState === WebSocket.CLOSED) return;
    await new Promise((resolve) => this.#socket.addEventListener("close", resolve, { once: true }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.close();
    await this.closed();
  }

  #receive(message: Record<string, unknown>): void {
    if (typeof message.id === "number") {
      const answer = this.#waiting.get(message.id);
      this.#waiting.delete(message.id);
      if (message.error !== undefined) {
        answer?.reject(new RpcFailure(message.error as { code: number; message: string }));
      } else answer?.resolve(message.result);
      return;
    }
    const { subscription, result } = message.params as { subscription: string; result: unknown };
    this.#notifications.set(subscription, [...this.#notifications.get(subscription) ?? [], result]);
    this.#arrived.resolve();
    this.#arrived = Promise.withResolvers();
  }
}
