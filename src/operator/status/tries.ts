/**
 * Counts the calls and failures of a repeated action, and its current streak of failures. Pure.
 *
 * @module
 */

import { redactUrls } from "../../lib/redact.ts";

/** A series of failures with no success since. */
export interface FailureStreak {
  readonly sinceMs: number;
  readonly times: number;
  /** Why the last one failed. */
  readonly error: string;
}

/** Counts since the agent started, or since the action's configuration changed. */
export interface Tries {
  readonly calls: number;
  readonly failures: number;
  /** `null` when the last call succeeded or there was none. */
  readonly failing: FailureStreak | null;
}

/** A {@link FailureStreak} in a report. */
export interface StreakReport {
  readonly since: string;
  readonly times: number;
  readonly error: string;
}

/** No calls yet. */
export const NO_TRIES: Tries = { calls: 0, failures: 0, failing: null };

/** Counts one call. @param error why it failed; `null`: it succeeded. */
export function countTry({ calls, failures, failing }: Tries, error: string | null, nowMs: number): Tries {
  return {
    calls: calls + 1,
    failures: error === null ? failures : failures + 1,
    failing: continueStreak(failing, error, nowMs),
  };
}

/** The streak after one more call. @param error why it failed; `null`: it succeeded. */
export function continueStreak(
  streak: FailureStreak | null,
  error: string | null,
  nowMs: number,
): FailureStreak | null {
  if (error === null) return null;
  return { sinceMs: streak?.sinceMs ?? nowMs, times: (streak?.times ?? 0) + 1, error };
}

/** The streak for a report, its time as `iso` writes it; URLs are cut to their hosts. */
export function reportStreak(
  streak: FailureStreak | null,
  iso: (ms: number) => string,
): StreakReport | null {
  if (streak === null) return null;
  const { sinceMs, times, error } = streak;
  return { since: iso(sinceMs), times, error: redactUrls(error) };
}
