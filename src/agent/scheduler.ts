/// <reference lib="deno.unstable" />
/**
 * When jobs run.
 *
 * @module
 */

/** Something that runs every so many minutes. */
export interface ScheduledTask {
  /** Letters, digits and spaces. */
  readonly name: string;
  readonly everyMinutes: number;
  readonly run: () => void;
}

/** Runs tasks by the clock until it is stopped. Runs that were missed, by a suspend say, are not made up for. */
export interface Scheduler {
  schedule(task: ScheduledTask): void;
  stop(): void;
}

/** `Deno.cron`, whose finest step is a minute. */
export class CronScheduler implements Scheduler {
  readonly #stopped = new AbortController();

  schedule({ name, everyMinutes, run }: ScheduledTask): void {
    // The promise is of the whole series; it rejects when the signal ends it.
    Deno.cron(name, `*/${everyMinutes} * * * *`, { signal: this.#stopped.signal }, run).catch((error) => {
      if (!this.#stopped.signal.aborted) throw error;
    });
  }

  stop(): void {
    this.#stopped.abort();
  }
}

/** How far a hotkey's runs are from the minute's start at most. */
const MAX_JITTER_MS = 5_000;

/**
 * A delay behind the minute, always the same for a hotkey: not all agents ask the public endpoints at once.
 *
 * @returns milliseconds, 0 to 5000.
 */
export function jitterMs(hotkey: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(hotkey)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash % MAX_JITTER_MS;
}
