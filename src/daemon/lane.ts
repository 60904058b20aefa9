/**
 * One run after the other.
 *
 * @module
 */

/** Lets one run go on at a time; what comes meanwhile is refused, not queued. */
export class Lane {
  #running: Promise<void> | null = null;

  /** Whether a run is under way. */
  get isBusy(): boolean {
    return this.#running !== null;
  }

  /** Starts a run unless one is under way; says whether it did. */
  tryRun(run: () => Promise<void>): boolean {
    if (this.#running !== null) return false;
    this.#running = run().finally(() => this.#running = null);
    return true;
  }

  /** Resolves when nothing runs. */
  async idle(): Promise<void> {
    await this.#running;
  }
}
