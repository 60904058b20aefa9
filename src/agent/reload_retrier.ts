/**
 * Reloads that could not be given are tried again soon, not only at the next auction.
 *
 * @module
 */

const FIRST_DELAY_MS = 2_000;
const MAX_DELAY_MS = 60_000;

/** Waits 2 s before the first retry, twice as long before each further one, and at most a minute. */
export class ReloadRetrier {
  readonly #retry: () => void;
  #timer: number | undefined;
  #delayMs = FIRST_DELAY_MS;
  #stopped = false;

  /** @param retry tries again and then calls {@link note} with what came of it. */
  constructor(retry: () => void) {
    this.#retry = retry;
  }

  /** Takes notice of how the reloads stand. */
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

  /** No more retries. */
  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }
}
