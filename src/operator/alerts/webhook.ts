/**
 * Sends alerts to a webhook, one at a time, with retries.
 *
 * The webhook's URL is a secret, since anyone who knows it can post. Only its host is ever logged.
 *
 * @module
 */

import type { WebhookConfig } from "../../config/hooks.ts";
import { FailureLog } from "../../lib/failure_log.ts";
import { fetchFailure } from "../../lib/errors.ts";
import type { LogFields, Logger } from "../../lib/log.ts";
import { redactUrls } from "../../lib/redact.ts";
import { VERSION } from "../../version.ts";
import type { Alert } from "./alert.ts";
import { type AlertNotification, webhookBody } from "./message.ts";
import { type Message, Outbox } from "./outbox.ts";

/** Constructor options of {@link WebhookSender}. */
export interface WebhookSenderParts {
  readonly log: Logger;
  /**
   * Called after each try and for each notification that is given up, with the reason of the failure (`null` on success)
   * and whether the notification is lost. Must not throw.
   */
  readonly onTried?: (error: string | null, isLost: boolean) => void;
  /** @default globalThis.fetch */
  readonly fetch?: typeof fetch;
  /** Resolves after this time or when the signal aborts. @default a timer */
  readonly sleep?: (ms: number, signal: AbortSignal) => Promise<void>;
  /** Milliseconds since 1970. @default Date.now */
  readonly nowMs?: () => number;
  /** Milliseconds on a clock that never goes back. @default performance.now */
  readonly monotonicMs?: () => number;
  /** @default 10_000 */
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 10_000;
const FIRST_DELAY_MS = 2_000;
const MAX_DELAY_MS = 60_000;
/** The longest `Retry-After` that is respected. */
const MAX_RETRY_AFTER_MS = 5 * 60_000;
/** How long the end of an alert is retried. Its beginning is retried while it lasts. */
const OVER_PATIENCE_MS = 60 * 60_000;

/** The result of one try. */
type Answer =
  | { readonly kind: "accepted" }
  /** A retry may help, after `afterMs` if the service asks for it. */
  | { readonly kind: "retry"; readonly why: string; readonly afterMs: number }
  | { readonly kind: "refused"; readonly why: string };

/** Sends notifications in the order of {@link Outbox}. Failures are logged, never thrown. */
export class WebhookSender {
  readonly #log: Logger;
  readonly #onTried: NonNullable<WebhookSenderParts["onTried"]>;
  readonly #fetch: typeof fetch;
  readonly #sleep: NonNullable<WebhookSenderParts["sleep"]>;
  readonly #nowMs: () => number;
  readonly #monotonicMs: () => number;
  readonly #timeoutMs: number;
  readonly #failures: FailureLog;
  #config: WebhookConfig | null = null;
  #outbox = new Outbox();
  /** Resolves when nothing waits any more; `null` while idle. */
  #working: Promise<void> | null = null;
  /** Wakes up the wait for the next try. */
  #alarm = new AbortController();
  #isStopped = false;
  /** Aborts the current request. */
  readonly #abandon = new AbortController();

  constructor(parts: WebhookSenderParts) {
    this.#log = parts.log;
    this.#onTried = parts.onTried ?? (() => {});
    this.#fetch = parts.fetch ?? globalThis.fetch;
    this.#sleep = parts.sleep ?? sleepFor;
    this.#nowMs = parts.nowMs ?? Date.now;
    this.#monotonicMs = parts.monotonicMs ?? (() => performance.now());
    this.#timeoutMs = parts.timeoutMs ?? TIMEOUT_MS;
    this.#failures = new FailureLog(this.#nowMs);
  }

  /**
   * Sends to this webhook from now on, or to none. Notifications that wait for another one are dropped.
   *
   * @returns whether the webhook changed.
   */
  use(config: WebhookConfig | null): boolean {
    if (config?.url === this.#config?.url && config?.format === this.#config?.format) return false;
    this.#config = config;
    this.#outbox = new Outbox();
    this.#alarm.abort();
    return true;
  }

  /** Queues a notification, if there is a webhook. */
  send(notification: AlertNotification): void {
    if (this.#isStopped || this.#config === null) return;
    const overtaken = this.#outbox.add(notification, this.#monotonicMs());
    if (overtaken !== null) this.#overtaken(overtaken, this.#config);
    this.#alarm.abort();
    this.#working ??= this.#work();
  }

  /** Updates the text of an alert whose beginning has not been delivered yet. */
  renew(alert: Alert): void {
    this.#outbox.renew(alert);
  }

  /** Resolves when all notifications have been sent or given up; while the service is down, only after the alerts end. */
  async settled(): Promise<void> {
    await this.#working;
  }

  /** Stops; tries waiting notifications once more, for at most this long. */
  async stop(patienceMs: number): Promise<void> {
    this.#isStopped = true;
    this.#alarm.abort();
    const timer = setTimeout(() => this.#abandon.abort(), patienceMs);
    await this.settled();
    clearTimeout(timer);
  }

  async #work(): Promise<void> {
    for (;;) {
      const outbox = this.#outbox;
      const message = outbox.take(this.#isStopped ? Infinity : this.#monotonicMs());
      if (message !== null && this.#config !== null) {
        await this.#try(message, outbox, this.#config);
        continue;
      }
      const { dueMs } = outbox;
      if (dueMs === null) break;
      this.#alarm = new AbortController();
      await this.#sleep(Math.max(0, dueMs - this.#monotonicMs()), this.#alarm.signal);
    }
    this.#working = null;
  }

  async #try(message: Message, outbox: Outbox, config: WebhookConfig): Promise<void> {
    const { notification, addedAtMs, tries } = message;
    const fields = fieldsOf(notification, config);
    const answer = await this.#post(notification, config);
    if (answer.kind === "accepted") {
      outbox.accepted();
      this.#onTried(null, false);
      this.#failures.succeeded(this.#log, "webhook", "Webhook takes alerts again", { to: fields.to });
      this.#log.info("Alert sent", fields);
      return;
    }
    const { why } = answer;
    const { to } = fields;
    this.#failures.failed(this.#log, "webhook", "Webhook does not take alerts", why, { to }, "warning");
    const nowMs = this.#monotonicMs();
    const isStale = notification.state === "over" && nowMs - addedAtMs >= OVER_PATIENCE_MS;
    if (answer.kind === "refused" || isStale || this.#isStopped) {
      outbox.refused();
      this.#lost(notification, config, why);
      return;
    }
    const delayMs = Math.min(FIRST_DELAY_MS * 2 ** Math.min(tries, 10), MAX_DELAY_MS);
    const pauseMs = Math.min(answer.afterMs, MAX_RETRY_AFTER_MS);
    if (pauseMs > 0) outbox.pause(nowMs + pauseMs);
    if (!outbox.failed(why, nowMs + delayMs)) {
      this.#overtaken({ ...message, why }, config);
      return;
    }
    this.#onTried(why, false);
    this.#log.debug("Alert not sent yet", {
      ...fields,
      error: why,
      retry_in_ms: Math.max(delayMs, pauseMs),
    });
  }

  async #post(notification: AlertNotification, config: WebhookConfig): Promise<Answer> {
    if (this.#abandon.signal.aborted) return { kind: "refused", why: "the agent stopped" };
    if (!URL.canParse(config.url)) return { kind: "refused", why: "it is not a URL; correct webhook" };
    const timeout = new AbortController();
    const timer = setTimeout(() => timeout.abort(), this.#timeoutMs);
    try {
      const response = await this.#fetch(config.url, {
        method: "POST",
        headers: { "content-type": "application/json", "user-agent": `ih-miner/${VERSION}` },
        body: webhookBody(notification, config.format),
        redirect: "manual",
        signal: AbortSignal.any([timeout.signal, this.#abandon.signal]),
      });
      // Do not read the body: services may quote the URL in it.
      await response.body?.cancel();
      return judge(response, this.#nowMs());
    } catch (error) {
      if (this.#abandon.signal.aborted) return { kind: "refused", why: "the agent stopped" };
      const why = timeout.signal.aborted
        ? `no answer within ${this.#timeoutMs / 1000} s`
        : withoutSecrets(fetchFailure(error), config.url);
      return { kind: "retry", why, afterMs: 0 };
    } finally {
      clearTimeout(timer);
    }
  }

  /** Logs a dropped notification: a beginning is lost; an end is obsolete, since the alert has begun again. */
  #overtaken({ notification, why }: Message, config: WebhookConfig): void {
    if (notification.state === "over") {
      this.#log.debug("Alert is not over any longer", fieldsOf(notification, config));
    } else {
      this.#lost(
        notification,
        config,
        `it was over before it could be sent${why === null ? "" : `: ${why}`}`,
      );
    }
  }

  #lost(notification: AlertNotification, config: WebhookConfig, why: string): void {
    this.#onTried(why, true);
    const { title, text } = notification.alert;
    this.#log.error("Alert could not be sent", {
      ...fieldsOf(notification, config),
      error: why,
      title,
      text,
    });
  }
}

function judge({ ok, status, headers }: Response, nowMs: number): Answer {
  if (ok) return { kind: "accepted" };
  if (status === 408 || status === 429 || status >= 500) {
    // A date is meant by the service's clock; the host's may be wrong.
    const serviceMs = Date.parse(headers.get("date") ?? "");
    const afterMs = retryAfterMs(headers.get("retry-after"), Number.isNaN(serviceMs) ? nowMs : serviceMs);
    return { kind: "retry", why: `it answered with HTTP ${status}`, afterMs };
  }
  const hint = status < 400
    ? "a redirect, which is not followed; set webhook to its target"
    : "correct webhook and webhook_format";
  return { kind: "refused", why: `it answered with HTTP ${status}: ${hint}` };
}

/** Parses seconds or a date; 0 for anything else and for the past. */
function retryAfterMs(text: string | null, nowMs: number): number {
  if (text === null) return 0;
  const ms = /^\s*\d+(\.\d+)?\s*$/.test(text) ? Number(text) * 1000 : Date.parse(text) - nowMs;
  return Number.isNaN(ms) ? 0 : Math.max(0, ms);
}

function fieldsOf({ state, alert }: AlertNotification, config: WebhookConfig): LogFields {
  const { kind, subject } = alert;
  return { kind, subject: subject === "" ? undefined : subject, state, to: hostOf(config.url) };
}

function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : "the webhook";
}

/** Removes all parts of the URL except the host from an error message. */
function withoutSecrets(message: string, url: string): string {
  const { pathname, search, username, password } = new URL(url);
  const secrets = [pathname, search, username, password].filter(({ length }) => length > 1);
  return redactUrls(secrets.reduce((text, secret) => text.replaceAll(secret, "…"), message));
}

function sleepFor(ms: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  const wake = (): void => {
    clearTimeout(timer);
    resolve();
  };
  if (signal.aborted) wake();
  signal.addEventListener("abort", wake, { once: true });
  return promise.finally(() => signal.removeEventListener("abort", wake));
}
