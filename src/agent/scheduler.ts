/// <reference lib="deno.unstable" />
/**
 * When jobs run.
 *
 * @module
 */

/** A task that runs at regular times. */
export interface ScheduledTask {
  /** Letters, digits and spaces. */
  readonly name: string;
  readonly everyMinutes: number;
  readonly run: () => void;
}

/** Runs tasks on schedule until it is stopped. Missed runs, for example during a suspend, are not made up for. */
export interface Scheduler {
  schedule(task: ScheduledTask): void;
  stop(): void;
}

/** Schedules with `Deno.cron`, whose resolution is one minute. */
export class CronScheduler implements Scheduler {
  readonly #stopped = new AbortController();

  schedule({ name, everyMinutes, run }: ScheduledTask): void {
    // The promise stands for all runs; it rejects when the signal ends them.
    Deno.cron(name, `*/${everyMinutes} * * * *`, { signal: this.#stopped.signal }, run).catch((error) => {
      if (!this.#stopped.signal.aborted) throw error;
    });
  }

  stop(): void {
    this.#stopped.abort();
  }
}

/** The longest delay of a hotkey's runs after the full minute. */
const MAX_JITTER_MS = 5_000;

/**
 * A fixed delay per hotkey after the full minute, so that not all agents query the public endpoints at once.
 *
 * @returns milliseconds, 0 to 5000.
 */
export function jitterMs(hotkey: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(hotkey)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash % MAX_JITTER_MS;
}
