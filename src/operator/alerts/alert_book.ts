/**
 * Tracks which alerts begin and end. Pure.
 *
 * @module
 */

import { type Alert, identityOf } from "./alert.ts";

/** The beginning or the end of an alert. Times are in milliseconds since 1970. */
export interface AlertChange {
  readonly state: "begun" | "over";
  /** With its latest text. */
  readonly alert: Alert;
  readonly beganAtMs: number;
  /** When it was first missing; `null` at its beginning. */
  readonly endedAtMs: number | null;
}

/** How long an alert must be missing to be over. */
const QUIET_MS = 60_000;
/** The limit for that time, which doubles each time the alert returns within {@link CALM_MS}. */
const MAX_QUIET_MS = 30 * 60_000;
/** After this long it counts as a new alert. */
const CALM_MS = 60 * 60_000;

interface Entry {
  readonly alert: Alert;
  readonly beganAtMs: number;
  /** Since when it is missing; `null` while it is active. */
  readonly goneSinceMs: number | null;
  /** How long it must be missing to be over. */
  readonly quietMs: number;
  /** Whether its end was reported. */
  readonly isOver: boolean;
}

/**
 * Remembers the reported alerts. An alert begins as soon as it is active and is over after it has been missing for a minute.
 * If it keeps returning, that time grows up to half an hour, so that a flapping condition is reported only a few times.
 */
export class AlertBook {
  readonly #entries = new Map<string, Entry>();

  /**
   * Compares the active alerts with the remembered ones; returns ends before beginnings.
   *
   * @param nowMs by a clock that never steps.
   */
  update(active: readonly Alert[], nowMs: number): AlertChange[] {
    const there = new Map(active.map((alert) => [identityOf(alert), alert]));
    const changes: AlertChange[] = [];
    for (const [identity, entry] of this.#entries) {
      if (!there.has(identity)) changes.push(...this.#noteGone(identity, entry, nowMs));
    }
    for (const [identity, alert] of there) changes.push(...this.#noteThere(identity, alert, nowMs));
    return changes;
  }

  #noteThere(identity: string, alert: Alert, nowMs: number): AlertChange[] {
    const former = this.#entries.get(identity);
    if (former !== undefined && !former.isOver) {
      this.#entries.set(identity, { ...former, alert, goneSinceMs: null });
      return [];
    }
    const quietMs = former === undefined ? QUIET_MS : Math.min(2 * former.quietMs, MAX_QUIET_MS);
    this.#entries.set(identity, { alert, beganAtMs: nowMs, goneSinceMs: null, quietMs, isOver: false });
    return [{ state: "begun", alert, beganAtMs: nowMs, endedAtMs: null }];
  }

  #noteGone(identity: string, entry: Entry, nowMs: number): AlertChange[] {
    const { alert, beganAtMs, quietMs, isOver } = entry;
    const goneSinceMs = entry.goneSinceMs ?? nowMs;
    const goneMs = nowMs - goneSinceMs;
    if (isOver) {
      if (goneMs >= CALM_MS) this.#entries.delete(identity);
      return [];
    }
    const isNowOver = goneMs >= quietMs;
    this.#entries.set(identity, { ...entry, goneSinceMs, isOver: isNowOver });
    return isNowOver ? [{ state: "over", alert, beganAtMs, endedAtMs: goneSinceMs }] : [];
  }
}
