/**
 * Derives from a machine's own figures what it counts for. Pure.
 *
 * @module
 */

import type { MinerSummary } from "./cgminer_summary.ts";

// Shares of the nominal hashrate.
/** Below this share a machine is slow and counts with its own figure, until it is at `SOUND_FROM` again. */
const SLOW_BELOW = 0.97;
const SOUND_FROM = 0.99;
/** Below this share it is weak and used only if the others do not suffice, until it is at `STRONG_FROM` again. */
const WEAK_BELOW = 0.5;
const STRONG_FROM = 0.8;
/** Single figures of at least a minute may be off by a few percent, but not below this share. */
const SURELY_SLOW_BELOW = 0.9;

/** A machine is judged only after running, or working again, for this long. */
const WARM_UP_SECONDS = 300;
/** A slowly averaging figure is meaningful only after this many of its periods. */
const WARM_UP_PERIODS = 5;
/** A change of pool interrupts the work for seconds, which affects the figures for this long. */
const SETTLE_SECONDS = 120;

/** Figures fluctuate: this many of at least a minute are averaged. */
const READINGS = 5;
/** This many shorter figures are averaged. */
const SHORT_READINGS = 10;
/** A slow machine counts for more only after a rise of this many percent: the next window may lower it. */
const RISE_PERCENT = 3;

/** From best to worst. */
const LEVELS = ["sound", "slow", "weak"] as const;

/** `sound`: counts at nominal. See {@link import("./fleet_report.ts").MinerProblemKind} for the others. */
export type FigureLevel = typeof LEVELS[number];

/** The figures of one survey. */
export interface FigureReading {
  readonly summary: MinerSummary;
  /** The pool it mines at; `null` if none is alive, so that it has no work. */
  readonly poolNumber: number | null;
  readonly nowMs: number;
  readonly isNewWindow: boolean;
}

/**
 * The figures of one machine over several surveys.
 *
 * The counted share is rounded down to whole percents of nominal and never above nominal. Within a window it is only lowered,
 * so that fluctuating figures may add machines but never remove one that delivers.
 */
export class OwnFigures {
  readonly #nominalPh: number;
  /** The latest figures, as shares of nominal. */
  #parts: readonly number[] = [];
  #level: FigureLevel = "sound";
  #percent = 100;
  /** `undefined` before the first survey: the machine is assumed to have worked at its pool since its start. */
  #poolNumber: number | null | undefined = undefined;
  /** By the monotonic clock: until then, the figures include an interruption. */
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

  /** The counted share of nominal in percent, 0 to 100. */
  get percent(): number {
    return this.#percent;
  }

  /** Notes that it did not answer, so that its work since then is unknown. */
  noteSilence(nowMs: number): void {
    this.#interrupt(nowMs, WARM_UP_SECONDS);
  }

  /** Notes the pool it mines at; `null` for none. */
  notePool(poolNumber: number | null, nowMs: number): void {
    const hasMoved = this.#poolNumber !== undefined && this.#poolNumber !== poolNumber;
    this.#poolNumber = poolNumber;
    if (hasMoved) this.#interrupt(nowMs, SETTLE_SECONDS);
  }

  /** Notes an answer. */
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

  /** A copy for a dry run. */
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
    // A machine that has just recovered is not judged by its earlier figures.
    const hasRecovered = this.#level === "weak" && part >= STRONG_FROM;
    this.#parts = hasRecovered ? [part] : [...this.#parts, part].slice(-enough);
    const isEnough = this.#parts.length === enough;
    const average = this.#parts.reduce((sum, part) => sum + part, 0) / this.#parts.length;

    // A machine does not lose half of its hashrate by chance: do not wait for an average.
    const isWeak = part < (this.#level === "weak" ? STRONG_FROM : WEAK_BELOW);
    const isSlow = this.#level !== "sound"
      ? !isEnough || average < SOUND_FROM
      // An average since the start does not reflect the present.
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

/** Rounds down, ignoring the noise of doubles, to below nominal. */
function wholePercent(part: number): number {
  return Math.min(99, Math.floor(part * 100 + 1e-9));
}
