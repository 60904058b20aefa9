/**
 * Reading all that says what is delivered: at once, each for so long at most, and with what failed in the log.
 *
 * @module
 */

import { asError } from "../../lib/errors.ts";
import { FailureLog } from "../../lib/failure_log.ts";
import type { Logger } from "../../lib/log.ts";

/** A source that says nothing else about it is given so long. */
export const SOURCE_TIMEOUT_MS = 5_000;

/** Something that says what is delivered: a proxy's metric, or the ASICs themselves. */
export interface DeliverySource {
  /**
   * Of what it reads: another object with an equal key reads the same, if by other settings, so that reading goes on in
   * its rhythm. Never shown, so it may hold credentials.
   */
  readonly key: string;
  /** What it is called in the log. */
  readonly name: string;
  /** How long one reading may take. @default {@linkcode SOURCE_TIMEOUT_MS} */
  readonly timeoutMs?: number;
  /**
   * What is delivered at the moment, in PH/s. Rejects with a message that can be shown when that cannot be told.
   *
   * @param signal aborted when the answer is no longer waited for.
   */
  read(signal: AbortSignal): Promise<number>;
}

/** What waits. By default the global timers; tests have their own. */
export interface Timers {
  readonly setTimer: (callback: () => void, delayMs: number) => number;
  readonly clearTimer: (timer: number) => void;
}

/** What all sources together say. */
export interface Reading {
  /** Their sum in PH/s; `null` when one of them could not be read. */
  readonly deliveredPh: number | null;
  /** Why sources could not be read. */
  readonly errors: readonly string[];
}

/** Reads sources. */
export class SourceReader {
  readonly #log: Logger;
  readonly #failures: FailureLog;
  readonly #timers: Timers;
  /** Keys of sources that were given up and have not ended yet. */
  readonly #busy = new Set<string>();

  constructor({ log, nowMs, timers }: { log: Logger; nowMs: () => number; timers: Timers }) {
    this.#log = log;
    this.#failures = new FailureLog(nowMs);
    this.#timers = timers;
  }

  /**
   * Reads the sources, all at once. Never rejects for what they do.
   *
   * @param signal ends it; the answer means nothing then.
   */
  async read(sources: readonly DeliverySource[], signal: AbortSignal): Promise<Reading> {
    const readings = await Promise.all(sources.map((source) => this.#tryToRead(source, signal)));
    const errors = readings.flatMap((reading) => typeof reading === "string" ? [reading] : []);
    const deliveredPh = readings.reduce<number>(
      (sumPh, reading) => typeof reading === "string" ? sumPh : sumPh + reading,
      0,
    );
    return { deliveredPh: errors.length > 0 ? null : deliveredPh, errors };
  }

  /** The reading in PH/s, or why there is none. */
  async #tryToRead(source: DeliverySource, signal: AbortSignal): Promise<number | string> {
    const { key, name } = source;
    try {
      const hashratePh = await this.#readInTime(source, signal);
      if (!Number.isFinite(hashratePh) || hashratePh < 0) {
        throw new Error(
          `Cannot use what ${name} says: ${hashratePh} PH/s is no hashrate; check what it measures`,
        );
      }
      this.#failures.succeeded(this.#log, key, "Delivery can be read again", { source: name });
      return hashratePh;
    } catch (error) {
      const { message } = asError(error);
      if (!signal.aborted) {
        this.#failures.failed(this.#log, key, "Cannot read what is delivered", message, { source: name });
      }
      return message;
    }
  }

  async #readInTime(source: DeliverySource, signal: AbortSignal): Promise<number> {
    const { key, name, timeoutMs = SOURCE_TIMEOUT_MS } = source;
    if (this.#busy.has(key)) {
      throw new Error(`Cannot read ${name}: an earlier reading has not ended; check whether it hangs`);
    }
    signal.throwIfAborted();
    const patience = new AbortController();
    // Not every source heeds a signal at once, so it is not left to the source when to go on without it.
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
    const reading = this.#untilItEnds(source, patience.signal);
    try {
      return await Promise.race([reading, givenUp.promise]);
    } finally {
      this.#timers.clearTimer(timer);
      signal.removeEventListener("abort", onAbort);
    }
  }

  async #untilItEnds(source: DeliverySource, signal: AbortSignal): Promise<number> {
    try {
      return await source.read(signal);
    } finally {
      this.#busy.delete(source.key);
    }
  }
}
