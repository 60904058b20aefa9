/**
 * Which alerts began and which are over since last time. Pure.
 *
 * @module
 */

import { type Alert, identityOf } from "./alert.ts";

/** An alert that began or is over. Times are in milliseconds since 1970. */
export interface AlertChange {
  readonly state: "begun" | "over";
  /** In its last words. */
  readonly alert: Alert;
  readonly beganAtMs: number;
  /** When it was first seen to be gone; `null` when it has begun. */
  readonly endedAtMs: number | null;
}

/** Gone for so long, an alert is over. */
const QUIET_MS = 60_000;
/** Each time it comes back within {@link CALM_MS}, it has to be gone for twice as long, and at most so long. */
const MAX_QUIET_MS = 30 * 60_000;
/** Gone for so long, it is a new alert. */
const CALM_MS = 60 * 60_000;

interface Entry {
  readonly alert: Alert;
  readonly beganAtMs: number;
  /** Since when it is gone; `null`: it is there. */
  readonly goneSinceMs: number | null;
  /** How long it has to be gone to be over. */
  readonly quietMs: number;
  /** Whether it was said to be over. */
  readonly isOver: boolean;
}

/**
 * Remembers what was said. An alert begins as soon as it is there. It is over when it was gone for a minute; where it
 * keeps coming back, that grows up to half an hour, so that a condition that flaps says so a few times and not for ever.
 */
export class AlertBook {
  readonly #entries = new Map<string, Entry>();

  /** Takes notice of all alerts there are now; what began stands behind what is over. */
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
