/**
 * A job's line to the chain: one connection at a time, with failover to the next endpoint.
 *
 * @module
 */

import { ChainError, slowError } from "../../chain/errors.ts";
import { type Attempt, hedge } from "../../chain/hedge.ts";
import type { ChainConnection } from "../../chain/types.ts";
import type { Logger } from "../../lib/log.ts";

/** Connects to the first usable endpoint whose URL is not in `avoid`. The signal ends the attempt and the connection. */
export type Connect = (avoid: ReadonlySet<string>, signal?: AbortSignal) => Promise<ChainConnection>;

/** An answer and the connection it came by. */
interface Answer<T> {
  readonly chain: ChainConnection;
  readonly value: T;
}

/**
 * Asks the chain. It connects on demand. When an endpoint fails to answer a question, it asks the next one; when an answer
 * takes long, it asks the next one, too, and stays with the one that answers first.
 */
export class Line implements AsyncDisposable {
  readonly #connect: Connect;
  readonly #log: Logger;
  readonly #noteFailure: (error: unknown) => void;
  /** URLs of the endpoints that failed in this job. */
  readonly #failed = new Set<string>();
  #chain: ChainConnection | null = null;
  /** Attempts that another endpoint has beaten. */
  #beaten: Promise<unknown> = Promise.resolve();

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
   * Asks a question, trying further endpoints when one fails or is slow. A question may be put to several.
   *
   * @throws {ChainError} that of the first endpoint if none answers; at once if the error is not retryable.
   */
  async ask<T>(question: (chain: ChainConnection) => Promise<T>): Promise<T> {
    const inUse = new Set<string>();
    let firstError: unknown;
    let connectError: unknown;
    const attempt: Attempt<Answer<T>> = async ({ signal: beaten, stalled }) => {
      let chain: ChainConnection;
      try {
        chain = inUse.size === 0
          ? await this.#connected()
          : await this.#connect(this.#failed.union(inUse), beaten);
      } catch (error) {
        if (!beaten.aborted) connectError = error;
        return null;
      }
      inUse.add(chain.url);
      let hasStalled = false;
      const stopWatching = chain.watchStalls(() => {
        hasStalled = true;
        stalled();
      });
      beaten.addEventListener("abort", () => {
        if (hasStalled) this.#noteFailed(chain, slowError(chain.endpoint));
      });
      try {
        return { chain, value: await unlessAborted(beaten, question(chain)) };
      } catch (error) {
        const isBeaten = beaten.aborted;
        await this.#leave(chain);
        if (isBeaten) return null;
        if (!(error instanceof ChainError) || !error.retryable) throw error;
        firstError ??= error;
        this.#noteFailed(chain, error);
        return null;
      } finally {
        stopWatching();
      }
    };
    const attempts = function* (): Iterable<Attempt<Answer<T>>> {
      while (connectError === undefined) yield attempt;
    };
    const found = await hedge(attempts());
    if (found === null) {
      // The next question may try all endpoints again, for example in a job that waits.
      this.#failed.clear();
      throw firstError ?? connectError;
    }
    this.#chain = found.value.chain;
    this.#beaten = Promise.all([this.#beaten, found.othersEnded]);
    return found.value.value;
  }

  /** Asks only the current endpoint: for requests that must not be repeated. */
  async askOnce<T>(question: (chain: ChainConnection) => Promise<T>): Promise<T> {
    return await question(await this.#connected());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#chain?.close(), this.#beaten]);
    this.#chain = null;
  }

  async #connected(): Promise<ChainConnection> {
    this.#chain ??= await this.#connect(this.#failed);
    return this.#chain;
  }

  async #leave(chain: ChainConnection): Promise<void> {
    if (this.#chain === chain) this.#chain = null;
    await chain.close();
  }

  #noteFailed(chain: ChainConnection, error: ChainError): void {
    this.#failed.add(chain.url);
    this.#noteFailure(error);
    this.#log.warning("Endpoint failed", {
      endpoint: chain.endpoint,
      kind: error.kind,
      error: error.message,
    });
  }
}

/** Waits for the work until the signal aborts. @throws the signal's reason, or what the work rejects with. */
async function unlessAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const onAbort = (): void => aborted.reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.race([work, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
