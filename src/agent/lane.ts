/**
 * One run after the other.
 *
 * @module
 */

type Run = () => Promise<void>;

/** Lets one run go on at a time. */
export class Lane {
  #running: Promise<void> | null = null;
  #next: Run | null = null;
  #isClosed = false;

  /** Starts a run unless one is under way; says whether it did. */
  tryRun(run: Run): boolean {
    if (this.#running !== null || this.#isClosed) return false;
    this.#begin(run);
    return true;
  }

  /** Starts a run, or has it follow the one under way; of several that come meanwhile the last one counts. */
  runNext(run: Run): void {
    if (!this.tryRun(run)) this.#next = run;
  }

  /** Starts nothing any more, and resolves when what is under way has ended. */
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
