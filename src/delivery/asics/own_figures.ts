/**
 * What a machine's own figures make it count for. Pure.
 *
 * @module
 */

import type { MinerSummary } from "./cgminer_summary.ts";

/** Parts of the nominal hashrate: below this one a machine is slow and counts with its own figure, */
const SLOW_BELOW = 0.97;
/** until it is at this part again. */
const SOUND_FROM = 0.99;
/** Below this one it is weak: used only when the others do not suffice, */
const WEAK_BELOW = 0.5;
/** until it is at this part again. */
const STRONG_FROM = 0.8;
/** A few figures of at least a minute may be off by some percents, but not by so much. */
const SURELY_SLOW_BELOW = 0.9;

/** No machine is judged before it has run for so long, and worked for so long after it had nothing to work on. */
const WARM_UP_SECONDS = 300;
/** A figure that follows slowly says little of now before so many of its periods are over. */
const WARM_UP_PERIODS = 5;
/** A change of pool interrupts the work for seconds, which shows in the figures for so long. */
const SETTLE_SECONDS = 120;

/** Figures fluctuate: the last so many are averaged where they are of at least a minute, */
const READINGS = 5;
/** and so many where they are of seconds. */
const SHORT_READINGS = 10;
/** A slow machine counts for more again only when it has so many percents more: the next window may lower it. */
const RISE_PERCENT = 3;

/** From best to worst. */
const LEVELS = ["sound", "slow", "weak"] as const;

/** `sound`: counts at nominal. See {@link import("./fleet_report.ts").MinerProblemKind} for the others. */
export type FigureLevel = typeof LEVELS[number];

/** Figures as they were read. */
export interface FigureReading {
  readonly summary: MinerSummary;
  /** The pool it mines at; `null`: none is alive, so it has nothing to work on. */
  readonly poolNumber: number | null;
  /** By the monotonic clock. */
  readonly nowMs: number;
  /** Whether a window begins with this reading. */
  readonly isNewWindow: boolean;
}

/**
 * One machine's figures, from reading to reading.
 *
 * What it counts for is rounded down to whole percents of nominal and never above nominal. Within a window it is only
 * lowered, so that machines may come because of fluctuating figures and none that delivers leaves.
 */
export class OwnFigures {
  readonly #nominalPh: number;
  /** The latest, as parts of nominal. */
  #parts: readonly number[] = [];
  #level: FigureLevel = "sound";
  #percent = 100;
  /** `undefined`: it was not seen yet, and is taken to have worked there since it started. */
  #poolNumber: number | null | undefined = undefined;
  /** By the monotonic clock: before, its figures tell of an interruption. */
  #settledAtMs = -Infinity;

  constructor(nominalPh: number) {
    this.#nominalPh = nominalPh;
  }

  get nominalPh(): number {
    return this.#nominalPh;
  }

  get level(): FigureLevel {
    return this.#level;
  }

  /** What it counts for, in percents of nominal: 0 to 100. */
  get percent(): number {
    return this.#percent;
  }

  /** It did not answer: what it did meanwhile is not known. */
  noteSilence(nowMs: number): void {
    this.#interrupt(nowMs, WARM_UP_SECONDS);
  }

  /** It was seen to mine at this pool, `null`: at none. */
  notePool(poolNumber: number | null, nowMs: number): void {
    const hasMoved = this.#poolNumber !== undefined && this.#poolNumber !== poolNumber;
    this.#poolNumber = poolNumber;
    if (hasMoved) this.#interrupt(nowMs, SETTLE_SECONDS);
  }

  /** It answered. */
  note({ summary, poolNumber, nowMs, isNewWindow }: FigureReading): void {
    const { hashratePh, periodSeconds, elapsedSeconds } = summary;
    const warmUpSeconds = Math.max(WARM_UP_SECONDS, WARM_UP_PERIODS * (periodSeconds ?? 0));
    this.notePool(poolNumber, nowMs);
    if (poolNumber === null) this.#interrupt(nowMs, warmUpSeconds);
    if (hashratePh === null || elapsedSeconds === null) return;
    if (elapsedSeconds <= warmUpSeconds) this.#parts = [];
    else if (nowMs >= this.#settledAtMs) {
      this.#judge(hashratePh / this.#nominalPh, periodSeconds, isNewWindow);
    }
  }

  /** For a rehearsal. */
  copy(): OwnFigures {
    const copy = new OwnFigures(this.#nominalPh);
    copy.#parts = this.#parts;
    copy.#level = this.#level;
    copy.#percent = this.#percent;
    copy.#poolNumber = this.#poolNumber;
    copy.#settledAtMs = this.#settledAtMs;
    return copy;
  }

  #interrupt(nowMs: number, seconds: number): void {
    this.#parts = [];
    this.#settledAtMs = Math.max(this.#settledAtMs, nowMs + seconds * 1000);
  }

  #judge(part: number, periodSeconds: number | null, isNewWindow: boolean): void {
    const isLong = periodSeconds !== null && periodSeconds >= 60;
    const enough = isLong ? READINGS : SHORT_READINGS;
    // What has just come back to strength is not judged by what it had before.
    const hasRecovered = this.#level === "weak" && part >= STRONG_FROM;
    this.#parts = hasRecovered ? [part] : [...this.#parts, part].slice(-enough);
    const isEnough = this.#parts.length === enough;
    const average = this.#parts.reduce((sum, part) => sum + part, 0) / this.#parts.length;

    // Half of its hashrate no machine loses by chance: that must not wait for an average.
    const isWeak = part < (this.#level === "weak" ? STRONG_FROM : WEAK_BELOW);
    const isSlow = this.#level !== "sound"
      ? !isEnough || average < SOUND_FROM
      // An average since the start says little of now.
      : periodSeconds !== null && average < (isEnough ? SLOW_BELOW : isLong ? SURELY_SLOW_BELOW : 0);
    const level = isWeak ? "weak" : isSlow ? "slow" : "sound";
    this.#adopt(level, level === "sound" ? 100 : wholePercent(isWeak ? part : average), isNewWindow);
  }

  #adopt(level: FigureLevel, percent: number, isNewWindow: boolean): void {
    const rise = LEVELS.indexOf(this.#level) - LEVELS.indexOf(level);
    if (rise > 0 && !isNewWindow) return;
    this.#level = level;
    if (rise > 0 || percent < this.#percent || isNewWindow && percent >= this.#percent + RISE_PERCENT) {
      this.#percent = percent;
    }
  }
}

/** Rounded down, but for the noise of doubles, and below nominal. */
function wholePercent(part: number): number {
  return Math.min(99, Math.floor(part * 100 + 1e-9));
}
