/**
 * Compares the delivered hashrate with what was won, window by window, and warns before validators act.
 *
 * It only observes: routing never depends on it.
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

/** A window to deliver, and the hashrate won in it. */
export interface DeliveredWindow {
  readonly firstBlock: number;
  /** 0 to 5 within its epoch. */
  readonly windowIndex: number;
  /** If the sources measure only a part of the routing, the share of that part. */
  readonly wonHashratePh: number;
}

/** The delivery of a window, so far or in total. */
export interface DeliveryReport extends DeliveredWindow {
  /** The last reading; `null` if it failed or there was none yet. */
  readonly nowPh: number | null;
  /** The average over the measured time; `null` if nothing was measured. */
  readonly averagePh: number | null;
  /** The average divided by what was won; `null` if nothing was won or measured. */
  readonly ratio: number | null;
  readonly measuredSeconds: number;
  /** Start of the measurement, in milliseconds since 1970. */
  readonly sinceMs: number;
  /** Whether the window is over. */
  readonly isFinal: boolean;
  readonly level: DeliveryLevel;
  /** Why sources could not be read in the last reading. */
  readonly errors: readonly string[];
  /**
   * Since when all readings failed, in milliseconds since 1970, even in an earlier window or from other sources. `null` if
   * the last one succeeded or there was none yet.
   */
  readonly unreadableSinceMs: number | null;
}

/** Options of {@link DeliveryWatch}. */
export interface DeliveryWatchOptions extends Partial<Timers> {
  readonly log: Logger;
  /** Milliseconds since 1970. @default Date.now */
  readonly nowMs?: () => number;
  /** Called after each reading, and when window, sources or limits change. Must not throw. */
  readonly onReport: (report: DeliveryReport) => void;
}

const BAN_HINT =
  "winners that deliver less than 95 % on average are banned: look for ASICs that are off, slow " +
  "or at another pool, and check the shares in [routing]";

const UNKNOWN_HINT = "too little could be read to judge it: see the errors of the sources";

/** The watch; idle until it has a window and sources. */
export class DeliveryWatch {
  readonly #log: Logger;
  readonly #nowMs: () => number;
  readonly #timers: Timers;
  readonly #onReport: (report: DeliveryReport) => void;
  readonly #reader: SourceReader;
  #sources: readonly DeliverySource[] = [];
  #limits = DEFAULT_DELIVERY_LIMITS;
  #window: DeliveredWindow | null = null;
  /** That of the window; `null` before the first source. */
  #average: WindowAverage | null = null;
  /** Whether the average covers the window from its beginning. */
  #isWhole = false;
  /** Ends the readings of the current sources. */
  #readings: AbortController | null = null;
  #timer: number | undefined;
  /** Resolves when the last reading has ended or was given up. */
  #reading: Promise<void> = Promise.resolve();
  #nowPh: number | null = null;
  #errors: readonly string[] = [];
  #unreadableSinceMs: number | null = null;
  /** The last level that was logged. */
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
    // The global timers must not be called as methods.
    this.#timers = {
      setTimer: (callback, ms) => setTimer(callback, ms),
      clearTimer: (timer) => clearTimer(timer),
    };
    this.#onReport = onReport;
    this.#reader = new SourceReader({ log, nowMs, timers: this.#timers });
  }

  /**
   * Follows a window from now on, and gives the final judgement of the previous one. The same window with another won
   * hashrate, after a new computation, continues.
   *
   * @param window `null` if it is unknown what to deliver.
   */
  follow(window: DeliveredWindow | null): void {
    if (this.#isStopped) return;
    const former = this.#window;
    if (former?.firstBlock !== window?.firstBlock || former?.windowIndex !== window?.windowIndex) {
      this.#tell(true);
      this.#average = null;
      // If no window was known before, this one may have begun long ago.
      this.#isWhole = former !== null && this.#sources.length > 0;
      this.#window = window;
      this.#begin();
    } else if (former?.wonHashratePh !== window?.wonHashratePh) {
      this.#window = window;
      this.#tell(false);
    }
  }

  /**
   * Sets the sources and limits. When the sources change, the window's average continues without the time since the last
   * reading.
   *
   * @param sources sources with equal keys are read once; an empty list switches the watch off.
   * @throws {RangeError} for invalid limits.
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

  /** Stops without a judgement. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#end();
    await this.#reading;
  }

  /** Starts reading the sources for the window. */
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
    this.#readings?.abort(new Error("Cannot finish the reading: it is no longer needed"));
    this.#readings = null;
  }

  #schedule(average: WindowAverage, signal: AbortSignal): void {
    this.#timer = this.#timers.setTimer(() => {
      this.#reading = this.#sample(average, signal);
    }, SAMPLE_INTERVAL_MS);
  }

  async #sample(average: WindowAverage, signal: AbortSignal): Promise<void> {
    const { deliveredPh, errors } = await this.#reader.read(this.#sources, signal);
    // Meanwhile the window or the sources may have changed.
    if (signal.aborted) return;
    const atMs = this.#nowMs();
    average.add({ atMs, deliveredPh });
    this.#nowPh = deliveredPh;
    this.#errors = errors;
    this.#unreadableSinceMs = deliveredPh === null ? this.#unreadableSinceMs ?? atMs : null;
    this.#schedule(average, signal);
    this.#tell(false);
  }

  /** Judges the window and reports it, if there was anything to read. */
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
      // If nothing was won, nothing improved.
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
      // The window was too short for a reading, so none is missing.
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

function rounded(value: number | null, digits: number): number | null {
  return value === null ? null : Number(value.toFixed(digits));
}
