/**
 * A job's line to the chain: one connection at a time, and the next endpoint when one fails in the middle.
 *
 * @module
 */

import { ChainError } from "../../chain/errors.ts";
import type { ChainConnection } from "../../chain/types.ts";
import type { Logger } from "../../lib/log.ts";

/** Connects to the first usable endpoint whose URL is not to be avoided. */
export type Connect = (avoid: ReadonlySet<string>) => Promise<ChainConnection>;

/**
 * Asks the chain. A connection is made when it is needed; a question that one endpoint fails to answer, although it
 * could be connected to, goes to the next one.
 */
export class Line implements AsyncDisposable {
  readonly #connect: Connect;
  readonly #log: Logger;
  readonly #noteFailure: (error: unknown) => void;
  /** URLs of endpoints that failed in this job. */
  readonly #failed = new Set<string>();
  #chain: ChainConnection | null = null;

  /**
   * @param connect rejects with `no-endpoint` when all are to be avoided.
   * @param noteFailure told why an endpoint is given up.
   */
  constructor(connect: Connect, log: Logger, noteFailure: (error: unknown) => void = () => {}) {
    this.#connect = connect;
    this.#log = log;
    this.#noteFailure = noteFailure;
  }

  /**
   * Asks one question, of as many endpoints as it takes.
   *
   * @throws {ChainError} of the first endpoint when none has an answer, and at once when asking again is of no use.
   */
  async ask<T>(question: (chain: ChainConnection) => Promise<T>): Promise<T> {
    let first: unknown;
    for (;;) {
      let chain: ChainConnection;
      try {
        chain = await this.#connected();
      } catch (error) {
        // The next question, of a job that waits for instance, may try them all again.
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

  /** Asks the endpoint that answers now, once: for what must not be done twice. */
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
