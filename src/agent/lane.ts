/**
 * Runs that do not overlap.
 *
 * @module
 */

type Run = () => Promise<void>;

/** Executes one run at a time. */
export class Lane {
  #running: Promise<void> | null = null;
  #next: Run | null = null;
  #isClosed = false;

  /** Starts a run unless one is in progress; returns whether it did. */
  tryRun(run: Run): boolean {
    if (this.#running !== null || this.#isClosed) return false;
    this.#begin(run);
    return true;
  }

  /** Starts a run now, or after the one in progress. Only the last of several requests is kept. */
  runNext(run: Run): void {
    if (!this.tryRun(run)) this.#next = run;
  }

  /** Starts no more runs and resolves when the one in progress has ended. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#running;
  }

  #begin(run: Run): void {
    this.#running = run().finally(() => {
      this.#running = null;
      const next = this.#next;
      this.#next = null;
      if (next !== null) this.tryRun(next);
    });
  }
}
