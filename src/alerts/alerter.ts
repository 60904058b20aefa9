/**
 * Tells a webhook when something is wrong and when it is over.
 *
 * @module
 */

import type { Logger } from "../lib/log.ts";
import type { StatusReport } from "../telemetry/status_report.ts";
import { activeAlerts, type AlertOptions } from "./alert.ts";
import { AlertBook } from "./alert_book.ts";
import { notificationOf } from "./message.ts";
import { type WebhookConfig, WebhookSender, type WebhookSenderParts } from "./webhook.ts";

/** Where alerts go, and what they go by. */
export interface AlertsConfig extends AlertOptions {
  readonly webhook: WebhookConfig;
}

/** What {@link Alerter} is made with. */
export interface AlerterParts extends WebhookSenderParts {
  readonly log: Logger;
  /** The status at this moment. */
  readonly report: () => StatusReport;
  /** Milliseconds since 1970. */
  readonly nowMs: () => number;
}

/** Compares the status with what was said before. */
export class Alerter {
  readonly #log: Logger;
  readonly #report: () => StatusReport;
  readonly #nowMs: () => number;
  readonly #sender: WebhookSender;
  #book = new AlertBook();
  #isBroken = false;

  constructor(parts: AlerterParts) {
    this.#log = parts.log;
    this.#report = parts.report;
    this.#nowMs = parts.nowMs;
    this.#sender = new WebhookSender(parts);
  }

  /**
   * Looks whether alerts began or are over. Never throws: the daemon does not stumble over those who watch it.
   *
   * @param config `null`: nobody is to be told. What was said is forgotten then.
   */
  check(config: AlertsConfig | null): void {
    if (config === null) {
      this.#book = new AlertBook();
      return;
    }
    try {
      const report = this.#report();
      for (const change of this.#book.update(activeAlerts(report, config), this.#nowMs())) {
        this.#sender.send(notificationOf(change, report), config.webhook);
      }
      this.#isBroken = false;
    } catch (error) {
      if (!this.#isBroken) this.#log.error("Alerts cannot be checked", { error });
      this.#isBroken = true;
    }
  }

  /** Resolves when all that was found has been sent or given up. */
  async settled(): Promise<void> {
    await this.#sender.settled();
  }

  /** No more alerts; what waits is tried once, as far as that is done in so long. */
  async stop(patienceMs: number): Promise<void> {
    await this.#sender.stop(patienceMs);
  }
}
