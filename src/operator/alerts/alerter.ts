/**
 * Reports the beginning and end of alerts to a webhook.
 *
 * @module
 */

import { ConfigError } from "../../config/errors.ts";
import type { WebhookConfig } from "../../config/hooks.ts";
import type { Config } from "../../config/load.ts";
import type { DaemonEvent } from "../../agent/events.ts";
import type { HostClock } from "../../lib/clock.ts";
import type { Logger } from "../../lib/log.ts";
import type { StatusReport } from "../status/status_report.ts";
import { activeAlerts, type AlertOptions } from "./alert.ts";
import { AlertBook, type AlertChange } from "./alert_book.ts";
import { notificationOf } from "./message.ts";
import { WebhookSender, type WebhookSenderParts } from "./webhook.ts";

/** The webhook and the options of alerts. */
export interface AlertsConfig extends AlertOptions {
  readonly webhook: WebhookConfig;
}

/** Constructor options of {@link Alerter}. */
export interface AlerterParts extends WebhookSenderParts {
  readonly log: Logger;
  /** Returns the current status. */
  readonly report: () => StatusReport;
  readonly clock: HostClock;
}

/** Compares the status with the alerts reported before. */
export class Alerter {
  readonly #log: Logger;
  readonly #report: () => StatusReport;
  readonly #clock: HostClock;
  readonly #sender: WebhookSender;
  #book = new AlertBook();
  #isBroken = false;
  #config: AlertsConfig | null = null;

  constructor(parts: AlerterParts) {
    this.#log = parts.log;
    this.#report = parts.report;
    this.#clock = parts.clock;
    this.#sender = new WebhookSender(parts);
  }

  /** Observes the service and checks the alerts after each event. */
  readonly observe = (event: DaemonEvent): void => {
    if (event.kind === "settings-read") this.#config = alertsConfigOf(event.settings.config);
    // Heads are frequent and do not change alerts; runs come every minute.
    if (event.kind !== "head-seen") this.check(this.#config);
  };

  /**
   * Reports alerts that began or are over. Never throws.
   *
   * @param config `null` without a webhook. A changed webhook gets all active alerts.
   */
  check(config: AlertsConfig | null): void {
    if (this.#sender.use(config?.webhook ?? null)) this.#book = new AlertBook();
    if (config === null) return;
    try {
      const report = this.#report();
      const active = activeAlerts(report, config);
      for (const change of this.#book.update(active, this.#clock.steadyMs())) {
        this.#sender.send(notificationOf(this.#byHostClock(change), report));
      }
      for (const alert of active) this.#sender.renew(alert);
      this.#isBroken = false;
    } catch (error) {
      if (!this.#isBroken) this.#log.error("Alerts cannot be checked", { error });
      this.#isBroken = true;
    }
  }

  /** With times for people. */
  #byHostClock(change: AlertChange): AlertChange {
    const { beganAtMs, endedAtMs } = change;
    return {
      ...change,
      beganAtMs: this.#clock.wallMs(beganAtMs),
      endedAtMs: endedAtMs === null ? null : this.#clock.wallMs(endedAtMs),
    };
  }

  /** Resolves when all notifications have been sent or given up. */
  async settled(): Promise<void> {
    await this.#sender.settled();
  }

  /** Stops; tries waiting notifications once more, for at most this long. */
  async stop(patienceMs: number): Promise<void> {
    await this.#sender.stop(patienceMs);
  }
}

/** The options of alerts; `null` without a webhook. While `[workers]` is invalid, the bid stays on the chain. */
function alertsConfigOf({ alerting, workers }: Config): AlertsConfig | null {
  if (alerting === null) return null;
  return { ...alerting, isSelling: workers instanceof ConfigError || workers.enabled };
}
