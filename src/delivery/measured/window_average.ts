/**
 * The time-weighted average of the hashrate delivered in a window. Pure.
 *
 * @module
 */

/** The interval between readings. */
export const SAMPLE_INTERVAL_MS = 20_000;
/** A reading counts for at most this long: after a longer gap the host was suspended. */
const MAX_SPAN_MS = 3 * SAMPLE_INTERVAL_MS;

/** One reading. */
export interface DeliverySample {
  /** Milliseconds on a clock that never steps. */
  readonly atMs: number;
  /** `null` if it could not be read. */
  readonly deliveredPh: number | null;
}

/** The figures of a window so far. */
export interface DeliveryFigures {
  /** The average over the measured time; `null` if nothing was measured. */
  readonly averagePh: number | null;
  readonly measuredSeconds: number;
  readonly elapsedSeconds: number;
}

/** Accumulates the readings of one window. */
export class WindowAverage {
  #lastMs: number;
  #measuredMs = 0;
  /** PH/s × ms. */
  #sum = 0;

  /** @param startMs milliseconds on a clock that never steps. */
  constructor(readonly startMs: number) {
    this.#lastMs = startMs;
  }

  /** Adds a reading, which counts for the time since the previous one or the start. */
  add({ atMs, deliveredPh }: DeliverySample): void {
    const spanMs = Math.min(atMs - this.#lastMs, MAX_SPAN_MS);
    this.skipTo(atMs);
    if (deliveredPh === null) return;
    this.#measuredMs += spanMs;
    this.#sum += deliveredPh * spanMs;
  }

  /** Skips the time since the last reading. */
  skipTo(atMs: number): void {
    this.#lastMs = atMs;
  }

  /** The figures at this moment. */
  report(nowMs: number): DeliveryFigures {
    return {
      averagePh: this.#measuredMs === 0 ? null : this.#sum / this.#measuredMs,
      measuredSeconds: this.#measuredMs / 1000,
      elapsedSeconds: (nowMs - this.startMs) / 1000,
    };
  }
}
