/**
 * Compares what is credited and delivered with what was won, window by window, and warns of hashrate that is not paid.
 *
 * It only observes: routing never depends on it.
 *
 * @module
 */

import { isDeepStrictEqual } from "node:util";
import { hostClock } from "../../lib/clock.ts";
import type { Logger } from "../../lib/log.ts";
import { type CreditReport, reportCredit } from "./credit.ts";
import { DeliveryLog } from "./delivery_log.ts";
import type { DeliveredWindow, DeliveryReport } from "./delivery_report.ts";
import {
  DEFAULT_DELIVERY_LIMITS,
  type Delivery,
  type DeliveryLimits,
  deliveryRatio,
  judgeDelivery,
  SETTLED_SECONDS,
  surplusOf,
} from "./judgement.ts";
import { type DeliverySource, type Source, SourceReader, type Span, type Timers } from "./sources.ts";
import { type DeliveryFigures, SAMPLE_INTERVAL_MS, WindowAverage } from "./window_average.ts";
import { MAX_CLOCK_DIFFERENCE_SECONDS, type WorkerHashrates } from "./workers_api.ts";

/** The sources to read. */
export interface WatchedSources {
  /** What they deliver adds up. */
  readonly delivered: readonly DeliverySource[];
  /** What validators are told. */
  readonly credited: readonly Source<WorkerHashrates>[];
}

/** Options of {@link DeliveryWatch}. */
export interface DeliveryWatchOptions extends Partial<Timers> {
  readonly log: Logger;
  /** Milliseconds since 1970. @default Date.now */
  readonly nowMs?: () => number;
  /** Milliseconds on a clock that never steps; the times of reports are of this one. @default hostClock.steadyMs */
  readonly monotonicMs?: () => number;
  /** Called after each reading, and when window, sources or limits change. Must not throw. */
  readonly onReport: (report: DeliveryReport) => void;
}

/** How often a closed window's workers are asked for while they cannot be read. */
const CLOSING_ATTEMPTS = 3;
/** The first time after this long: the proxy's last samples need a moment. */
const CLOSING_DELAY_MS = 2_000;

/** The readings of one window. */
interface Followed {
  readonly window: DeliveredWindow;
  readonly average: WindowAverage;
  /** Whether the average covers the window from its beginning. */
  readonly isWhole: boolean;
  /** How far the host's clock was ahead of the monotonic one when the window's span was known. */
  readonly clockLeadMs: number;
  readonly credit: CreditReport | null;
}

/** A window that is over, until its workers have been asked for once more. */
interface Closed extends Followed {
  readonly endMs: number;
  readonly attempts: number;
}

/** The watch; idle until it has a window and sources. */
export class DeliveryWatch {
  readonly #log: DeliveryLog;
  readonly #nowMs: () => number;
  readonly #monotonicMs: () => number;
  readonly #timers: Timers;
  readonly #onReport: (report: DeliveryReport) => void;
  readonly #reader: SourceReader;
  #sources: WatchedSources = { delivered: [], credited: [] };
  #limits = DEFAULT_DELIVERY_LIMITS;
  #window: DeliveredWindow | null = null;
  /** That of the window; `null` before the first source. */
  #average: WindowAverage | null = null;
  #isWhole = false;
  #clockLeadMs = 0;
  #credit: CreditReport | null = null;
  #closed: Closed | null = null;
  /** Ends the readings of the current sources. */
  #readings: AbortController | null = null;
  #timer: number | undefined;
  /** Resolves when the last reading has ended or was given up. */
  #reading: Promise<void> = Promise.resolve();
  #nowPh: number | null = null;
  #errors: readonly string[] = [];
  #unreadableSinceMs: number | null = null;
  #isStopped = false;

  constructor(options: DeliveryWatchOptions) {
    const {
      log,
      nowMs = Date.now,
      monotonicMs = () => hostClock.steadyMs(),
      setTimer = setTimeout,
      clearTimer = clearTimeout,
      onReport,
    } = options;
    this.#log = new DeliveryLog(log);
    this.#nowMs = nowMs;
    this.#monotonicMs = monotonicMs;
    // The global timers must not be called as methods.
    this.#timers = {
      setTimer: (callback, ms) => setTimer(callback, ms),
      clearTimer: (timer) => clearTimer(timer),
    };
    this.#onReport = onReport;
    this.#reader = new SourceReader({ log, nowMs, timers: this.#timers });
  }

  /**
   * Follows a window from now on, and gives the final judgement of the previous one: at once, or with a workers API after it
   * was asked for the closed window. The same window with another outcome, after a new computation, continues.
   *
   * @param window `null` if it is unknown what to deliver.
   */
  follow(window: DeliveredWindow | null): void {
    if (this.#isStopped) return;
    const former = this.#window;
    if (former?.firstBlock !== window?.firstBlock || former?.windowIndex !== window?.windowIndex) {
      this.#closeWindow(window);
      this.#average = null;
      this.#credit = null;
      // If no window was known before, this one may have begun long ago.
      this.#isWhole = former !== null && this.#hasSources;
      this.#window = window;
      this.#clockLeadMs = this.#presentClockLeadMs;
      this.#begin();
    } else if (!isDeepStrictEqual(former, window)) {
      if (!isDeepStrictEqual(former?.span, window?.span)) this.#clockLeadMs = this.#presentClockLeadMs;
      this.#window = window;
      this.#tell();
    }
  }

  /**
   * Sets the sources and limits. When the sources change, the window's average continues without the time since the last
   * reading.
   *
   * @param sources sources with equal keys are read once; without any the watch is off.
   * @throws {RangeError} for invalid limits.
   */
  use(sources: WatchedSources, limits: DeliveryLimits): void {
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
    this.#sources = { delivered: distinct(sources.delivered), credited: distinct(sources.credited) };
    if (keysOf(former) !== keysOf(this.#sources)) {
      this.#nowPh = null;
      this.#credit = null;
      if (!this.#hasSources) {
        this.#errors = [];
        this.#unreadableSinceMs = null;
      }
      if (this.#sources.credited.length === 0) this.#giveUpClosed();
      this.#begin();
    } else if (hasOtherLimits) {
      this.#tell();
    }
  }

  /** Stops without a judgement. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#end();
    await this.#reading;
  }

  get #hasSources(): boolean {
    return this.#sources.delivered.length + this.#sources.credited.length > 0;
  }

  get #presentClockLeadMs(): number {
    return this.#nowMs() - this.#monotonicMs();
  }

  /** Starts reading the sources for the window. */
  #begin(): void {
    this.#end();
    if (this.#hasSources && (this.#window !== null || this.#closed !== null)) {
      const nowMs = this.#monotonicMs();
      if (this.#window !== null) {
        this.#average ??= new WindowAverage(nowMs);
        this.#average.skipTo(nowMs);
      }
      this.#readings = new AbortController();
      this.#schedule(this.#readings.signal);
    }
    this.#tell();
  }

  #end(): void {
    if (this.#timer !== undefined) this.#timers.clearTimer(this.#timer);
    this.#readings?.abort(new Error("Cannot finish the reading: it is no longer needed"));
    this.#readings = null;
  }

  #schedule(signal: AbortSignal): void {
    const delayMs = this.#closed?.attempts === 0 ? CLOSING_DELAY_MS : SAMPLE_INTERVAL_MS;
    this.#timer = this.#timers.setTimer(() => {
      this.#reading = this.#sample(signal);
    }, delayMs);
  }

  async #sample(signal: AbortSignal): Promise<void> {
    if (this.#closed !== null) await this.#readClosed(this.#closed, signal);
    const [window, average] = [this.#window, this.#average];
    if (signal.aborted) return;
    if (window === null || average === null) {
      if (this.#closed !== null) this.#schedule(signal);
      return;
    }
    const [delivered, credited] = await Promise.all([
      this.#reader.read(this.#sources.delivered, NO_SPAN, signal),
      this.#readCredit({ window, clockLeadMs: this.#clockLeadMs }, this.#nowMs(), signal),
    ]);
    // Meanwhile the window or the sources may have changed.
    if (signal.aborted) return;
    const atMs = this.#monotonicMs();
    const hasFigure = this.#sources.delivered.length > 0;
    const deliveredPh = hasFigure ? delivered.values?.reduce((sum, ph) => sum + ph, 0) ?? null : null;
    average.add({ atMs, deliveredPh });
    this.#nowPh = deliveredPh;
    this.#credit = credited.credit;
    this.#errors = [...delivered.errors, ...credited.errors];
    this.#unreadableSinceMs = this.#errors.length > 0 ? this.#unreadableSinceMs ?? atMs : null;
    this.#schedule(signal);
    this.#tell();
  }

  /** What is credited from the window's first block to a time. */
  async #readCredit(
    { window: { won, span }, clockLeadMs }: Pick<Followed, "window" | "clockLeadMs">,
    endMs: number,
    signal: AbortSignal,
  ): Promise<{ readonly credit: CreditReport | null; readonly errors: readonly string[] }> {
    const { credited } = this.#sources;
    if (credited.length === 0) return { credit: null, errors: [] };
    const unknown = (why: string) => ({ credit: null, errors: [`Cannot tell what is credited: ${why}`] });
    if (typeof span === "string") return unknown(span);
    const stepSeconds = Math.round((this.#presentClockLeadMs - clockLeadMs) / 1000);
    if (Math.abs(stepSeconds) > MAX_CLOCK_DIFFERENCE_SECONDS) {
      return unknown(
        `this host's clock was set ${stepSeconds < 0 ? "back" : "ahead"} by ${
          Math.abs(stepSeconds)
        } s in this window`,
      );
    }
    const { startMs } = span;
    const aheadSeconds = Math.round((startMs - endMs) / 1000);
    if (aheadSeconds > MAX_CLOCK_DIFFERENCE_SECONDS) {
      return unknown(
        `the window begins in ${aheadSeconds} s by this host's clock; check its time synchronisation`,
      );
    }
    // The window has just begun.
    if (aheadSeconds >= 0) return { credit: null, errors: [] };
    const { values, errors } = await this.#reader.read(credited, { startMs, endMs }, signal);
    const seconds = (endMs - startMs) / 1000;
    return { credit: values === null ? null : reportCredit(won, values, seconds), errors };
  }

  /** Judges the window that is over, or has its workers asked for first. */
  #closeWindow(next: DeliveredWindow | null): void {
    const [window, average] = [this.#window, this.#average];
    this.#giveUpClosed();
    if (window === null || average === null) return;
    const followed = {
      window,
      average,
      isWhole: this.#isWhole,
      clockLeadMs: this.#clockLeadMs,
      credit: null,
    };
    if (this.#sources.credited.length === 0 || typeof window.span === "string") {
      this.#judge(followed, true);
      return;
    }
    // The next window's first block ends this one; without it the end is an estimate.
    const endMs = next?.firstBlock === window.lastBlock + 1 && typeof next.span !== "string"
      ? next.span.startMs
      : Math.min(this.#nowMs(), window.span.endMs);
    this.#closed = { ...followed, endMs, attempts: 0 };
  }

  async #readClosed(closed: Closed, signal: AbortSignal): Promise<void> {
    const { endMs, attempts } = closed;
    const { credit, errors } = await this.#readCredit(closed, endMs, signal);
    if (signal.aborted || this.#closed !== closed) return;
    if (credit === null && attempts + 1 < CLOSING_ATTEMPTS) {
      this.#closed = { ...closed, attempts: attempts + 1 };
      return;
    }
    this.#closed = null;
    if (errors.length > 0) this.#errors = errors;
    this.#judge({ ...closed, credit }, true);
  }

  /** Judges a closed window by what is known of it. */
  #giveUpClosed(): void {
    const closed = this.#closed;
    this.#closed = null;
    if (closed !== null) this.#judge(closed, true);
  }

  /** Judges the window so far and reports it, if there was anything to read. */
  #tell(): void {
    const [window, average] = [this.#window, this.#average];
    if (window === null || average === null) return;
    this.#judge({ window, average, isWhole: this.#isWhole, credit: this.#credit }, false);
  }

  #judge(followed: Omit<Followed, "clockLeadMs">, isFinal: boolean): void {
    const { window, average, credit } = followed;
    const { firstBlock, windowIndex } = window;
    const figures = average.report(this.#monotonicMs());
    const delivery = deliveryOf(followed, figures, isFinal);
    const { wonHashratePh, countedPh } = delivery;
    const report: DeliveryReport = {
      firstBlock,
      windowIndex,
      wonHashratePh,
      nowPh: isFinal ? null : this.#nowPh,
      averagePh: figures.averagePh ?? credit?.deliveredPh ?? null,
      credit,
      basis: credit === null ? "delivered" : "credited",
      ratio: deliveryRatio(delivery),
      unpaidPh: countedPh === null ? null : Math.max(0, wonHashratePh - countedPh),
      surplusPh: surplusOf(delivery),
      measuredSeconds: delivery.measuredSeconds,
      sinceMs: average.startMs,
      isFinal,
      level: judgeDelivery(delivery, this.#limits),
      errors: this.#errors,
      unreadableSinceMs: this.#unreadableSinceMs,
    };
    this.#log.announce(report);
    if (isFinal) {
      // A window may be too short for a reading, so that none is missing.
      const dueSeconds = followed.isWhole ? SAMPLE_INTERVAL_MS / 1000 : SETTLED_SECONDS;
      this.#log.logWindow(report, this.#hasSources && delivery.elapsedSeconds >= dueSeconds);
    }
    this.#onReport(report);
  }
}

/** For sources that do not average. */
const NO_SPAN: Span = { startMs: 0, endMs: 0 };

/** The credit where it is known, else what is delivered. */
function deliveryOf(
  { window, isWhole, credit }: Omit<Followed, "clockLeadMs">,
  { averagePh, measuredSeconds, elapsedSeconds }: DeliveryFigures,
  isFinal: boolean,
): Delivery {
  if (credit !== null) {
    const { wonHashratePh, creditedPh, deliveredPh, seconds } = credit;
    return {
      wonHashratePh,
      deliveredPh,
      countedPh: creditedPh,
      measuredSeconds: seconds,
      elapsedSeconds: seconds,
      isComplete: isFinal,
    };
  }
  return {
    wonHashratePh: window.wonHashratePh * window.measuredShare,
    deliveredPh: averagePh,
    countedPh: averagePh,
    measuredSeconds,
    elapsedSeconds,
    isComplete: isFinal && isWhole,
  };
}

function distinct<T extends { readonly key: string }>(sources: readonly T[]): readonly T[] {
  return [...new Map(sources.map((source) => [source.key, source])).values()];
}

function keysOf({ delivered, credited }: WatchedSources): string {
  return JSON.stringify([delivered, credited].map((sources) => sources.map(({ key }) => key).sort()));
}
