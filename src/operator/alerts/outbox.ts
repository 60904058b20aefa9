/**
 * Which notification goes to the webhook next, so that nothing that has just begun waits behind others' retries. Pure.
 *
 * @module
 */

import { type Alert, identityOf } from "./alert.ts";
import type { AlertNotification } from "./message.ts";

/** A notification that waits for a try, or is under way. Times are in milliseconds of a clock that never goes back. */
export interface Message {
  readonly notification: AlertNotification;
  readonly addedAtMs: number;
  /** Tries that failed. */
  readonly tries: number;
  /** Why the last of them failed; `null`: there was none. */
  readonly why: string | null;
  /** When it may be tried. */
  readonly dueMs: number;
}

/**
 * What waits, and what the webhook's readers have been told.
 *
 * - What was never tried comes first, and of that what begins.
 * - The notifications of one alert are delivered in the order in which they came.
 * - That an alert is over is only for those who were told that it began.
 * - That an alert began is told in its words of now, however long it has waited.
 * - What was overtaken before it could be delivered is dropped: a beginning by its end, an end by the next beginning.
 *   So of each alert at most one notification waits, beside one that is under way.
 */
export class Outbox {
  /** By identity. */
  readonly #waiting = new Map<string, Message>();
  /** The alerts that were told to have begun, and not yet to be over. */
  readonly #told = new Set<string>();
  #underWay: Message | null = null;
  #pausedUntilMs = -Infinity;

  /** When something may be tried; `null`: nothing waits. */
  get dueMs(): number | null {
    if (this.#waiting.size === 0) return null;
    const soonest = Math.min(...[...this.#waiting.values()].map(({ dueMs }) => dueMs));
    return Math.max(soonest, this.#pausedUntilMs);
  }

  /**
   * Puts a notification in.
   *
   * @returns what it has overtaken, which is dropped; `null`: nothing.
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

  /** An alert that goes on has other words now: where its beginning waits still, they are told. */
  renew(alert: Alert): void {
    const identity = identityOf(alert);
    const waiting = this.#waiting.get(identity);
    if (waiting?.notification.state !== "begun") return;
    this.#waiting.set(identity, { ...waiting, notification: { ...waiting.notification, alert } });
  }

  /** Takes out what is to be tried now; `null`: nothing is due. How that ended has to be said before the next one. */
  take(nowMs: number): Message | null {
    if (nowMs < this.#pausedUntilMs) return null;
    const [first] = [...this.#waiting.values()].filter(({ dueMs }) => dueMs <= nowMs).sort(inOrder);
    if (first === undefined) return null;
    this.#waiting.delete(identityOf(first.notification.alert));
    this.#underWay = first;
    return first;
  }

  /** The notification under way was delivered. */
  accepted(): void {
    const { identity, message } = this.#land();
    if (message.notification.state === "begun") this.#told.add(identity);
    else this.#told.delete(identity);
    this.#dropUntold(identity);
  }

  /**
   * The notification under way could not be delivered, and is to be tried again.
   *
   * @returns whether it waits for that; otherwise it was overtaken, and is dropped.
   */
  failed(why: string, dueMs: number): boolean {
    const { identity, message } = this.#land();
    const isOvertaken = this.#waiting.has(identity);
    if (isOvertaken) this.#dropUntold(identity);
    else this.#waiting.set(identity, { ...message, tries: message.tries + 1, why, dueMs });
    return !isOvertaken;
  }

  /** The notification under way can never be delivered: it is dropped. */
  refused(): void {
    const { identity, message } = this.#land();
    if (message.notification.state === "over") this.#told.delete(identity);
    this.#dropUntold(identity);
  }

  /** The service asks for patience: nothing is tried before. */
  pause(untilMs: number): void {
    this.#pausedUntilMs = Math.max(this.#pausedUntilMs, untilMs);
  }

  #land(): { readonly identity: string; readonly message: Message } {
    if (this.#underWay === null) throw new Error("Cannot end a try: none is under way; call take() first");
    const message = this.#underWay;
    this.#underWay = null;
    return { identity: identityOf(message.notification.alert), message };
  }

  /** Nobody needs the end of what he never heard of. */
  #dropUntold(identity: string): void {
    const isOver = this.#waiting.get(identity)?.notification.state === "over";
    if (isOver && !this.#told.has(identity)) this.#waiting.delete(identity);
  }
}

/** New ones first, then what has waited longest for its try; a beginning before an end. */
function inOrder(a: Message, b: Message): number {
  return Number(a.tries > 0) - Number(b.tries > 0) ||
    Number(a.notification.state === "over") - Number(b.notification.state === "over") ||
    a.dueMs - b.dueMs ||
    a.addedAtMs - b.addedAtMs;
}
