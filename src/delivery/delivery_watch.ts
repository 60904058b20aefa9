/**
 * Watches what is really delivered against what was won, window by window, and says so before validators do.
 *
 * It only reads and tells: routing never depends on it.
 *
 * @module
 */

import type { LogFields, Logger } from "../lib/log.ts";
import {
  DEFAULT_DELIVERY_LIMITS,
  type Delivery,
  type DeliveryLevel,
  type DeliveryLimits,
  deliveryRatio,
  judgeDelivery,
} from "./judgement.ts";
import { type DeliverySource, SourceReader, type Timers } from "./sources.ts";
import { SAMPLE_INTERVAL_MS, WindowAverage } from "./window_average.ts";

/** A window that is delivered, and what of ours has won it. */
export interface DeliveredWindow {
  readonly firstBlock: number;
  /** 0 to 5 within its epoch. */
  readonly windowIndex: number;
  readonly wonHashratePh: number;
}

/** How a window's delivery stands. */
export interface DeliveryReport extends DeliveredWindow {
  /** The last reading in PH/s; `null`: it could not be read, or there was none yet. */
  readonly nowPh: number | null;
  /** PH/s over the measured time; `null`: nothing was measured. */
  readonly averagePh: number | null;
  /** The average by what was won; `null` when nothing was won or nothing measured. */
  readonly ratio: number | null;
  readonly measuredSeconds: number;
  /** Since when it is measured, in milliseconds since 1970. */
  readonly sinceMs: number;
  /** Whether the window is over. */
  readonly isFinal: boolean;
  readonly level: DeliveryLevel;
  /** Why sources cannot be read at the moment. */
  readonly errors: readonly string[];
}

/** Options of {@link DeliveryWatch}. */
export interface DeliveryWatchOptions extends Partial<Timers> {
  readonly log: Logger;
  /** Milliseconds since 1970. @default Date.now */
  readonly nowMs?: () => number;
  /** Is told after each reading, and when window, sources or limits change. Must not throw. */
  readonly onReport: (report: DeliveryReport) => void;
}

/** One stretch of readings: of one window, by the same sources. */
interface Run {
  readonly window: DeliveredWindow;
  readonly average: WindowAverage;
  readonly stop: AbortController;
}

const BAN_HINT =
  "winners that deliver less than 95 % on average are banned: look for ASICs that are off, slow " +
  "or at another pool, and at the shares in [routing]";

/** The watch; it is off until it has a window and sources. */
export class DeliveryWatch {
  readonly #log: Logger;
  readonly #nowMs: () => number;
  readonly #timers: Timers;
  readonly #onReport: (report: DeliveryReport) => void;
  readonly #reader: SourceReader;
  #sources: readonly DeliverySource[] = [];
  #limits = DEFAULT_DELIVERY_LIMITS;
  #window: DeliveredWindow | null = null;
  #run: Run | null = null;
  #timer: number | undefined;
  /** Ends when the last reading has ended or was given up. */
  #reading: Promise<void> = Promise.resolve();
  #nowPh: number | null = null;
  #errors: readonly string[] = [];
  /** What the log said last. */
  #announced: Exclude<DeliveryLevel, "unknown"> = "ok";
  #isStopped = false;

  constructor(options: DeliveryWatchOptions) {
    const {
      log,
      nowMs = Date.now,
      setTimer = setTimeout,
      clearTimer = clearTimeout,
      onReport,
    } = options;
    this.#log = log;
    this.#nowMs = nowMs;
    // Called as methods, the global timers would complain.
    this.#timers = {
      setTimer: (callback, ms) => setTimer(callback, ms),
      clearTimer: (timer) => clearTimer(timer),
    };
    this.#onReport = onReport;
    this.#reader = new SourceReader({ log, nowMs, timers: this.#timers });
  }

  /**
   * The window that is delivered from now on; the former one is judged for good. The same window again, recomputed,
   * goes on with what is known to be won of it then.
   *
   * @param window `null`: nothing is known to be delivered.
   */
  follow(window: DeliveredWindow | null): void {
    if (this.#isStopped) return;
    const former = this.#window;
    this.#window = window;
    if (former?.firstBlock !== window?.firstBlock || former?.windowIndex !== window?.windowIndex) {
      if (this.#run !== null) this.#tell(this.#run, true);
      this.#begin();
    } else if (this.#run !== null && window !== null && window.wonHashratePh !== former?.wonHashratePh) {
      this.#run = { ...this.#run, window };
      this.#tell(this.#run, false);
    }
  }

  /**
   * What to read, and how to judge it. Other sources than before measure something else, so measuring begins anew.
   *
   * @param sources one with the same key as another is not read twice; none switches it off.
   * @throws {RangeError} for limits that are none.
   */
  use(sources: readonly DeliverySource[], limits: DeliveryLimits): void {
    const { warnBelow, alertBelow } = limits;
    if (!(alertBelow > 0 && alertBelow <= warnBelow && warnBelow <= 1)) {
      throw new RangeError(
        `Cannot judge the delivery: warnBelow is ${warnBelow} and alertBelow is ${alertBelow}; ` +
          "let both be above 0 and at most 1, and alertBelow not above warnBelow",
      );
    }
    if (this.#isStopped) return;
    const former = this.#limits;
    this.#limits = { warnBelow, alertBelow };
    const distinct = [...new Map(sources.map((source) => [source.key, source])).values()];
    if (keysOf(distinct) !== keysOf(this.#sources)) {
      this.#sources = distinct;
      this.#nowPh = null;
      this.#errors = [];
      this.#begin();
    } else if (this.#run !== null && (former.warnBelow !== warnBelow || former.alertBelow !== alertBelow)) {
      this.#tell(this.#run, false);
    }
  }

  /** Ends it, without a judgement. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#end();
    await this.#reading;
  }

  #begin(): void {
    this.#end();
    if (this.#window === null || this.#sources.length === 0) return;
    this.#run = {
      window: this.#window,
      average: new WindowAverage(this.#nowMs()),
      stop: new AbortController(),
    };
    this.#schedule();
    this.#tell(this.#run, false);
  }

  #end(): void {
    if (this.#timer !== undefined) this.#timers.clearTimer(this.#timer);
    this.#run?.stop.abort(new Error("Cannot finish the reading: it is not wanted any more"));
    this.#run = null;
  }

  #schedule(): void {
    this.#timer = this.#timers.setTimer(() => {
      this.#reading = this.#sample();
    }, SAMPLE_INTERVAL_MS);
  }

  async #sample(): Promise<void> {
    const { signal } = this.#run!.stop;
    const { deliveredPh, errors } = await this.#reader.read(this.#sources, signal);
    // Meanwhile another window may have begun; the run that was aborted is no longer there.
    const run = this.#run;
    if (signal.aborted || run === null) return;
    run.average.add({ atMs: this.#nowMs(), deliveredPh });
    this.#nowPh = deliveredPh;
    this.#errors = errors;
    this.#schedule();
    this.#tell(run, false);
  }

  /** Judges a run, and says so. */
  #tell({ window, average }: Run, isFinal: boolean): void {
    const figures = average.report(this.#nowMs());
    const delivery: Delivery = { ...figures, wonHashratePh: window.wonHashratePh, isFinal };
    const level = judgeDelivery(delivery, this.#limits);
    const report: DeliveryReport = {
      ...window,
      nowPh: this.#nowPh,
      averagePh: figures.averagePh,
      ratio: deliveryRatio(delivery),
      measuredSeconds: figures.measuredSeconds,
      sinceMs: average.startMs,
      isFinal,
      level,
      errors: this.#errors,
    };
    this.#announce(report);
    if (isFinal) this.#logWindow(report);
    this.#onReport(report);
  }

  #announce(report: DeliveryReport): void {
    const { level, wonHashratePh } = report;
    const announced = this.#announced;
    if (level === "unknown" || level === announced) return;
    this.#announced = level;
    const fields = fieldsOf(report);
    if (level === "alert") {
      this.#log.error("Delivering far less than won", { ...fields, hint: BAN_HINT });
    } else if (level === "warning") {
      this.#log.warning("Delivering less than won", { ...fields, hint: BAN_HINT });
    } else if (wonHashratePh > 0) {
      // Where nothing was won, nothing got better.
      this.#log.info("Delivering what was won again", fields);
    }
  }

  #logWindow(report: DeliveryReport): void {
    const fields = fieldsOf(report);
    if (report.level === "alert") this.#log.error("Window delivered", fields);
    else if (report.level === "warning") this.#log.warning("Window delivered", fields);
    else this.#log.info("Window delivered", fields);
  }
}

function keysOf(sources: readonly DeliverySource[]): string {
  return JSON.stringify(sources.map(({ key }) => key).sort());
}

function fieldsOf(report: DeliveryReport): LogFields {
  const { windowIndex, firstBlock, wonHashratePh, averagePh, ratio, measuredSeconds } = report;
  return {
    window_index: windowIndex,
    first_block: firstBlock,
    won_hashrate_ph: rounded(wonHashratePh, 6),
    delivered_hashrate_ph: rounded(averagePh, 6),
    ratio: rounded(ratio, 4),
    measured_seconds: rounded(measuredSeconds, 0),
  };
}

/** For people: a hashrate to the GH/s, a ratio to the hundredth of a percent. */
function rounded(value: number | null, digits: number): number | null {
  return value === null ? null : Number(value.toFixed(digits));
}
