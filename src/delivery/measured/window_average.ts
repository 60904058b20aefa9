/**
 * The mean of what was delivered in a window, weighted by time. Pure: reads no clock.
 *
 * @module
 */

/** Readings are taken so often. */
export const SAMPLE_INTERVAL_MS = 20_000;
/** One reading stands for no longer than this: before that the host was suspended, and nobody knows. */
const MAX_SPAN_MS = 3 * SAMPLE_INTERVAL_MS;

/** One reading. */
export interface DeliverySample {
  /** Milliseconds since 1970, as in the other samples; not before the last one. */
  readonly atMs: number;
  /** PH/s; `null`: it could not be read. */
  readonly deliveredPh: number | null;
}

/** What is known of a window so far. */
export interface DeliveryFigures {
  /** PH/s, the mean over the measured time; `null` when nothing was measured. */
  readonly averagePh: number | null;
  /** For how long readings stand. */
  readonly measuredSeconds: number;
  /** Since the start. */
  readonly elapsedSeconds: number;
}

/** Adds up the readings of one window. */
export class WindowAverage {
  #lastMs: number;
  #measuredMs = 0;
  /** Of PH/s × ms. */
  #sum = 0;

  /** @param startMs milliseconds since 1970. */
  constructor(readonly startMs: number) {
    this.#lastMs = startMs;
  }

  /** Takes a reading, which stands for the time since the one before it, or since the start. */
  add({ atMs, deliveredPh }: DeliverySample): void {
    // A clock that was set back measures nothing.
    const spanMs = Math.min(Math.max(0, atMs - this.#lastMs), MAX_SPAN_MS);
    this.skipTo(atMs);
    if (deliveredPh === null) return;
    this.#measuredMs += spanMs;
    this.#sum += deliveredPh * spanMs;
  }

  /** The time from the last reading until then is not measured. */
  skipTo(atMs: number): void {
    this.#lastMs = atMs;
  }

  /** The figures at this moment. */
  report(nowMs: number): DeliveryFigures {
    return {
      averagePh: this.#measuredMs === 0 ? null : this.#sum / this.#measuredMs,
      measuredSeconds: this.#measuredMs / 1000,
      elapsedSeconds: Math.max(0, nowMs - this.startMs) / 1000,
    };
  }
}
