/**
 * Collects the agent's status, metrics and recent log lines, and serves them over HTTP.
 *
 * @module
 */

import type { DaemonEvent } from "../../agent/events.ts";
import type { HostClock } from "../../lib/clock.ts";
import type { Logger } from "../../lib/log.ts";
import { AgentStatus } from "./agent_status.ts";
import { HttpEndpoint } from "./http_endpoint.ts";
import { Metrics } from "./metrics.ts";
import { RecentLog } from "./recent_log.ts";
import { answer } from "./routes.ts";
import { reportStatus, type StatusReport } from "./status_report.ts";

/** Options of {@link Telemetry}. */
export interface TelemetryOptions {
  readonly log: Logger;
  readonly clock: HostClock;
}

/** Collects what one daemon reports. */
export class Telemetry implements AsyncDisposable {
  /** The log that the daemon writes to; its lines also appear among the recent events. */
  readonly log: Logger;
  readonly #clock: HostClock;
  readonly #status: AgentStatus;
  readonly #recent: RecentLog;
  readonly #metrics: Metrics;
  readonly #endpoint: HttpEndpoint;

  constructor({ log, clock }: TelemetryOptions) {
    this.#clock = clock;
    this.#recent = new RecentLog(() => clock.steadyMs());
    this.log = this.#recent.listenTo(log);
    this.#status = new AgentStatus(clock.steadyMs());
    const report = (): StatusReport => this.report();
    this.#metrics = new Metrics({ report, residentBytes: () => Deno.memoryUsage().rss });
    const sources = {
      report,
      metrics: () => this.metricsText(),
      metricsContentType: this.#metrics.contentType,
    };
    this.#endpoint = new HttpEndpoint({ log: this.log, answer: (request) => answer(request, sources) });
  }

  /** Observes the daemon's events. */
  readonly observe = (event: DaemonEvent): void => {
    this.#status.apply(event, this.#clock.steadyMs(), this.#clock.correctionMs);
    this.#metrics.apply(event);
    if (event.kind === "settings-read") this.#endpoint.listenOn(event.settings.config.httpListen);
  };

  /** The status at this moment. */
  report(): StatusReport {
    return reportStatus(this.#status, this.#recent, this.#clock);
  }

  /** The metrics at this moment, in Prometheus' text format. */
  metricsText(): Promise<string> {
    return this.#metrics.text();
  }

  /** Stops listening. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#endpoint.listenOn(null);
  }
}
