/**
 * Follows the chain's best head in the main thread, so that a new window is seen when its first block appears.
 *
 * It is a convenience: without it everything still happens, at the next tick.
 *
 * @module
 */

import { ChainError, type ChainErrorKind, type EndpointFailure, endpointFailureOf } from "../chain/errors.ts";
import { type JsonRpcConnection, openJsonRpc } from "../chain/json_rpc.ts";
import type { Logger } from "../lib/log.ts";

const CONNECT_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 10_000;
/** A node that has announced no block for so long has lost the chain; another one may not have. */
const SILENCE_MS = 90_000;
const FIRST_RETRY_MS = 1_000;
const LAST_RETRY_MS = 30_000;

/** Which chain is followed. */
export interface WatchedNetwork {
  /** URLs, taken in turn. */
  readonly endpoints: readonly string[];
  /** `undefined`: any chain. */
  readonly expectedGenesisHash: string | undefined;
}

/** Options of {@link HeadWatcher}. */
export interface HeadWatcherOptions {
  readonly log: Logger;
  /** Called for every new best head; a reorganisation may bring a lower number. */
  readonly onHead: (blockNumber: number, endpoint: string) => void;
  /** Called when a node could not be followed, or not any more. */
  readonly onFailure?: (failure: EndpointFailure) => void;
}

/** A subscription to new heads that mends itself. */
export class HeadWatcher {
  readonly #options: HeadWatcherOptions;
  #network: WatchedNetwork | null = null;
  #stop: AbortController | null = null;
  #connection: JsonRpcConnection | null = null;
  #following: Promise<void> = Promise.resolve();
  #headNumber: number | null = null;

  constructor(options: HeadWatcherOptions) {
    this.#options = options;
  }

  /** The best head that was announced last; `null` while there is no connection. */
  get headNumber(): number | null {
    return this.#connection === null ? null : this.#headNumber;
  }

  /** Follows this chain from now on; nothing happens when it is the one already. */
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
   * Asks the node that is followed.
   *
   * @throws {import("../chain/errors.ts").ChainError} when it does not answer, or none is followed.
   */
  async ask(method: string, params: readonly unknown[]): Promise<unknown> {
    if (this.#connection === null) {
      throw new Error(`Cannot ask for ${method}: no node is followed at the moment`);
    }
    return await this.#connection.request(method, params);
  }

  /** Ends it. */
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
          `its genesis hash is ${String(genesisHash)}, another chain's`,
        );
      }
      const { endpoint: label } = connection;
      const ended = Promise.withResolvers<never>();
      const listen = (): void => {
        clearTimeout(silence);
        silence = setTimeout(
          () => ended.reject(headFailure(label, "stale-head", "it announces no blocks any more")),
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
      // At level debug: the jobs meet the same node and say what it means.
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
  const message = `Cannot follow the head of ${endpoint}: ${why}; the next endpoint is tried`;
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
