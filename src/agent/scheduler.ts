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

/** What {@link CronScheduler} takes from the system; tests replace it. */
export interface CronParts {
  readonly cron: typeof Deno.cron;
  /** Milliseconds on a clock that never goes back. */
  readonly monotonicMs: () => number;
  /** A repeating timer, on the same clock. */
  readonly setInterval: (callback: () => void, ms: number) => number;
  readonly clearInterval: (timer: number) => void;
}

/** How late a cron's tick may be before it counts as lost. */
const CRON_PATIENCE_MS = 10_000;
/** How often the scheduler looks for a lost tick. */
const GUARD_INTERVAL_MS = 5_000;

/**
 * Schedules with `Deno.cron`, whose resolution is one minute.
 *
 * `Deno.cron` goes by the host's clock and stays silent after a step back until the old time is reached again. A guard on the
 * monotonic clock then runs what it owes.
 */
export class CronScheduler implements Scheduler {
  readonly #parts: CronParts;
  readonly #stopped = new AbortController();
  readonly #guards: number[] = [];

  constructor(parts: Partial<CronParts> = {}) {
    this.#parts = {
      cron: Deno.cron,
      monotonicMs: () => performance.now(),
      setInterval: (callback, ms) => setInterval(callback, ms),
      clearInterval: (timer) => clearInterval(timer),
      ...parts,
    };
  }

  schedule({ name, everyMinutes, run }: ScheduledTask): void {
    const { cron, monotonicMs, setInterval } = this.#parts;
    const { signal } = this.#stopped;
    const patienceMs = everyMinutes * 60_000 + CRON_PATIENCE_MS;
    let lastMs = monotonicMs();
    const tick = (): void => {
      lastMs = monotonicMs();
      run();
    };
    // The promise stands for all runs; it rejects when the signal ends them.
    cron(name, `*/${everyMinutes} * * * *`, { signal }, tick).catch((error) => {
      if (!signal.aborted) throw error;
    });
    this.#guards.push(setInterval(() => {
      if (monotonicMs() - lastMs >= patienceMs) tick();
    }, GUARD_INTERVAL_MS));
  }

  stop(): void {
    this.#stopped.abort();
    for (const guard of this.#guards) this.#parts.clearInterval(guard);
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
