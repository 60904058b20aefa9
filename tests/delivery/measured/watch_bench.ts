import { createClock } from "@sinonjs/fake-timers";
import type { DeliveryReport } from "../../../src/delivery/measured/delivery_report.ts";
import { DeliveryWatch } from "../../../src/delivery/measured/delivery_watch.ts";
import { LogRecorder } from "../../support/log_recorder.ts";

/** When the clock of a {@link WatchBench} begins. */
export const START_MS = 1_700_000_000_000;

/** A delivery watch with a clock and a log. */
export class WatchBench {
  readonly clock = createClock(START_MS);
  readonly log = new LogRecorder();
  readonly reports: DeliveryReport[] = [];
  #steppedMs = 0;
  readonly watch = new DeliveryWatch({
    log: this.log,
    nowMs: () => this.clock.now,
    monotonicMs: () => this.clock.now - this.#steppedMs,
    setTimer: (callback, delayMs) => Number(this.clock.setTimeout(callback, delayMs)),
    clearTimer: (timer) => this.clock.clearTimeout(timer),
    onReport: (report) => this.reports.push(report),
  });

  /** Sets the host's clock. */
  step(hours: number): void {
    this.#steppedMs += hours * 3_600_000;
    this.clock.setSystemTime(this.clock.now + hours * 3_600_000);
  }

  async pass(seconds: number): Promise<void> {
    await this.clock.tickAsync(seconds * 1_000);
  }

  get last(): DeliveryReport {
    return this.reports.at(-1)!;
  }

  /** The reports on windows that were over. */
  get finals(): DeliveryReport[] {
    return this.reports.filter(({ isFinal }) => isFinal);
  }
}
