/**
 * Sending alerts to a webhook: one after the other, again where the service had a bad moment.
 *
 * The webhook's URL is a secret: whoever knows it can post. Of it only the host is ever logged.
 *
 * @module
 */

import type { Logger } from "../lib/log.ts";
import { redactUrls } from "../lib/redact.ts";
import { VERSION } from "../version.ts";
import { type AlertNotification, webhookBody, type WebhookFormat } from "./message.ts";
import { WorkQueue } from "../lib/work_queue.ts";
import { asError } from "../lib/errors.ts";

export { WEBHOOK_FORMATS, type WebhookFormat } from "./message.ts";

/** Where alerts are sent. */
export interface WebhookConfig {
  /** `http:` or `https:`; a secret. */
  readonly url: string;
  readonly format: WebhookFormat;
}

/** What {@link WebhookSender} is made with. */
export interface WebhookSenderParts {
  readonly log: Logger;
  /** @default globalThis.fetch */
  readonly fetch?: typeof fetch;
  /** Waits, or until the signal. @default by a timer */
  readonly sleep?: (ms: number, signal: AbortSignal) => Promise<void>;
  /** Milliseconds since 1970. @default Date.now */
  readonly nowMs?: () => number;
  /** An answer is waited for so long. @default 10_000 */
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 10_000;
const MAX_TRIES = 8;
const FIRST_DELAY_MS = 2_000;
const MAX_DELAY_MS = 60_000;
/** A service that asks for more patience gets so much. */
const MAX_RETRY_AFTER_MS = 5 * 60_000;
/** Notifications that wait; the newest count. */
const MAX_WAITING = 50;

/** One notification on its way. */
interface Delivery {
  readonly notification: AlertNotification;
  readonly config: WebhookConfig;
}

/** How one try ended. */
type Answer =
  | { readonly kind: "accepted" }
  /** Another try may help; `afterMs`: as long as the service asks for. */
  | { readonly kind: "retry"; readonly why: string; readonly afterMs: number }
  | { readonly kind: "refused"; readonly why: string };

/** Sends in order. What goes wrong is logged, never thrown. */
export class WebhookSender {
  readonly #log: Logger;
  readonly #fetch: typeof fetch;
  readonly #sleep: NonNullable<WebhookSenderParts["sleep"]>;
  readonly #nowMs: () => number;
  readonly #timeoutMs: number;
  readonly #queue: WorkQueue<Delivery>;
  /** Ends waiting and trying again. */
  readonly #stop = new AbortController();
  /** Ends the request under way. */
  readonly #abandon = new AbortController();

  constructor(parts: WebhookSenderParts) {
    const { log, fetch = globalThis.fetch, sleep = sleepFor, nowMs = Date.now, timeoutMs = TIMEOUT_MS } =
      parts;
    this.#log = log;
    this.#fetch = fetch;
    this.#sleep = sleep;
    this.#nowMs = nowMs;
    this.#timeoutMs = timeoutMs;
    this.#queue = new WorkQueue({
      work: (delivery) => this.#deliver(delivery),
      maxWaiting: MAX_WAITING,
      onDropped: (delivery) => this.#lost(delivery, `more than ${MAX_WAITING} wait`),
    });
  }

  /** Queues a notification. With 50 waiting, the oldest of them is dropped. */
  send(notification: AlertNotification, config: WebhookConfig): void {
    if (this.#stop.signal.aborted) return;
    this.#queue.add({ notification, config });
  }

  /** Resolves when all has been sent or given up. */
  settled(): Promise<void> {
    return this.#queue.settled();
  }

  /** No more notifications. What waits is tried once, as far as that is done in so long. */
  async stop(patienceMs: number): Promise<void> {
    this.#stop.abort();
    const timer = setTimeout(() => this.#abandon.abort(), patienceMs);
    await this.#queue.settled();
    clearTimeout(timer);
  }

  async #deliver(delivery: Delivery): Promise<void> {
    for (let attempt = 1;; attempt++) {
      const answer = await this.#post(delivery);
      if (answer.kind === "accepted") {
        this.#log.info("Alert sent", fieldsOf(delivery));
        return;
      }
      if (answer.kind === "refused" || attempt === MAX_TRIES || this.#stop.signal.aborted) {
        this.#lost(delivery, answer.why);
        return;
      }
      const delayMs = Math.max(
        Math.min(FIRST_DELAY_MS * 2 ** (attempt - 1), MAX_DELAY_MS),
        Math.min(answer.afterMs, MAX_RETRY_AFTER_MS),
      );
      this.#log.debug("Alert not sent yet", {
        ...fieldsOf(delivery),
        error: answer.why,
        retry_in_ms: delayMs,
      });
      await this.#sleep(delayMs, this.#stop.signal);
    }
  }

  async #post({ notification, config }: Delivery): Promise<Answer> {
    if (this.#abandon.signal.aborted) return { kind: "refused", why: "the agent stopped" };
    if (!URL.canParse(config.url)) return { kind: "refused", why: "it is no URL; correct webhook" };
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
      // Services like to quote the address in what they answer.
      await response.body?.cancel();
      return judge(response, this.#nowMs());
    } catch (error) {
      if (this.#abandon.signal.aborted) return { kind: "refused", why: "the agent stopped" };
      const why = timeout.signal.aborted
        ? `no answer within ${this.#timeoutMs / 1000} s`
        : withoutSecrets(asError(error).message, config.url);
      return { kind: "retry", why, afterMs: 0 };
    } finally {
      clearTimeout(timer);
    }
  }

  #lost(delivery: Delivery, why: string): void {
    const { title, text } = delivery.notification.alert;
    this.#log.error("Alert could not be sent", { ...fieldsOf(delivery), error: why, title, text });
  }
}

function judge({ ok, status, headers }: Response, nowMs: number): Answer {
  if (ok) return { kind: "accepted" };
  if (status === 408 || status === 429 || status >= 500) {
    const afterMs = retryAfterMs(headers.get("retry-after"), nowMs);
    return { kind: "retry", why: `it answered with HTTP ${status}`, afterMs };
  }
  const hint = status < 400
    ? "a redirect, which is not followed; set webhook to the address it leads to"
    : "correct webhook and webhook_format";
  return { kind: "refused", why: `it answered with HTTP ${status}: ${hint}` };
}

/** Seconds or a date; 0 when it is neither, or over. */
function retryAfterMs(text: string | null, nowMs: number): number {
  if (text === null) return 0;
  const ms = /^\s*\d+(\.\d+)?\s*$/.test(text) ? Number(text) * 1000 : Date.parse(text) - nowMs;
  return Number.isNaN(ms) ? 0 : Math.max(0, ms);
}

function fieldsOf({ notification: { state, alert }, config }: Delivery): Record<string, unknown> {
  const { kind, subject } = alert;
  return { kind, subject: subject === "" ? undefined : subject, state, to: hostOf(config.url) };
}

function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : "the webhook";
}

/** What went wrong, without any part of the address but the host. */
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
