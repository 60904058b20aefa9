/**
 * Follows the chain's best head in the main thread, so that a new window is noticed at its first block.
 *
 * Without it everything still works, but only at the next tick.
 *
 * @module
 */

import { headerNumber } from "../chain/block_header.ts";
import { HEDGE_AFTER_MS } from "../chain/hedge.ts";
import { ChainError, type ChainErrorKind, type EndpointFailure, endpointFailureOf } from "../chain/errors.ts";
import { type JsonRpcConnection, openJsonRpc } from "../chain/json_rpc.ts";
import type { Logger } from "../lib/log.ts";

/** For the handshake and each answer, when no other endpoint is left to try. */
const PATIENT_MS = 10_000;
/** Blocks come every 12 s: a node that announces none for this long is asked for its head. */
const QUIET_MS = 13_000;
/** A node that announces no block for this long is given up for the next one. */
const SILENCE_MS = 90_000;
const FIRST_RETRY_MS = 1_000;
const LAST_RETRY_MS = 30_000;
/** How many connections to a hanging endpoint may wait to be closed before it is tried again. */
const MAX_CLOSING = 3;

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
  /** Puts the better endpoints first. @default as configured */
  readonly order?: (endpoints: readonly string[]) => readonly string[];
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
  /** How many connections to each endpoint have been closed and are not yet gone. */
  readonly #closing = new Map<string, number>();

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
    const { order = (list: readonly string[]) => list } = this.#options;
    const isLast = endpoints.length === 1;
    let retryMs = FIRST_RETRY_MS;
    /** Those that failed since a head was seen; the next one is tried at once until all have. */
    const failed = new Set<string>();
    while (!signal.aborted) {
      const endpoint = order(endpoints).find((candidate) => !failed.has(candidate))!;
      const isPatient = isLast || failed.size === endpoints.length - 1;
      const heads = await this.#followEndpoint(endpoint, expectedGenesisHash, isPatient, signal);
      if (signal.aborted) return;
      if (heads > 0) {
        failed.clear();
        retryMs = FIRST_RETRY_MS;
      }
      failed.add(endpoint);
      if (failed.size < endpoints.length) continue;
      failed.clear();
      await pause(retryMs, signal);
      retryMs = Math.min(retryMs * 2, LAST_RETRY_MS);
    }
  }

  /** Follows one node until it fails; returns how many heads it announced. */
  async #followEndpoint(
    endpoint: string,
    expectedGenesisHash: string | undefined,
    isPatient: boolean,
    signal: AbortSignal,
  ): Promise<number> {
    if ((this.#closing.get(endpoint) ?? 0) >= MAX_CLOSING) return 0;
    const timeoutMs = isPatient ? PATIENT_MS : HEDGE_AFTER_MS;
    const { log, onHead, onFailure } = this.#options;
    let heads = 0;
    let connection: JsonRpcConnection | null = null;
    let silence: number | undefined;
    let quiet: number | undefined;
    try {
      connection = await openJsonRpc({
        endpoint,
        connectTimeoutMs: timeoutMs,
        requestTimeoutMs: timeoutMs,
        signal,
      });
      const genesisHash = await connection.request("chain_getBlockHash", [0]);
      if (expectedGenesisHash !== undefined && genesisHash !== expectedGenesisHash) {
        throw headFailure(
          connection.endpoint,
          "wrong-genesis",
          "its genesis hash is that of another chain",
        );
      }
      const { endpoint: label } = connection;
      const open = connection;
      const ended = Promise.withResolvers<never>();
      this.#giveUp = ended.reject;
      const listen = (): void => {
        clearTimeout(silence);
        silence = setTimeout(
          () => ended.reject(headFailure(label, "stale-head", "it no longer announces blocks")),
          SILENCE_MS,
        );
        askLater();
      };
      /** Asks a node that is silent: it may hang, or have lost the subscription. */
      const askLater = (): void => {
        clearTimeout(quiet);
        quiet = setTimeout(
          () =>
            open.request("chain_getHeader").then((header) => {
              if (headerNumber(header) === this.#headNumber) askLater();
              else note(header);
            }).catch(ended.reject),
          QUIET_MS,
        );
      };
      const note = (header: unknown): void => {
        const number = headerNumber(header);
        if (number === null || signal.aborted) return;
        heads++;
        this.#headNumber = number;
        listen();
        onHead(number, label);
      };
      await connection.subscribe("chain_subscribeNewHeads", "chain_unsubscribeNewHeads", [], {
        onMessage: note,
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
      clearTimeout(quiet);
      this.#connection = null;
      this.#headNumber = null;
      if (connection !== null) await this.#close(endpoint, connection);
    }
    return heads;
  }

  async #close(endpoint: string, connection: JsonRpcConnection): Promise<void> {
    const note = (change: 1 | -1): void =>
      void this.#closing.set(endpoint, (this.#closing.get(endpoint) ?? 0) + change);
    note(1);
    connection.gone.then(() => note(-1));
    await connection.close();
  }
}

function headFailure(endpoint: string, kind: ChainErrorKind, why: string): ChainError {
  const message = `Cannot follow the head of ${endpoint}: ${why}; trying the next endpoint`;
  return new ChainError(message, { kind, endpoint, retryable: true });
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
