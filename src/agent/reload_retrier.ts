/**
 * Retries pending reloads soon, instead of only at the next auction.
 *
 * @module
 */

const FIRST_DELAY_MS = 2_000;
const MAX_DELAY_MS = 60_000;

/** Waits 2 s before the first retry, then twice as long each time, up to a minute. */
export class ReloadRetrier {
  readonly #retry: () => void;
  #timer: number | undefined;
  #delayMs = FIRST_DELAY_MS;
  #stopped = false;

  /** @param retry retries the reloads and then calls {@link note}. */
  constructor(retry: () => void) {
    this.#retry = retry;
  }

  /** Schedules a retry if a reload is pending. */
  note(isPending: boolean): void {
    if (!isPending) {
      clearTimeout(this.#timer);
      this.#timer = undefined;
      this.#delayMs = FIRST_DELAY_MS;
      return;
    }
    if (this.#timer !== undefined || this.#stopped) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#retry();
    }, this.#delayMs);
    this.#delayMs = Math.min(this.#delayMs * 2, MAX_DELAY_MS);
  }

  /** Stops retrying. */
  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }
}
