/**
 * Failures that repeat: the first is logged in full, then ever rarer summaries, then that it is over.
 *
 * @module
 */

import type { LogFields, Logger } from "./log.ts";

/** How bad failures are. */
export type FailureLevel = "error" | "warning";

interface Streak {
  readonly message: string;
  readonly level: FailureLevel;
  readonly sinceMs: number;
  count: number;
}

/** One series of failures for each subject, such as a job. */
export class FailureLog {
  readonly #streaks = new Map<string, Streak>();

  constructor(private readonly nowMs: () => number) {}

  /**
   * Logs a failure: the first of its kind in full, of the identical ones that follow the 2nd, 4th, 8th, … as a
   * summary. One of another level is of another kind.
   *
   * @param level how bad it is.
   * @returns whether the log says so: the others are among its debug lines.
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
      this.#streaks.set(subject, { message, level, sinceMs: this.nowMs(), count: 1 });
      log[level](event, { ...fields, error: message });
      return true;
    }
    streak.count++;
    if (Number.isInteger(Math.log2(streak.count))) {
      log[level](`${event} again`, {
        ...fields,
        error: message,
        times: streak.count,
        since: isoTime(streak.sinceMs),
      });
      return true;
    }
    log.debug(event, { ...fields, error: message, times: streak.count });
    return false;
  }

  /**
   * Logs that a series is over, if there was one.
   *
   * @returns whether there was.
   */
  succeeded(log: Logger, subject: string, event: string, fields: LogFields = {}): boolean {
    const streak = this.#streaks.get(subject);
    if (streak === undefined) return false;
    this.#streaks.delete(subject);
    log.info(event, { ...fields, failures: streak.count, since: isoTime(streak.sinceMs) });
    return true;
  }
}

function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}
