/**
 * Everything that watches the agent: status, metrics, recent log lines, and the HTTP endpoint that shows them.
 *
 * @module
 */

import { Alerter, type AlertsConfig } from "../alerts/alerter.ts";
import type { Config } from "../config/load.ts";
import { ConfigError } from "../config/errors.ts";
import type { DaemonEvent } from "../daemon/events.ts";
import type { Logger } from "../lib/log.ts";
import { AgentStatus } from "./agent_status.ts";
import { HttpEndpoint } from "./http_endpoint.ts";
import { Metrics } from "./metrics.ts";
import { RecentLog } from "./recent_log.ts";
import { answer } from "./routes.ts";
import { reportStatus, type StatusReport } from "./status_report.ts";

/** The agent stops within 5 s. */
const ALERT_PATIENCE_MS = 1_000;

/** What {@link Telemetry} is made with. */
export interface TelemetryOptions {
  readonly log: Logger;
  /** Milliseconds since 1970. */
  readonly nowMs: () => number;
}

/** Watches one daemon. */
export class Telemetry implements AsyncDisposable {
  /** The daemon's log: what passes through it is shown among the recent events. */
  readonly log: Logger;
  readonly #nowMs: () => number;
  readonly #status: AgentStatus;
  readonly #recent: RecentLog;
  readonly #metrics: Metrics;
  readonly #endpoint: HttpEndpoint;
  readonly #alerter: Alerter;
  #alerts: AlertsConfig | null = null;

  constructor({ log, nowMs }: TelemetryOptions) {
    this.#nowMs = nowMs;
    this.#recent = new RecentLog(nowMs);
    this.log = this.#recent.listenTo(log);
    this.#status = new AgentStatus(nowMs());
    const report = (): StatusReport => this.report();
    this.#metrics = new Metrics({ report, residentBytes: () => Deno.memoryUsage().rss });
    const sources = {
      report,
      metrics: () => this.metricsText(),
      metricsContentType: this.#metrics.contentType,
    };
    this.#endpoint = new HttpEndpoint({ log: this.log, answer: (request) => answer(request, sources) });
    this.#alerter = new Alerter({ log: this.log, report, nowMs });
  }

  /** The daemon's observer. */
  readonly observe = (event: DaemonEvent): void => {
    this.#status.apply(event, this.#nowMs());
    this.#metrics.apply(event);
    if (event.kind === "settings-read") {
      const { config } = event.settings;
      this.#endpoint.listenOn(config.httpListen);
      this.#alerts = alertsOf(config);
    }
    // Runs come every minute, heads far more often and with nothing that an alert goes by.
    if (event.kind !== "head-seen") this.#alerter.check(this.#alerts);
  };

  /** The status at this moment. */
  report(): StatusReport {
    return reportStatus(this.#status, this.#recent, this.#nowMs());
  }

  /** The metrics at this moment, in Prometheus' text format. */
  metricsText(): Promise<string> {
    return this.#metrics.text();
  }

  /** Stops listening; alerts on their way are given a moment. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#endpoint.listenOn(null), this.#alerter.stop(ALERT_PATIENCE_MS)]);
  }
}

/** What alerts go by. A bid that cannot be read from the configuration stays on the chain. */
function alertsOf({ alerting, workers }: Config): AlertsConfig | null {
  if (alerting === null) return null;
  return { ...alerting, isSelling: workers instanceof ConfigError || workers.enabled };
}
