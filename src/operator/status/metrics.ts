/**
 * Prometheus metrics. Each is documented in `docs/metrics.md`; a test compares the two.
 *
 * @module
 */

import { Counter, Gauge, Histogram, Registry } from "prom-client";
import { type MinerReport, strayMiners } from "../../delivery/asics/fleet_report.ts";
import type { AuctionOutcome } from "../../auction/outcome.ts";
import type { DaemonEvent } from "../../agent/events.ts";
import type { DeliveryReport } from "../../delivery/measured/delivery_report.ts";
import { SETTLED_SECONDS } from "../../delivery/measured/judgement.ts";
import { HOOK_NAMES } from "../../config/schema.ts";
import { isReloadGiven } from "../../delivery/proxies/reload.ts";
import type { RecoveryReport, RoutingReport } from "../../delivery/proxies/route.ts";
import { isFailing } from "./miners.ts";
import type { DeliveryStatus, FleetStatus, PayStatus, StatusReport } from "./status_report.ts";
import { printableLine } from "../../lib/printable.ts";
import { redactUrls } from "../../lib/redact.ts";

/** The prefix of all names except the process's memory, whose name is a convention of Prometheus. */
const PREFIX = "ih_miner_";

/** Sources of {@link Metrics}, read at each scrape. */
export interface MetricsSources {
  readonly report: () => StatusReport;
  /** Resident memory in bytes. */
  readonly residentBytes: () => number;
}

/** The registry: counters follow the daemon's events, gauges follow the status at the moment of the scrape. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #sources: MetricsSources;

  // Prometheus itself labels all series with `job` and `instance`.
  readonly #runs = this.#counter("job_runs_total", "Job runs that ended", ["name", "result"]);
  readonly #skipped = this.#counter(
    "job_runs_skipped_total",
    "Runs skipped because one was still in progress",
    [
      "name",
    ],
  );
  readonly #durations = new Histogram({
    name: `${PREFIX}job_duration_seconds`,
    help: "Duration of job runs, including the wait for a window",
    labelNames: ["name"],
    buckets: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 40, 60, 90, 120],
    registers: [this.#registry],
  });
  readonly #windows = this.#counter("windows_total", "Windows computed, by what was won of our bids", [
    "outcome",
  ]);
  readonly #ambiguous = this.#counter(
    "windows_ambiguous_total",
    "Windows in which equally good outcomes differ in what we won",
  );
  readonly #estimated = this.#counter(
    "windows_estimated_total",
    "Windows with data that validators cannot compute with",
  );
  readonly #fallbacks = this.#counter(
    "solver_fallbacks_total",
    "Windows that the configured solver did not decide",
  );
  readonly #solving = new Histogram({
    name: `${PREFIX}solver_duration_seconds`,
    help: "Duration of solving a window's auction",
    labelNames: ["engine"],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 60],
    registers: [this.#registry],
  });
  readonly #answers = this.#counter(
    "solver_answers_total",
    "Answers of cbc about a window, by what they made of it",
    [
      "result",
    ],
  );
  readonly #answerTimes = new Histogram({
    name: `${PREFIX}solver_answer_seconds`,
    help: "Time from asking cbc to its answer, so that an outcome was final",
    buckets: [0.1, 0.25, 0.5, 1, 1.5, 2.5, 5, 10, 20, 40, 80, 160, 320, 640],
    registers: [this.#registry],
  });
  readonly #answerDifference = this.#counter(
    "solver_answer_difference_ph_total",
    "By how much final outcomes changed what was routed, in PH/s, added up without sign",
  );
  readonly #published = this.#counter("commitments_published_total", "Bids published");
  readonly #writes = this.#counter("proxy_writes_total", "Changes of a proxy's file", ["mode"]);
  readonly #reloads = this.#counter("proxy_reloads_total", "Reload signals, by result", [
    "mode",
    "result",
  ]);
  readonly #asicSwitches = this.#counter("asic_switches_total", "ASICs switched to another pool");
  readonly #deliveries = this.#counter(
    "deliveries_total",
    "Finished and measured windows, by delivery",
    ["level"],
  );
  readonly #hookCalls = this.#counter("hook_calls_total", "Calls of the programs of [hooks]", [
    "hook",
    "result",
  ]);
  readonly #alertPosts = this.#counter(
    "alert_posts_total",
    "Alerts posted to the webhook, retries included",
    [
      "result",
    ],
  );
  readonly #alertsLost = this.#counter("alerts_lost_total", "Alerts that were dropped unsent");
  readonly #rpcFailures = this.#counter("rpc_failures_total", "Failures of an endpoint", [
    "endpoint",
    "kind",
  ]);
  readonly #configFailures = this.#counter(
    "config_reload_failures_total",
    "Times the configuration or the hotkey could not be used",
  );
  /** The source of the gauges: the status at the last scrape. */
  #report: StatusReport | null = null;
  /** The outcome of the last window while it is not counted: it may still change. */
  #uncounted: AuctionOutcome | null = null;
  /** The first block of the window counted last: a window computed again is not counted twice. */
  #countedWindow = -1;

  constructor(sources: MetricsSources) {
    this.#sources = sources;
    // Starts at 0: `increase()` would miss the first failure of a series that began with it.
    for (const name of ["auction", "commitment"]) {
      for (const result of ["success", "failure"]) this.#runs.inc({ name, result }, 0);
      this.#skipped.inc({ name }, 0);
    }
    for (const outcome of ["won", "partly", "lost", "no-bids"]) this.#windows.inc({ outcome }, 0);
    for (const result of ["at-once", "confirmed", "changed", "failed"]) this.#answers.inc({ result }, 0);
    for (const level of ["ok", "warning", "alert", "surplus"]) this.#deliveries.inc({ level }, 0);
    for (const result of ["success", "failure"]) {
      for (const hook of HOOK_NAMES) this.#hookCalls.inc({ hook, result }, 0);
      this.#alertPosts.inc({ result }, 0);
    }
    this.#registerStatus();
    this.#registerDelivery();
  }

  /** `text/plain; version=0.0.4; …`. */
  get contentType(): string {
    return this.#registry.contentType;
  }

  /** The metrics in Prometheus' text format. */
  async text(): Promise<string> {
    this.#report = this.#sources.report();
    return await this.#registry.metrics();
  }

  /** Counts one event. */
  apply(event: DaemonEvent): void {
    switch (event.kind) {
      case "run-ended": {
        const { job, durationMs, error } = event;
        this.#runs.inc({ name: job, result: error === null ? "success" : "failure" });
        this.#durations.observe({ name: job }, durationMs / 1000);
        break;
      }
      case "run-skipped":
        this.#skipped.inc({ name: event.job });
        break;
      case "settings-failed":
        this.#configFailures.inc();
        break;
      case "endpoint-failed": {
        const { endpoint, kind } = event.failure;
        this.#rpcFailures.inc({ endpoint: printableLine(redactUrls(endpoint)), kind });
        break;
      }
      case "outcome-computed":
        this.#noteWindow(event.computed.outcome);
        break;
      case "program-answered":
        this.#answers.inc({ result: event.result });
        if (event.result === "failed") break;
        this.#answerTimes.observe(event.seconds);
        this.#answerDifference.inc(event.differencePh);
        break;
      case "commitment-checked":
        if (event.result.action === "published") this.#published.inc();
        break;
      case "routed":
        for (const result of event.results) {
          if ("error" in result) continue;
          if (result.mode === "asic") this.#asicSwitches.inc(result.switchedCount);
          else this.#countRouting(result);
        }
        break;
      case "delivery-measured":
        this.#countDelivery(event.report);
        break;
      case "hook-ended":
        this.#hookCalls.inc({ hook: event.hook, result: event.error === null ? "success" : "failure" });
        break;
      case "alert-tried":
        this.#alertPosts.inc({ result: event.error === null ? "success" : "failure" });
        if (event.isLost) this.#alertsLost.inc();
        break;
      case "reload-retried":
        for (const report of event.reports) this.#countReload(report);
        break;
      default:
        break;
    }
  }

  /** Counts only windows measured long enough: after a restart, the rest of a window is too short to judge. */
  #countDelivery({ isFinal, level, wonHashratePh, measuredSeconds }: DeliveryReport): void {
    if (!isFinal || level === "unknown" || wonHashratePh <= 0 || measuredSeconds < SETTLED_SECONDS) return;
    this.#deliveries.inc({ level });
  }

  /** Counts a window once its outcome is final, or as it was left when the next one begins. */
  #noteWindow(outcome: AuctionOutcome): void {
    const former = this.#uncounted;
    if (former !== null && former.window.firstBlock !== outcome.window.firstBlock) this.#countWindow(former);
    this.#uncounted = outcome.stage === "final" ? null : outcome;
    if (outcome.stage === "final") this.#countWindow(outcome);
  }

  #countWindow({ window, own, estimated, solver }: AuctionOutcome): void {
    if (window.firstBlock === this.#countedWindow) return;
    this.#countedWindow = window.firstBlock;
    const outcome = !own.hasBids
      ? "no-bids"
      : own.wonCount === 0
      ? "lost"
      : own.lostCount === 0
      ? "won"
      : "partly";
    this.#windows.inc({ outcome });
    if (own.ambiguous) this.#ambiguous.inc();
    if (estimated) this.#estimated.inc();
    if (solver === null) return;
    this.#solving.observe({ engine: solver.engine }, solver.durationMs / 1000);
    if (solver.fallbackReason !== null) this.#fallbacks.inc();
  }

  #countRouting(report: RoutingReport): void {
    if (report.changed) this.#writes.inc({ mode: report.mode });
    this.#countReload(report);
  }

  #countReload({ mode, reload }: RecoveryReport): void {
    if (isReloadGiven(reload)) this.#reloads.inc({ mode, result: "given" });
    if (reload === "pending") this.#reloads.inc({ mode, result: "failed" });
  }

  #registerStatus(): void {
    const flag = (value: boolean): number => value ? 1 : 0;
    const time = (iso: string | null): number | null => iso === null ? null : Date.parse(iso) / 1000;

    this.#labelled(
      "build_info",
      "Always 1; the running version",
      ["version", "commit"],
      ({ version, commit }) => [
        [{ version, commit: commit ?? "source" }, 1],
      ],
    );
    this.#gauge("start_time_seconds", "When the agent started", ({ startedAt }) => time(startedAt));
    this.#gauge("ready", "Whether /readyz says ready", ({ ready }) => flag(ready));
    this.#labelled(
      "check_ok",
      "Whether a check of /readyz passes",
      ["check"],
      ({ checks }) => checks.map(({ name, ok }) => [{ check: name }, flag(ok)]),
    );
    this.#labelled(
      "job_last_success_timestamp_seconds",
      "When a run last succeeded",
      ["name"],
      ({ jobs }) => jobs.map(({ job, lastSuccessAt }) => [{ name: job }, time(lastSuccessAt)]),
    );
    this.#labelled(
      "job_last_failure_timestamp_seconds",
      "When a run last failed",
      ["name"],
      ({ jobs }) => jobs.map(({ job, lastFailureAt }) => [{ name: job }, time(lastFailureAt)]),
    );

    this.#ofWindow(
      "window_index",
      "The window being delivered, 0 to 5 within its epoch",
      ({ index }) => index,
    );
    this.#ofWindow("window_first_block", "The first block of that window", ({ firstBlock }) => firstBlock);
    this.#ofWindow("window_last_block", "The last block of that window", ({ lastBlock }) => lastBlock);
    this.#ofWindow(
      "window_remaining_seconds",
      "Until the next window begins, by the block time",
      ({ secondsLeft }) => secondsLeft,
    );
    this.#ofWindow(
      "window_final",
      "Whether the outcome of that window is final: 0 while cbc has not confirmed or corrected it",
      ({ stage }) => flag(stage === "final"),
    );
    this.#ofWindow("won_hashrate_ph", "Won in that window, in PH/s", (window) => window.wonHashratePh);
    this.#ofWindow("lost_hashrate_ph", "Lost in that window, in PH/s", (window) => window.lostHashratePh);
    this.#ofWindow(
      "certain_hashrate_ph",
      "Won in every equally good outcome, in PH/s",
      (window) => window.certainHashratePh,
    );
    this.#ofWindow(
      "possible_hashrate_ph",
      "Won in the most favourable of the equally good outcomes, in PH/s",
      (window) => window.possibleHashratePh,
    );
    this.#ofWindow(
      "routed_hashrate_ph",
      "Routed to the subnet in that window: what was won, or what on_ambiguous makes of it, in PH/s",
      (window) => window.routedHashratePh,
    );
    this.#ofWindow(
      "credited_at_most_hashrate_ph",
      "The most that can be credited of what was won at several prices, under the known worker ids",
      ({ tierCredit }) => tierCredit?.creditedAtMostPh ?? null,
    );
    this.#ofWindow(
      "window_worth_alpha",
      "What was won is worth in that window, if it is credited",
      ({ worth }) => worth?.won.window.alpha ?? null,
    );
    this.#ofWindow(
      "window_worth_usdc",
      "The same in USDC, by the consensus prices",
      ({ worth }) => worth?.won.window.usdc ?? null,
    );
    this.#ofWindow(
      "window_advantage_usdc",
      "What that is beyond [economics] alternative",
      ({ worth }) => worth?.won.advantage.windowUsdc ?? null,
    );
    this.#ofWindow(
      "window_credited_alpha",
      "What the hashrate credited so far is worth in that window, by the workers API",
      ({ worth }) => worth?.credited?.window.alpha ?? null,
    );
    this.#ofWindow(
      "window_credited_usdc",
      "The same in USDC",
      ({ worth }) => worth?.credited?.window.usdc ?? null,
    );
    const ofPay = (name: string, help: string, value: (pay: PayStatus) => number | null): void =>
      this.#gauge(name, help, ({ pay }) => pay === null ? null : value(pay));
    ofPay(
      "pay_last_epoch_alpha",
      "What the last epoch of the chain paid the hotkey, over all mechanisms",
      ({ lastEpoch }) => lastEpoch?.paidAlpha ?? null,
    );
    ofPay(
      "pay_ratio",
      "Share of the miners' emission in the last comparable epoch",
      ({ lastCompared }) => lastCompared?.paidShare ?? null,
    );
    ofPay(
      "pay_expected_ratio",
      "The same as our own results promise it",
      ({ lastCompared }) => lastCompared?.expectedShare ?? null,
    );
    ofPay(
      "pay_short_epochs",
      "Epochs in a row in which much less was paid than promised, once they are six",
      ({ shortfall }) => shortfall?.epochs ?? 0,
    );
    this.#ofWindow("won_workers", "Workers won in that window", ({ wonWorkers }) => wonWorkers);
    this.#ofWindow("lost_workers", "Workers lost in that window", ({ lostWorkers }) => lostWorkers);
    this.#ofWindow(
      "banned",
      "Whether validators have banned the hotkey",
      ({ reason }) => flag(reason?.code === "banned"),
    );
    this.#gauge(
      "windows_without_win",
      "Windows in a row in which nothing was won",
      ({ windowsWithoutWin }) => windowsWithoutWin,
    );
    this.#ofWindow(
      "budget_hashrate_ph",
      "What validators pay for in that window, in PH/s",
      (window) => window.budgetPh,
    );
    this.#ofWindow("price_tao_usdc", "Consensus: USDC per TAO", ({ prices }) => decimal(prices.taoUsdc));
    this.#ofWindow("price_alpha_tao", "Consensus: TAO per alpha", ({ prices }) => decimal(prices.alphaTao));
    this.#ofWindow(
      "price_hashp_usdc",
      "Consensus: USDC per PH/s and day",
      ({ prices }) => decimal(prices.hashpUsdc),
    );
    this.#ofWindow(
      "budget_cap_ratio",
      "Consensus: the factor of the budget",
      ({ prices }) => decimal(prices.cap),
    );
    this.#labelled(
      "solver_info",
      "Always 1; the engine that decided that window",
      ["engine", "parity", "build"],
      ({ window }) =>
        window === null || window.solver === null ? [] : [[{
          engine: window.solver.engine,
          parity: window.solver.parity,
          build: window.solver.build ?? "",
        }, 1]],
    );

    this.#gauge(
      "commitment_age_seconds",
      "Age of our bid on the chain; validators drop it at 9000",
      ({ commitment }) => commitment?.ageSeconds ?? null,
    );
    this.#gauge("chain_head_block", "The best head", ({ chain }) => chain.headNumber);
    this.#gauge(
      "chain_head_age_seconds",
      "Since the best head was first seen",
      ({ chain }) => chain.headAgeSeconds,
    );
    this.#gauge(
      "clock_ahead_seconds",
      "How far the host's clock is ahead of the chain's; negative: behind",
      ({ chain }) => chain.clockAheadSeconds,
    );
    this.#gauge(
      "routing_stale",
      "Whether no window could be computed for too long",
      ({ stale }) => flag(stale !== null),
    );
    this.#labelled(
      "proxy_last_write_timestamp_seconds",
      "When a proxy's file was last changed",
      ["mode", "path"],
      ({ proxies }) => proxies.map(({ mode, path, writtenAt }) => [{ mode, path }, time(writtenAt)]),
    );
    this.#labelled(
      "proxy_ok",
      "Whether a proxy's file had the right values when last checked",
      ["mode", "path"],
      ({ proxies }) => proxies.map(({ mode, path, error }) => [{ mode, path }, flag(error === null)]),
    );
    this.#labelled(
      "proxy_reload_pending",
      "Whether a proxy still has to be told to reload",
      ["mode", "path"],
      ({ proxies }) => proxies.map(({ mode, path, reload }) => [{ mode, path }, flag(reload === "pending")]),
    );

    this.#labelled(
      "hook_ok",
      "Whether the last call of a program of [hooks] succeeded",
      ["hook"],
      ({ hooks }) => hooks.map(({ hook, failing }) => [{ hook }, flag(failing === null)]),
    );
    this.#gauge(
      "webhook_ok",
      "Whether the webhook accepted the last post",
      ({ webhook }) => webhook === null ? null : flag(webhook.failing === null),
    );

    const { residentBytes } = this.#sources;
    new Gauge({
      name: "process_resident_memory_bytes",
      help: "Resident memory of the agent",
      registers: [this.#registry],
      collect(): void {
        this.set(residentBytes());
      },
    });
  }

  #registerDelivery(): void {
    const ofFleet = (name: string, help: string, value: (fleet: FleetStatus) => number): void =>
      this.#gauge(name, help, ({ fleet }) => fleet === null ? null : value(fleet));
    const ofMiners = (name: string, help: string, value: (miner: MinerReport) => number | null): void =>
      this.#labelled(
        name,
        help,
        ["miner"],
        ({ fleet }) => (fleet?.miners ?? []).map((miner) => [{ miner: miner.name }, value(miner)]),
      );
    ofFleet(
      "asic_wanted_hashrate_ph",
      "Hashrate that the ASICs should deliver",
      (fleet) => fleet.wantedHashratePh,
    );
    ofFleet(
      "asic_covered_hashrate_ph",
      "Nominal hashrate of the ASICs at the subnet",
      (fleet) => fleet.coveredHashratePh,
    );
    ofFleet("asic_shortfall_hashrate_ph", "Hashrate missing from that", (fleet) => fleet.shortfallHashratePh);
    ofMiners("asic_ok", "Whether an ASIC mines where it should", (miner) => isFailing(miner) ? 0 : 1);
    ofMiners("asic_at_subnet", "Whether it mines for the subnet", ({ found }) => found === "subnet" ? 1 : 0);
    ofMiners("asic_hashrate_ph", "Hashrate that the ASIC reports", ({ readingPh }) => readingPh);
    ofMiners("asic_nominal_hashrate_ph", "Configured hashrate", (miner) => miner.nominalHashratePh);
    ofMiners(
      "asic_counted_hashrate_ph",
      "Hashrate that routing counts with",
      (miner) => miner.countedHashratePh,
    );
    ofFleet(
      "asic_stray_miners",
      "ASICs that mine for the subnet, are not needed there and cannot be sent away",
      (fleet) => strayMiners(fleet).length,
    );
    this.#gauge(
      "delivered_hashrate_ph",
      "The last reading of the delivered hashrate",
      ({ delivery }) => delivery?.nowPh ?? null,
    );
    this.#gauge(
      "delivered_average_hashrate_ph",
      "Delivered on average in that window so far",
      ({ delivery }) => delivery?.averagePh ?? null,
    );
    this.#gauge(
      "delivery_readable",
      "Whether the delivered hashrate can be read",
      ({ delivery }) => delivery === null ? null : delivery.unreadableSince === null ? 1 : 0,
    );
    this.#ofDelivery(
      "delivery_ratio",
      "Delivered divided by won, once measured long enough",
      ({ level, averagePh, wonHashratePh }) =>
        level === "unknown" || averagePh === null || wonHashratePh === 0 ? null : averagePh / wonHashratePh,
    );
    this.#ofDelivery(
      "credited_hashrate_ph",
      "What validators credit in that window so far, by the workers API",
      ({ credit }) => credit?.creditedPh ?? null,
    );
    this.#ofDelivery(
      "credited_ratio",
      "Credited divided by won, once measured long enough",
      ({ level, credit }) => level === "unknown" ? null : credit?.ratio ?? null,
    );
    this.#ofDelivery(
      "delivery_unpaid_hashrate_ph",
      "Won and not credited, or not delivered where the credit is unknown, once measured long enough",
      ({ level, unpaidPh }) => level === "unknown" ? null : unpaidPh,
    );
    this.#ofDelivery(
      "delivery_unpaid_usdc",
      "What that would earn in the window, at its price",
      ({ level, unpaidUsdc }) => level === "unknown" ? null : unpaidUsdc,
    );
    this.#ofDelivery(
      "delivery_surplus_hashrate_ph",
      "Delivered beyond what was won and given away: 0 up to 3 % more",
      ({ surplusPh }) => surplusPh,
    );
    this.#ofDelivery(
      "delivery_surplus_usdc",
      "What that would earn in the window elsewhere, at the hashprice",
      ({ surplusUsdc }) => surplusUsdc,
    );
    this.#labelled(
      "worker_hashrate_ph",
      "Average of a worker in that window so far, by the workers API",
      ["worker"],
      ({ delivery }) =>
        (delivery?.credit?.workers ?? []).map(({ worker, hashratePh }) => [{ worker }, hashratePh]),
    );
  }

  #ofDelivery(name: string, help: string, value: (delivery: DeliveryStatus) => number | null): void {
    this.#gauge(name, help, ({ delivery }) => delivery === null ? null : value(delivery));
  }

  #counter<Label extends string = never>(
    name: string,
    help: string,
    labelNames: Label[] = [],
  ): Counter<Label> {
    return new Counter({ name: `${PREFIX}${name}`, help, labelNames, registers: [this.#registry] });
  }

  #gauge(name: string, help: string, value: (report: StatusReport) => number | null): void {
    this.#labelled(name, help, [], (report) => [[{}, value(report)]]);
  }

  #ofWindow(
    name: string,
    help: string,
    value: (window: NonNullable<StatusReport["window"]>) => number | null,
  ): void {
    this.#gauge(name, help, ({ window }) => window === null ? null : value(window));
  }

  /** A gauge read from the status; a `null` value is unknown and has no series. */
  #labelled<Label extends string>(
    name: string,
    help: string,
    labelNames: Label[],
    series: (report: StatusReport) => readonly (readonly [Partial<Record<Label, string>>, number | null])[],
  ): void {
    const current = (): StatusReport | null => this.#report;
    new Gauge({
      name: `${PREFIX}${name}`,
      help,
      labelNames,
      registers: [this.#registry],
      collect(): void {
        this.reset();
        // Without labels, a reset leaves a series with the value 0.
        if (labelNames.length === 0) this.remove();
        const report = current();
        if (report === null) return;
        for (const [labels, value] of series(report)) {
          if (value !== null) this.set(printableLabels(labels), value);
        }
      },
    });
  }
}

/** Workers' ids, for one, are what a proxy says they are. */
function printableLabels<Label extends string>(
  labels: Partial<Record<Label, string>>,
): Partial<Record<Label, string>> {
  const entries = Object.entries<string | undefined>(labels);
  return Object.fromEntries(entries.map(([name, text = ""]) => [name, printableLine(text)])) as typeof labels;
}

function decimal(text: string | null): number | null {
  return text === null ? null : Number(text);
}
