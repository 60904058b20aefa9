/**
 * Follows the chain's best head in the main thread, so that a new window is noticed at its first block.
 *
 * Without it everything still works, but only at the next tick.
 *
 * @module
 */

import { ChainError, type ChainErrorKind, type EndpointFailure, endpointFailureOf } from "../chain/errors.ts";
import { type JsonRpcConnection, openJsonRpc } from "../chain/json_rpc.ts";
import type { Logger } from "../lib/log.ts";

const CONNECT_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 10_000;
/** A node that announces no block for this long is given up for the next one. */
const SILENCE_MS = 90_000;
const FIRST_RETRY_MS = 1_000;
const LAST_RETRY_MS = 30_000;

/** The chain to follow. */
export interface WatchedNetwork {
  /** URLs, tried in turn. */
  readonly endpoints: readonly string[];
  /** `undefined` accepts any chain. */
  readonly expectedGenesisHash: string | undefined;
}

/** Options of {@link HeadWatcher}. */
export interface HeadWatcherOptions {
  readonly log: Logger;
  /** Called for every new best head; a reorganisation may bring a lower number. */
  readonly onHead: (blockNumber: number, endpoint: string) => void;
  /** Called when a node cannot be followed, or fails later. */
  readonly onFailure?: (failure: EndpointFailure) => void;
}

/** A subscription to new heads that reconnects by itself. */
export class HeadWatcher {
  readonly #options: HeadWatcherOptions;
  #network: WatchedNetwork | null = null;
  #stop: AbortController | null = null;
  #connection: JsonRpcConnection | null = null;
  #following: Promise<void> = Promise.resolve();
  #headNumber: number | null = null;
  /** Gives the followed node up. */
  #giveUp: (reason: ChainError) => void = () => {};

  constructor(options: HeadWatcherOptions) {
    this.#options = options;
  }

  /** The last announced best head; `null` while there is no connection. */
  get headNumber(): number | null {
    return this.#connection === null ? null : this.#headNumber;
  }

  /** Follows this chain from now on, if it does not already. */
  follow(network: WatchedNetwork): void {
    if (JSON.stringify(network) === JSON.stringify(this.#network)) return;
    this.#network = network;
    this.#stop?.abort();
    const stop = new AbortController();
    this.#stop = stop;
    const previous = this.#following;
    this.#following = previous.then(() => this.#keepFollowing(network, stop.signal));
  }

  /**
   * Asks the followed node.
   *
   * @throws {import("../chain/errors.ts").ChainError} if it does not answer.
   * @throws {Error} if no node is followed.
   */
  async ask(method: string, params: readonly unknown[]): Promise<unknown> {
    if (this.#connection === null) {
      throw new Error(`Cannot ask for ${method}: no node is followed at the moment`);
    }
    return await this.#connection.request(method, params);
  }

  /** Gives up the followed node for the next one, because its head does not fit to another one's. */
  passOver(): void {
    const { endpoint } = this.#connection ?? {};
    if (endpoint === undefined) return;
    this.#giveUp(headFailure(endpoint, "stale-head", "its head is far from that of the last run"));
  }

  /** Stops following. */
  async stop(): Promise<void> {
    this.#stop?.abort();
    await this.#following;
  }

  async #keepFollowing(
    { endpoints, expectedGenesisHash }: WatchedNetwork,
    signal: AbortSignal,
  ): Promise<void> {
    let retryMs = FIRST_RETRY_MS;
    for (let turn = 0; !signal.aborted; turn++) {
      const endpoint = endpoints[turn % endpoints.length]!;
      const heads = await this.#followEndpoint(endpoint, expectedGenesisHash, signal);
      if (signal.aborted) return;
      retryMs = heads > 0 ? FIRST_RETRY_MS : Math.min(retryMs * 2, LAST_RETRY_MS);
      await pause(retryMs, signal);
    }
  }

  /** Follows one node until it fails; returns how many heads it announced. */
  async #followEndpoint(
    endpoint: string,
    expectedGenesisHash: string | undefined,
    signal: AbortSignal,
  ): Promise<number> {
    const { log, onHead, onFailure } = this.#options;
    let heads = 0;
    let connection: JsonRpcConnection | null = null;
    let silence: number | undefined;
    try {
      connection = await openJsonRpc({
        endpoint,
        connectTimeoutMs: CONNECT_TIMEOUT_MS,
        requestTimeoutMs: REQUEST_TIMEOUT_MS,
        signal,
      });
      const genesisHash = await connection.request("chain_getBlockHash", [0]);
      if (expectedGenesisHash !== undefined && genesisHash !== expectedGenesisHash) {
        throw headFailure(
          connection.endpoint,
          "wrong-genesis",
          `its genesis hash is ${String(genesisHash)}, that of another chain`,
        );
      }
      const { endpoint: label } = connection;
      const ended = Promise.withResolvers<never>();
      this.#giveUp = ended.reject;
      const listen = (): void => {
        clearTimeout(silence);
        silence = setTimeout(
          () => ended.reject(headFailure(label, "stale-head", "it no longer announces blocks")),
          SILENCE_MS,
        );
      };
      await connection.subscribe("chain_subscribeNewHeads", "chain_unsubscribeNewHeads", [], {
        onMessage: (header) => {
          const number = blockNumberOf(header);
          if (number === null || signal.aborted) return;
          heads++;
          this.#headNumber = number;
          listen();
          onHead(number, label);
        },
        onEnd: (error) => ended.reject(error),
      });
      listen();
      this.#connection = connection;
      log.debug("Following the head", { endpoint: connection.endpoint });
      await ended.promise;
    } catch (error) {
      // Only at level debug: the jobs use the same node and report its failure.
      if (!signal.aborted) {
        log.debug("Cannot follow the head", { endpoint: connection?.endpoint, error });
        const failure = endpointFailureOf(error);
        if (failure !== null) onFailure?.(failure);
      }
    } finally {
      clearTimeout(silence);
      this.#connection = null;
      this.#headNumber = null;
      await connection?.close();
    }
    return heads;
  }
}

function headFailure(endpoint: string, kind: ChainErrorKind, why: string): ChainError {
  const message = `Cannot follow the head of ${endpoint}: ${why}; trying the next endpoint`;
  return new ChainError(message, { kind, endpoint, retryable: true });
}

function blockNumberOf(header: unknown): number | null {
  if (typeof header !== "object" || header === null || !("number" in header)) return null;
  const number = Number(header.number);
  return Number.isSafeInteger(number) && number >= 0 ? number : null;
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done, { once: true });
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    }
  });
}
