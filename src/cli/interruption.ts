/**
 * Handles SIGTERM and SIGINT while one job runs: ends its workers and programs instead of leaving them behind.
 *
 * @module
 */

/** The signals that end a job, with their conventional exit codes: 128 + n. */
const EXIT_CODES = { SIGINT: 130, SIGTERM: 143 } as const;
const SIGNALS = ["SIGINT", "SIGTERM"] as const;

/** A signal ended the job. */
export class InterruptedError extends Error {
  override readonly name = "InterruptedError";
  readonly exitCode: number;

  constructor(signal: keyof typeof EXIT_CODES) {
    super(`Ended by ${signal}; completed work stays, run it again for the rest`);
    this.exitCode = EXIT_CODES[signal];
  }
}

/** Handles the signals while it is in use. Further signals have no effect: the end is already bounded. */
export class Interruption implements Disposable {
  readonly #controller = new AbortController();
  readonly #listeners = SIGNALS.map((signal) => ({
    signal,
    listener: () => this.interrupt(signal),
  }));

  constructor() {
    for (const { signal, listener } of this.#listeners) Deno.addSignalListener(signal, listener);
  }

  /** Aborts at the first signal, with an {@link InterruptedError} as the reason. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Does what a signal does, such as for Ctrl-C on a terminal that passes it on as a key. */
  interrupt(signal: (typeof SIGNALS)[number]): void {
    this.#controller.abort(new InterruptedError(signal));
  }

  [Symbol.dispose](): void {
    for (const { signal, listener } of this.#listeners) Deno.removeSignalListener(signal, listener);
  }
}
