/**
 * Tells a webhook when something is wrong and when it is over.
 *
 * @module
 */

import { ConfigError } from "../../config/errors.ts";
import type { WebhookConfig } from "../../config/hooks.ts";
import type { Config } from "../../config/load.ts";
import type { DaemonEvent } from "../../agent/events.ts";
import type { Logger } from "../../lib/log.ts";
import type { StatusReport } from "../status/status_report.ts";
import { activeAlerts, type AlertOptions } from "./alert.ts";
import { AlertBook } from "./alert_book.ts";
import { notificationOf } from "./message.ts";
import { WebhookSender, type WebhookSenderParts } from "./webhook.ts";

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
  #config: AlertsConfig | null = null;

  constructor(parts: AlerterParts) {
    this.#log = parts.log;
    this.#report = parts.report;
    this.#nowMs = parts.nowMs;
    this.#sender = new WebhookSender(parts);
  }

  /** The daemon's observer: looks after each event whether there is something to tell. */
  readonly observe = (event: DaemonEvent): void => {
    if (event.kind === "settings-read") this.#config = alertsConfigOf(event.settings.config);
    // Runs come every minute, heads far more often and with nothing that an alert goes by.
    if (event.kind !== "head-seen") this.check(this.#config);
  };

  /**
   * Looks whether alerts began or are over. Never throws: the daemon does not stumble over those who watch it.
   *
   * @param config `null`: nobody is to be told. Another webhook's readers are told all that goes on.
   */
  check(config: AlertsConfig | null): void {
    if (this.#sender.use(config?.webhook ?? null)) this.#book = new AlertBook();
    if (config === null) return;
    try {
      const report = this.#report();
      const active = activeAlerts(report, config);
      for (const change of this.#book.update(active, this.#nowMs())) {
        this.#sender.send(notificationOf(change, report));
      }
      for (const alert of active) this.#sender.renew(alert);
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

/** What alerts go by; `null`: nobody is to be told. A bid that cannot be read from the configuration stays on the chain. */
function alertsConfigOf({ alerting, workers }: Config): AlertsConfig | null {
  if (alerting === null) return null;
  return { ...alerting, isSelling: workers instanceof ConfigError || workers.enabled };
}
