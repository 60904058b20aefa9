/**
 * SIGTERM and SIGINT while one job runs: what is under way is ended, rather than left behind.
 *
 * @module
 */

/** The signals that end a job, with the exit codes that shells give to programs that died of them: 128 + n. */
const EXIT_CODES = { SIGINT: 130, SIGTERM: 143 } as const;
const SIGNALS = ["SIGINT", "SIGTERM"] as const;

/** A signal ended the program's work. */
export class InterruptedError extends Error {
  override readonly name = "InterruptedError";
  /** What the program ends with. */
  readonly exitCode: number;

  constructor(signal: keyof typeof EXIT_CODES) {
    super(`Ended by ${signal}; what was done until then stays, run it again for the rest`);
    this.exitCode = EXIT_CODES[signal];
  }
}

/** Takes the signals while it is in use. Further ones change nothing: the ending is under way, and bounded. */
export class Interruption implements Disposable {
  readonly #controller = new AbortController();
  readonly #listeners = SIGNALS.map((signal) => ({
    signal,
    listener: () => this.#controller.abort(new InterruptedError(signal)),
  }));

  constructor() {
    for (const { signal, listener } of this.#listeners) Deno.addSignalListener(signal, listener);
  }

  /** Aborted by the first of the signals, with an {@link InterruptedError} as the reason. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  [Symbol.dispose](): void {
    for (const { signal, listener } of this.#listeners) Deno.removeSignalListener(signal, listener);
  }
}
