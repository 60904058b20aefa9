/**
 * Logs repeated failures: the first in full, then ever rarer summaries, then the recovery.
 *
 * @module
 */

import type { LogFields, Logger } from "./log.ts";

/** The log level of a failure. */
export type FailureLevel = "error" | "warning";

interface Streak {
  readonly message: string;
  readonly level: FailureLevel;
  /** ISO 8601. */
  readonly since: string;
  count: number;
}

/** Tracks one series of failures for each subject, such as a job. */
export class FailureLog {
  readonly #streaks = new Map<string, Streak>();

  constructor(private readonly nowMs: () => number) {}

  /**
   * Logs a failure. The first of a series is logged in full, the 2nd, 4th, 8th, … as a summary, the others at
   * level debug. Another message or level starts a new series.
   *
   * @returns whether the failure was logged at `level`.
   */
  failed(
    log: Logger,
    subject: string,
    event: string,
    message: string,
    fields: LogFields = {},
    level: FailureLevel = "error",
  ): boolean {
    const streak = this.#streaks.get(subject);
    if (streak === undefined || streak.message !== message || streak.level !== level) {
      const since = new Date(this.nowMs()).toISOString();
      this.#streaks.set(subject, { message, level, since, count: 1 });
      log[level](event, { ...fields, error: message });
      return true;
    }
    streak.count++;
    const { count: times, since } = streak;
    if (Number.isInteger(Math.log2(times))) {
      log[level](`${event} again`, { ...fields, error: message, times, since });
      return true;
    }
    log.debug(event, { ...fields, error: message, times });
    return false;
  }

  /** Logs that a series of failures ended; returns whether there was one. */
  succeeded(log: Logger, subject: string, event: string, fields: LogFields = {}): boolean {
    const streak = this.#streaks.get(subject);
    if (streak === undefined) return false;
    this.#streaks.delete(subject);
    log.info(event, { ...fields, failures: streak.count, since: streak.since });
    return true;
  }
}
