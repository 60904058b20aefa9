/**
 * Time that holds when the host's clock is set. Boards without a battery start in 1970, others keep local time, and both
 * step by hours when time synchronisation begins.
 *
 * @module
 */

/** Milliseconds since 1970. No clock that is set shows an earlier time than this: the program did not exist. */
export const EARLIEST_MS = Date.UTC(2020, 0);

/** A smaller difference is no step: the two clocks never agree to the millisecond. */
const LEAST_STEP_MS = 1_000;

/**
 * The host's clock, and a steady one beside it that no step reaches. Ages and delays are differences of steady times. A
 * steady time becomes one for people by {@link wallMs}, which also corrects times from before the clock was set.
 */
export class HostClock {
  readonly #nowMs: () => number;
  readonly #monotonicMs: () => number;
  readonly #originMs: number;
  #correctionMs = 0;

  /**
   * @param nowMs milliseconds since 1970.
   * @param monotonicMs milliseconds on a clock that never steps; it stands still while the host sleeps.
   */
  constructor(
    nowMs: () => number = () => Date.now(),
    monotonicMs: () => number = () => performance.now(),
  ) {
    this.#nowMs = nowMs;
    this.#monotonicMs = monotonicMs;
    this.#originMs = nowMs() - monotonicMs();
  }

  /** Milliseconds since 1970, as the host's clock would show if it had not been set since the start. Never goes back. */
  steadyMs(): number {
    return Math.round(this.#originMs + this.#monotonicMs());
  }

  /** How far the host's clock has been set ahead since the start, in milliseconds; negative: back. */
  get correctionMs(): number {
    const differenceMs = this.#nowMs() - this.steadyMs();
    if (Math.abs(differenceMs - this.#correctionMs) >= LEAST_STEP_MS) this.#correctionMs = differenceMs;
    return this.#correctionMs;
  }

  /** A steady time by the host's present clock, in milliseconds since 1970. */
  wallMs(steadyMs: number): number {
    return steadyMs + this.correctionMs;
  }
}

/** The clock of this process. */
export const hostClock = new HostClock();
