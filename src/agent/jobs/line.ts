/**
 * A job's line to the chain: one connection at a time, with failover to the next endpoint.
 *
 * @module
 */

import { ChainError } from "../../chain/errors.ts";
import type { ChainConnection } from "../../chain/types.ts";
import type { Logger } from "../../lib/log.ts";

/** Connects to the first usable endpoint whose URL is not in `avoid`. */
export type Connect = (avoid: ReadonlySet<string>) => Promise<ChainConnection>;

/**
 * Asks the chain. It connects on demand; when an endpoint fails to answer a question, it asks the next one.
 */
export class Line implements AsyncDisposable {
  readonly #connect: Connect;
  readonly #log: Logger;
  readonly #noteFailure: (error: unknown) => void;
  /** URLs of the endpoints that failed in this job. */
  readonly #failed = new Set<string>();
  #chain: ChainConnection | null = null;

  /**
   * @param connect rejects with `no-endpoint` if all endpoints are to be avoided.
   * @param noteFailure called with the reason why an endpoint is given up.
   */
  constructor(connect: Connect, log: Logger, noteFailure: (error: unknown) => void = () => {}) {
    this.#connect = connect;
    this.#log = log;
    this.#noteFailure = noteFailure;
  }

  /**
   * Asks a question, trying further endpoints when one fails.
   *
   * @throws {ChainError} that of the first endpoint if none answers; at once if the error is not retryable.
   */
  async ask<T>(question: (chain: ChainConnection) => Promise<T>): Promise<T> {
    let first: unknown;
    for (;;) {
      let chain: ChainConnection;
      try {
        chain = await this.#connected();
      } catch (error) {
        // The next question may try all endpoints again, for example in a job that waits.
        this.#failed.clear();
        throw first ?? error;
      }
      try {
        return await question(chain);
      } catch (error) {
        await this[Symbol.asyncDispose]();
        if (!(error instanceof ChainError) || !error.retryable) throw error;
        first ??= error;
        this.#failed.add(chain.url);
        this.#noteFailure(error);
        this.#log.warning("Endpoint failed", {
          endpoint: chain.endpoint,
          kind: error.kind,
          error: error.message,
        });
      }
    }
  }

  /** Asks only the current endpoint: for requests that must not be repeated. */
  async askOnce<T>(question: (chain: ChainConnection) => Promise<T>): Promise<T> {
    return await question(await this.#connected());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const chain = this.#chain;
    this.#chain = null;
    await chain?.close();
  }

  async #connected(): Promise<ChainConnection> {
    this.#chain ??= await this.#connect(this.#failed);
    return this.#chain;
  }
}
