/**
 * A scheduler for accelerated time.
 *
 * @module
 */

import type { ScheduledTask, Scheduler } from "../../src/agent/scheduler.ts";

/** Minutes that last a fraction of a second. */
export class FastScheduler implements Scheduler {
  readonly #timers: number[] = [];

  constructor(private readonly minuteMs: number) {}

  schedule({ everyMinutes, run }: ScheduledTask): void {
    this.#timers.push(setInterval(run, everyMinutes * this.minuteMs));
  }

  stop(): void {
    for (const timer of this.#timers) clearInterval(timer);
  }
}
