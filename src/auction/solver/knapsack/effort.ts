/**
 * How much time and memory an exact search may use before it gives up and reports so.
 *
 * @module
 */

/** Limits of one solve; `now` is injected so that tests need not wait. */
export interface EffortOptions {
  /** Time for the whole solve, in milliseconds. */
  readonly timeLimitMs: number;
  /** How many states one table or list may hold: the bound on memory. */
  readonly stateLimit: number;
  /** A monotonic clock in milliseconds. */
  readonly now: () => number;
}

/** A running time budget; `stateLimit` is only passed along. */
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

  /** A budget with the same deadline and at most `stateLimit` states. */
  withStateLimit(stateLimit: number): Effort {
    return new Effort({
      timeLimitMs: Math.max(0, this.#deadline - this.#now()),
      stateLimit: Math.min(stateLimit, this.stateLimit),
      now: this.#now,
    });
  }
}
