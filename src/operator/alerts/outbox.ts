/**
 * Decides which notification goes to the webhook next, so that new alerts do not wait behind retries. Pure.
 *
 * @module
 */

import { type Alert, identityOf } from "./alert.ts";
import type { AlertNotification } from "./message.ts";

/** A waiting notification, or the one being sent. Times are monotonic, in milliseconds. */
export interface Message {
  readonly notification: AlertNotification;
  readonly addedAtMs: number;
  /** Number of failed tries. */
  readonly tries: number;
  /** Why the last try failed; `null` before the first. */
  readonly why: string | null;
  /** When it may be sent. */
  readonly dueMs: number;
}

/**
 * The waiting notifications, and which beginnings have been delivered.
 *
 * - Notifications that were never tried come first, beginnings before ends.
 * - The notifications of one alert are delivered in order.
 * - The end of an alert is sent only if its beginning was delivered.
 * - A delayed beginning is sent with the current text of the alert.
 * - An overtaken notification is dropped: a beginning by its end, an end by the next beginning. So per alert at most one
 *   notification waits besides the one being sent.
 */
export class Outbox {
  /** By identity. */
  readonly #waiting = new Map<string, Message>();
  /** Alerts whose beginning was delivered, but not their end. */
  readonly #told = new Set<string>();
  #underWay: Message | null = null;
  #pausedUntilMs = -Infinity;

  /** When the next notification may be sent; `null` if none waits. */
  get dueMs(): number | null {
    if (this.#waiting.size === 0) return null;
    const soonest = Math.min(...[...this.#waiting.values()].map(({ dueMs }) => dueMs));
    return Math.max(soonest, this.#pausedUntilMs);
  }

  /**
   * Adds a notification.
   *
   * @returns the notification that it overtakes and replaces, or `null`.
   */
  add(notification: AlertNotification, nowMs: number): Message | null {
    const identity = identityOf(notification.alert);
    const overtaken = this.#waiting.get(identity) ?? null;
    this.#waiting.set(identity, { notification, addedAtMs: nowMs, tries: 0, why: null, dueMs: nowMs });
    if (this.#underWay === null || identityOf(this.#underWay.notification.alert) !== identity) {
      this.#dropUntold(identity);
    }
    return overtaken;
  }

  /** Updates the text of a beginning that still waits. */
  renew(alert: Alert): void {
    const identity = identityOf(alert);
    const waiting = this.#waiting.get(identity);
    if (waiting?.notification.state !== "begun") return;
    this.#waiting.set(identity, { ...waiting, notification: { ...waiting.notification, alert } });
  }

  /** Takes the next notification to send; `null` if none is due. Report its result before the next call. */
  take(nowMs: number): Message | null {
    if (nowMs < this.#pausedUntilMs) return null;
    const [first] = [...this.#waiting.values()].filter(({ dueMs }) => dueMs <= nowMs).sort(inOrder);
    if (first === undefined) return null;
    this.#waiting.delete(identityOf(first.notification.alert));
    this.#underWay = first;
    return first;
  }

  /** Reports that the notification was delivered. */
  accepted(): void {
    const { identity, message } = this.#land();
    if (message.notification.state === "begun") this.#told.add(identity);
    else this.#told.delete(identity);
    this.#dropUntold(identity);
  }

  /**
   * Reports that the notification failed and should be retried.
   *
   * @returns whether it waits for a retry; otherwise it was overtaken and is dropped.
   */
  failed(why: string, dueMs: number): boolean {
    const { identity, message } = this.#land();
    const isOvertaken = this.#waiting.has(identity);
    if (isOvertaken) this.#dropUntold(identity);
    else this.#waiting.set(identity, { ...message, tries: message.tries + 1, why, dueMs });
    return !isOvertaken;
  }

  /** Reports that the notification can never be delivered, and drops it. */
  refused(): void {
    const { identity, message } = this.#land();
    if (message.notification.state === "over") this.#told.delete(identity);
    this.#dropUntold(identity);
  }

  /** Sends nothing before this time, on request of the service. */
  pause(untilMs: number): void {
    this.#pausedUntilMs = Math.max(this.#pausedUntilMs, untilMs);
  }

  #land(): { readonly identity: string; readonly message: Message } {
    if (this.#underWay === null) {
      throw new Error("Cannot report a result: nothing is being sent; call take() first");
    }
    const message = this.#underWay;
    this.#underWay = null;
    return { identity: identityOf(message.notification.alert), message };
  }

  /** Drops an end whose beginning was never delivered. */
  #dropUntold(identity: string): void {
    const isOver = this.#waiting.get(identity)?.notification.state === "over";
    if (isOver && !this.#told.has(identity)) this.#waiting.delete(identity);
  }
}

/** New notifications first, beginnings before ends, then by time. */
function inOrder(a: Message, b: Message): number {
  return Number(a.tries > 0) - Number(b.tries > 0) ||
    Number(a.notification.state === "over") - Number(b.notification.state === "over") ||
    a.dueMs - b.dueMs ||
    a.addedAtMs - b.addedAtMs;
}
