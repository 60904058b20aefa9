/**
 * How much an exact search may spend before it gives up and says so.
 *
 * @module
 */

/** Limits of one solve; `now` is injected so that tests need not wait. */
export interface EffortOptions {
  /** Time for everything together, in milliseconds. */
  readonly timeLimitMs: number;
  /** States one table or list may hold: the bound on memory. */
  readonly stateLimit: number;
  /** A monotonic clock in milliseconds. */
  readonly now: () => number;
}

/** A running budget of time; `stateLimit` is only carried along. */
export class Effort {
  readonly stateLimit: number;
  readonly #now: () => number;
  readonly #deadline: number;

  constructor(options: EffortOptions) {
    this.stateLimit = options.stateLimit;
    this.#now = options.now;
    this.#deadline = options.now() + options.timeLimitMs;
  }

  /** True once the time is up. */
  isSpent(): boolean {
    return this.#now() >= this.#deadline;
  }

  /** The same deadline with at most `stateLimit` states. */
  withStateLimit(stateLimit: number): Effort {
    return new Effort({
      timeLimitMs: Math.max(0, this.#deadline - this.#now()),
      stateLimit: Math.min(stateLimit, this.stateLimit),
      now: this.#now,
    });
  }
}
