/**
 * Watches what is really delivered against what was won, window by window, and says so before validators do.
 *
 * It only reads and tells: routing never depends on it.
 *
 * @module
 */

import type { LogFields, Logger } from "../../lib/log.ts";
import {
  DEFAULT_DELIVERY_LIMITS,
  type Delivery,
  type DeliveryLevel,
  type DeliveryLimits,
  deliveryRatio,
  judgeDelivery,
  SETTLED_SECONDS,
} from "./judgement.ts";
import { type DeliverySource, SourceReader, type Timers } from "./sources.ts";
import { type DeliveryFigures, SAMPLE_INTERVAL_MS, WindowAverage } from "./window_average.ts";

/** A window that is delivered, and what of ours has won it. */
export interface DeliveredWindow {
  readonly firstBlock: number;
  /** 0 to 5 within its epoch. */
  readonly windowIndex: number;
  /** In PH/s; where the sources tell of a part of the routing only, the part of it that is theirs to deliver. */
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
  /** Why sources could not be read the last time. */
  readonly errors: readonly string[];
  /**
   * Since when no reading was complete, in milliseconds since 1970: the first that failed, also in a former window or
   * of other sources. `null`: the last one was complete, or there was none yet.
   */
  readonly unreadableSinceMs: number | null;
}

/** Options of {@link DeliveryWatch}. */
export interface DeliveryWatchOptions extends Partial<Timers> {
  readonly log: Logger;
  /** Milliseconds since 1970. @default Date.now */
  readonly nowMs?: () => number;
  /** Is told after each reading, and when window, sources or limits change. Must not throw. */
  readonly onReport: (report: DeliveryReport) => void;
}

const BAN_HINT =
  "winners that deliver less than 95 % on average are banned: look for ASICs that are off, slow " +
  "or at another pool, and at the shares in [routing]";

const UNKNOWN_HINT = "too little of it could be read to judge it: see what is said of the sources";

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
  /** Of the window; `null`: nothing of it was to be read yet. */
  #average: WindowAverage | null = null;
  /** Whether that goes back to the window's beginning. */
  #isWhole = false;
  /** Ends the readings by the sources of now. */
  #readings: AbortController | null = null;
  #timer: number | undefined;
  /** Ends when the last reading has ended or was given up. */
  #reading: Promise<void> = Promise.resolve();
  #nowPh: number | null = null;
  #errors: readonly string[] = [];
  #unreadableSinceMs: number | null = null;
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
    if (former?.firstBlock !== window?.firstBlock || former?.windowIndex !== window?.windowIndex) {
      this.#tell(true);
      this.#average = null;
      // Where none was known before, it may have begun long ago.
      this.#isWhole = former !== null && this.#sources.length > 0;
      this.#window = window;
      this.#begin();
    } else if (former?.wonHashratePh !== window?.wonHashratePh) {
      this.#window = window;
      this.#tell(false);
    }
  }

  /**
   * What to read, and how to judge it. With other sources than before the window's average goes on: what was measured
   * was measured, and the time from the last reading on is not.
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
    const hasOtherLimits = warnBelow !== this.#limits.warnBelow || alertBelow !== this.#limits.alertBelow;
    this.#limits = { warnBelow, alertBelow };
    const former = this.#sources;
    this.#sources = [...new Map(sources.map((source) => [source.key, source])).values()];
    if (keysOf(former) !== keysOf(this.#sources)) {
      this.#nowPh = null;
      if (this.#sources.length === 0) {
        this.#errors = [];
        this.#unreadableSinceMs = null;
      }
      this.#begin();
    } else if (hasOtherLimits) {
      this.#tell(false);
    }
  }

  /** Ends it, without a judgement. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#end();
    await this.#reading;
  }

  /** Reads the sources for the window from now on. */
  #begin(): void {
    this.#end();
    if (this.#window !== null && this.#sources.length > 0) {
      const nowMs = this.#nowMs();
      this.#average ??= new WindowAverage(nowMs);
      this.#average.skipTo(nowMs);
      this.#readings = new AbortController();
      this.#schedule(this.#average, this.#readings.signal);
    }
    this.#tell(false);
  }

  #end(): void {
    if (this.#timer !== undefined) this.#timers.clearTimer(this.#timer);
    this.#readings?.abort(new Error("Cannot finish the reading: it is not wanted any more"));
    this.#readings = null;
  }

  #schedule(average: WindowAverage, signal: AbortSignal): void {
    this.#timer = this.#timers.setTimer(() => {
      this.#reading = this.#sample(average, signal);
    }, SAMPLE_INTERVAL_MS);
  }

  async #sample(average: WindowAverage, signal: AbortSignal): Promise<void> {
    const { deliveredPh, errors } = await this.#reader.read(this.#sources, signal);
    // Meanwhile another window may have begun, or other sources are to be read.
    if (signal.aborted) return;
    const atMs = this.#nowMs();
    average.add({ atMs, deliveredPh });
    this.#nowPh = deliveredPh;
    this.#errors = errors;
    this.#unreadableSinceMs = deliveredPh === null ? this.#unreadableSinceMs ?? atMs : null;
    this.#schedule(average, signal);
    this.#tell(false);
  }

  /** Judges the window, and says so; not where nothing of it was to be read. */
  #tell(isFinal: boolean): void {
    const [window, average] = [this.#window, this.#average];
    if (window === null || average === null) return;
    const figures = average.report(this.#nowMs());
    const isComplete = isFinal && this.#isWhole;
    const delivery: Delivery = { ...figures, wonHashratePh: window.wonHashratePh, isComplete };
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
      unreadableSinceMs: this.#unreadableSinceMs,
    };
    this.#announce(report);
    if (isFinal) this.#logWindow(report, figures);
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

  #logWindow(report: DeliveryReport, { elapsedSeconds }: DeliveryFigures): void {
    const event = "Window's delivery";
    const { level, unreadableSinceMs } = report;
    const dueSeconds = this.#isWhole ? SAMPLE_INTERVAL_MS / 1000 : SETTLED_SECONDS;
    const fields = { judgement: level, ...fieldsOf(report) };
    if (level === "alert") this.#log.error(event, fields);
    else if (level === "warning") this.#log.warning(event, fields);
    else if (level === "unknown" && this.#sources.length > 0 && elapsedSeconds >= dueSeconds) {
      const since = unreadableSinceMs === null ? null : new Date(unreadableSinceMs).toISOString();
      this.#log.warning(event, { ...fields, unreadable_since: since, hint: UNKNOWN_HINT });
    } else {
      // Where too little was due to be read, nothing is missed.
      this.#log.info(event, fields);
    }
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
