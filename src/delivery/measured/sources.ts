/**
 * Reads all sources of the delivered or credited hashrate at once, each with a timeout, and logs failures.
 *
 * @module
 */

import { asError } from "../../lib/errors.ts";
import { FailureLog } from "../../lib/failure_log.ts";
import type { Logger } from "../../lib/log.ts";

/** The default timeout of a source. */
export const SOURCE_TIMEOUT_MS = 5_000;

/** A span of time, in milliseconds since 1970. */
export interface Span {
  readonly startMs: number;
  readonly endMs: number;
}

/** A source of hashrates. */
export interface Source<Reading> {
  /**
   * Identifies what the source reads: an object with an equal key reads the same, possibly with other settings, so that
   * readings continue. Never shown, so it may contain credentials.
   */
  readonly key: string;
  /** The name in the log. */
  readonly name: string;
  /** How long one reading may take. @default {@linkcode SOURCE_TIMEOUT_MS} */
  readonly timeoutMs?: number;
  /**
   * Rejects with a message without secrets.
   *
   * @param signal aborts when nothing waits for the result any more.
   * @param span what to average over, where a source can.
   */
  read(signal: AbortSignal, span: Span): Promise<Reading>;
}

/** A source of the hashrate delivered now, in PH/s: a proxy's metric, or the ASICs. */
export type DeliverySource = Source<number>;

/** The timers; replaced in tests. */
export interface Timers {
  readonly setTimer: (callback: () => void, delayMs: number) => number;
  readonly clearTimer: (timer: number) => void;
}

/** The result of reading all sources of one kind. */
export interface Readings<Reading> {
  /** One per source; `null` if one of them could not be read. */
  readonly values: readonly Reading[] | null;
  /** Why sources could not be read. */
  readonly errors: readonly string[];
}

/** Reads sources. */
export class SourceReader {
  readonly #log: Logger;
  readonly #failures: FailureLog;
  readonly #timers: Timers;
  /** Keys of sources that timed out and have not ended yet. */
  readonly #busy = new Set<string>();

  constructor({ log, nowMs, timers }: { log: Logger; nowMs: () => number; timers: Timers }) {
    this.#log = log;
    this.#failures = new FailureLog(nowMs);
    this.#timers = timers;
  }

  /**
   * Reads the sources, all at once. Never rejects because of a source.
   *
   * @param signal ends the reading; its result is meaningless then.
   */
  async read<Reading>(
    sources: readonly Source<Reading>[],
    span: Span,
    signal: AbortSignal,
  ): Promise<Readings<Reading>> {
    const attempts = await Promise.all(sources.map((source) => this.#tryToRead(source, span, signal)));
    const errors = attempts.flatMap((attempt) => "error" in attempt ? [attempt.error] : []);
    const values = attempts.flatMap((attempt) => "value" in attempt ? [attempt.value] : []);
    return { values: errors.length > 0 ? null : values, errors };
  }

  /** Returns the reading, or the reason of its failure. */
  async #tryToRead<Reading>(
    source: Source<Reading>,
    span: Span,
    signal: AbortSignal,
  ): Promise<{ readonly value: Reading } | { readonly error: string }> {
    const { key, name } = source;
    try {
      const value = await this.#readInTime(source, span, signal);
      if (typeof value === "number" && !(Number.isFinite(value) && value >= 0)) {
        throw new Error(
          `Cannot use the figure of ${name}: ${value} PH/s is not a hashrate; check what it measures`,
        );
      }
      this.#failures.succeeded(this.#log, key, "Delivery can be read again", { source: name });
      return { value };
    } catch (error) {
      const { message } = asError(error);
      if (!signal.aborted) {
        this.#failures.failed(this.#log, key, "Cannot read what is delivered", message, { source: name });
      }
      return { error: message };
    }
  }

  async #readInTime<Reading>(
    source: Source<Reading>,
    span: Span,
    signal: AbortSignal,
  ): Promise<Reading> {
    const { key, name, timeoutMs = SOURCE_TIMEOUT_MS } = source;
    if (this.#busy.has(key)) {
      throw new Error(`Cannot read ${name}: an earlier reading has not ended; check whether it hangs`);
    }
    signal.throwIfAborted();
    const patience = new AbortController();
    // Not every source reacts to a signal at once, so the reading does not depend on that.
    const givenUp = Promise.withResolvers<never>();
    const giveUp = (reason: unknown): void => {
      givenUp.reject(reason);
      patience.abort(reason);
    };
    const onAbort = (): void => giveUp(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    const timer = this.#timers.setTimer(() => {
      const seconds = timeoutMs / 1000;
      giveUp(
        new Error(`Cannot read ${name}: no answer within ${seconds} s; check that it runs and is reachable`),
      );
    }, timeoutMs);
    this.#busy.add(key);
    const reading = this.#untilItEnds(source, span, patience.signal);
    try {
      return await Promise.race([reading, givenUp.promise]);
    } finally {
      this.#timers.clearTimer(timer);
      signal.removeEventListener("abort", onAbort);
    }
  }

  async #untilItEnds<Reading>(
    source: Source<Reading>,
    span: Span,
    signal: AbortSignal,
  ): Promise<Reading> {
    try {
      return await source.read(signal, span);
    } finally {
      this.#busy.delete(source.key);
    }
  }
}
