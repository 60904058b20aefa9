/**
 * What is known of the running agent: the daemon's events, added up. Reads no clock; each event comes with its time.
 *
 * @module
 */

import type { FleetReport } from "../../delivery/asics/fleet_report.ts";
import type { AuctionOutcome } from "../../auction/outcome.ts";
import type { ChainErrorKind } from "../../chain/errors.ts";
import { ConfigError } from "../../config/errors.ts";
import type { DaemonEvent, DaemonJob } from "../../agent/events.ts";
import { bidderOf, type Settings } from "../../agent/settings.ts";
import type { DeliveryReport } from "../../delivery/measured/delivery_watch.ts";
import type { BidEffect, CommitmentResult } from "../../agent/jobs/commitment_job.ts";
import { isCarriedOut, resultsIn, type RouteReport } from "../../agent/jobs/deliver.ts";
import { type FailedTarget, RoutingError } from "../../delivery/proxies/errors.ts";
import type { HookName } from "../../config/schema.ts";
import type { RoutedValue } from "../../delivery/proxies/file_edit.ts";
import { isReloadGiven } from "../../delivery/proxies/reload.ts";
import type { RecoveryReport, ReloadReport, RoutingReport } from "../../delivery/proxies/route.ts";
import { continueStreak, countTry, type FailureStreak, NO_TRIES, type Tries } from "./tries.ts";

/** Windows that are remembered: twelve hours. */
const KEPT_WINDOWS = 60;

/** How a job's runs went. Times are in milliseconds since 1970, `null` when there was none. */
export interface JobState {
  runs: number;
  failures: number;
  skipped: number;
  /** `null` while none is under way. */
  runningSinceMs: number | null;
  lastSuccessAtMs: number | null;
  lastFailureAtMs: number | null;
  lastDurationMs: number | null;
  /** Of the series of failures that goes on; `null` when the last run succeeded. */
  failing: FailureStreak | null;
  /** Whether it was the routing that failed the last run: what is known of each destination tells why. */
  failedAtRouting: boolean;
}

/** A window and what became of it. */
export interface WindowState {
  readonly outcome: AuctionOutcome;
  /** What was delivered, as far as it is measured; `null`: it is not. */
  readonly delivery: DeliveryReport | null;
  readonly computedAtMs: number;
  /** When all destinations did what it asks for; `null` while one does not, or routing is off. */
  readonly routedAtMs: number | null;
}

/** The best head of the chain. */
export interface HeadState {
  readonly blockNumber: number;
  /** `null`: known from a job. */
  readonly endpoint: string | null;
  /** When this block was first seen. */
  readonly seenAtMs: number;
}

/** One proxy. */
export interface ProxyState {
  readonly mode: RoutingReport["mode"];
  /** Its file. */
  readonly path: string;
  /** What its file said the last time it could be routed to; none when it never could. */
  readonly values: readonly RoutedValue[];
  /** How its reload stood when that was last looked at; `null`: it never was. */
  readonly reload: ReloadReport | null;
  /** Why it cannot be routed to at the moment; `null`: it can. */
  readonly error: string | null;
  readonly checkedAtMs: number;
  /** When its file was changed last; `null`: not since the agent started. */
  readonly writtenAtMs: number | null;
  /** When it was last told to reload; `null`: not since the agent started. */
  readonly reloadedAtMs: number | null;
}

/** The ASICs that are switched directly. */
export interface FleetState {
  /** What was done the last time; `null` when it never worked. */
  readonly report: FleetReport | null;
  /** Why they cannot be routed to at the moment; `null`: they can. */
  readonly error: string | null;
  readonly checkedAtMs: number;
  /** When a machine was switched last; `null`: none since the agent started. */
  readonly switchedAtMs: number | null;
}

/** How the webhook takes alerts. */
export interface WebhookState extends Tries {
  /** Alerts that were given up. */
  readonly lost: number;
}

/** The bid on the chain. */
export interface CommitmentState {
  readonly result: CommitmentResult;
  readonly checkedAtMs: number;
  /** When it was last published; `null`: not since the agent started. */
  readonly publishedAtMs: number | null;
  /** From when on the empty bid keeps us out; `null`: it is none, or that is unknown. */
  readonly withdrawnFrom: BidEffect | null;
}

/** The failures of one endpoint. */
export interface EndpointState {
  failures: number;
  lastKind: ChainErrorKind;
  lastFailureAtMs: number;
}

const NO_ALERTS: WebhookState = { ...NO_TRIES, lost: 0 };

/** The state; {@link AgentStatus.apply} is the only one to change it. */
export class AgentStatus {
  readonly jobs: Readonly<Record<DaemonJob, JobState>> = { auction: newJob(), commitment: newJob() };
  /** By endpoint, as it may be shown. */
  readonly endpoints = new Map<string, EndpointState>();
  settings: Settings | null = null;
  settingsReadAtMs: number | null = null;
  /** Why the settings cannot be used at the moment; `null`: they can. */
  settingsError: Error | null = null;
  head: HeadState | null = null;
  /** The windows, oldest first; the last one is the one that is delivered. */
  windows: readonly WindowState[] = [];
  proxies: readonly ProxyState[] = [];
  /** `null` where there are none, or nothing has been routed yet. */
  fleet: FleetState | null = null;
  commitment: CommitmentState | null = null;
  staleness: Extract<DaemonEvent, { kind: "staleness-checked" }> | null = null;
  /** Since when the chain of the settings is followed, in milliseconds since 1970. */
  followedSinceMs: number;
  /** Of the hooks that are configured, those that were called. */
  readonly hooks = new Map<HookName, Tries>();
  webhook: WebhookState = NO_ALERTS;
  /** What became of each destination of the last window; none before it was routed. */
  #results: readonly (RouteReport | FailedTarget)[] = [];

  /** @param startedAtMs milliseconds since 1970. */
  constructor(readonly startedAtMs: number) {
    this.followedSinceMs = startedAtMs;
  }

  /** The window that is delivered; `null` before any was computed. */
  get window(): WindowState | null {
    return this.windows.at(-1) ?? null;
  }

  /** Why publishing is impossible, in the words of the configuration's check; `null`: it is not. */
  get workersError(): ConfigError | null {
    const workers = this.settings?.config.workers;
    return workers instanceof ConfigError ? workers : null;
  }

  /** Takes notice of an event. */
  apply(event: DaemonEvent, nowMs: number): void {
    switch (event.kind) {
      case "settings-read":
        this.#adoptSettings(event.settings, nowMs);
        break;
      case "settings-failed":
        this.settingsError = event.error;
        break;
      case "run-started":
        this.jobs[event.job].runningSinceMs = nowMs;
        break;
      case "run-skipped":
        this.jobs[event.job].skipped++;
        break;
      case "run-ended":
        endRun(this.jobs[event.job], event, nowMs);
        break;
      case "head-seen":
        this.#noteHead(event.blockNumber, event.endpoint, nowMs);
        break;
      case "endpoint-failed": {
        const { endpoint, kind } = event.failure;
        const failures = (this.endpoints.get(endpoint)?.failures ?? 0) + 1;
        this.endpoints.set(endpoint, { failures, lastKind: kind, lastFailureAtMs: nowMs });
        break;
      }
      case "outcome-computed": {
        const { outcome } = event.computed;
        this.#noteHead(outcome.head.number, null, nowMs);
        this.#addWindow({ outcome, delivery: null, computedAtMs: nowMs, routedAtMs: null });
        break;
      }
      case "routed":
        this.#noteRouting(event.results, nowMs);
        break;
      case "commitment-checked": {
        const { result } = event;
        const publishedAtMs = result.action === "published" ? nowMs : this.commitment?.publishedAtMs ?? null;
        const withdrawnFrom = withdrawalOf(this.commitment, result);
        this.commitment = { result, checkedAtMs: nowMs, publishedAtMs, withdrawnFrom };
        break;
      }
      case "staleness-checked":
        this.staleness = event;
        break;
      case "hook-ended":
        this.hooks.set(event.hook, countTry(this.hooks.get(event.hook) ?? NO_TRIES, event.error, nowMs));
        break;
      case "alert-tried": {
        const lost = this.webhook.lost + (event.isLost ? 1 : 0);
        this.webhook = { ...countTry(this.webhook, event.error, nowMs), lost };
        break;
      }
      case "reload-retried":
        for (const report of event.reports) this.#noteReload(report, nowMs);
        break;
      case "delivery-measured": {
        const { report } = event;
        this.windows = this.windows.map((window) =>
          window.outcome.window.firstBlock === report.firstBlock ? { ...window, delivery: report } : window
        );
        break;
      }
    }
  }

  #adoptSettings(settings: Settings, nowMs: number): void {
    if (this.settings !== null) this.#forgetFormer(this.settings, settings, nowMs);
    this.settings = settings;
    this.settingsReadAtMs = nowMs;
    this.settingsError = null;
  }

  /** What is known of one bidder, chain or program is not true of another. */
  #forgetFormer(former: Settings, settings: Settings, nowMs: number): void {
    if (bidderOf(former) !== bidderOf(settings)) {
      this.windows = [];
      this.commitment = null;
    }
    const [before, after] = [former.config, settings.config];
    if (!isSame(before.network, after.network)) {
      this.head = null;
      this.followedSinceMs = nowMs;
    }
    for (const hook of this.hooks.keys()) {
      if (!isSame(before.hooks.programs[hook], after.hooks.programs[hook])) this.hooks.delete(hook);
    }
    if (!isSame(before.alerting?.webhook, after.alerting?.webhook)) this.webhook = NO_ALERTS;
  }

  #noteHead(blockNumber: number, endpoint: string | null, nowMs: number): void {
    // What a job has seen is news only where nobody follows the head.
    if (endpoint === null && this.head !== null && blockNumber <= this.head.blockNumber) return;
    if (this.head?.blockNumber === blockNumber) return;
    this.head = { blockNumber, endpoint, seenAtMs: nowMs };
  }

  #addWindow(window: WindowState): void {
    const { firstBlock } = window.outcome.window;
    const earlier = this.windows.filter(({ outcome }) => outcome.window.firstBlock < firstBlock);
    this.windows = [...earlier, window].slice(-KEPT_WINDOWS);
    this.#results = [];
  }

  #noteRouting(results: readonly (RouteReport | FailedTarget)[], nowMs: number): void {
    const asics = results.find(({ mode }) => mode === "asic");
    this.fleet = asics?.mode === "asic" ? fleetState(this.fleet, asics, nowMs) : null;
    this.proxies = results.filter((result) => result.mode !== "asic").map((result) => {
      const former = this.#proxyAt(result, nowMs);
      if ("error" in result) return { ...former, error: result.error, checkedAtMs: nowMs };
      return {
        ...withReload(former, result, nowMs),
        values: result.values,
        error: null,
        checkedAtMs: nowMs,
        writtenAtMs: result.changed ? nowMs : former.writtenAtMs,
      };
    });
    this.#results = results;
    this.#noteWhetherRouted(nowMs);
  }

  #noteWhetherRouted(nowMs: number): void {
    const { window } = this;
    const isRouted = this.#results.length > 0 && this.#results.every(isCarriedOut);
    if (window === null || window.routedAtMs !== null || !isRouted) return;
    this.windows = [...this.windows.slice(0, -1), { ...window, routedAtMs: nowMs }];
  }

  /** A reload can be owed by a former run before anything was routed by this one. */
  #noteReload(report: RecoveryReport, nowMs: number): void {
    const proxy = withReload(this.#proxyAt(report, nowMs), report, nowMs);
    const isKnown = this.proxies.some(({ path }) => path === report.path);
    if (isKnown) {
      this.proxies = this.proxies.map((former) => former.path === report.path ? proxy : former);
    } else if (report.reload !== "not-needed") {
      this.proxies = [...this.proxies, proxy];
    }
    const { reload, reloadPendingSinceMs, reloadError } = report;
    this.#results = this.#results.map((result) =>
      result.mode === "asic" || "error" in result || result.path !== report.path
        ? result
        : { ...result, reload, reloadPendingSinceMs, reloadError }
    );
    this.#noteWhetherRouted(nowMs);
  }

  #proxyAt({ mode, path }: Pick<ProxyState, "mode" | "path">, nowMs: number): ProxyState {
    const former = this.proxies.find((proxy) => proxy.path === path);
    return former !== undefined ? { ...former, mode } : {
      mode,
      path,
      values: [],
      reload: null,
      error: null,
      checkedAtMs: nowMs,
      writtenAtMs: null,
      reloadedAtMs: null,
    };
  }
}

/** A proxy of which the newest about its reload is known. */
function withReload(proxy: ProxyState, reload: ReloadReport, nowMs: number): ProxyState {
  return { ...proxy, reload, reloadedAtMs: isReloadGiven(reload.reload) ? nowMs : proxy.reloadedAtMs };
}

function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** The empty bid is renewed as any other; what counts is when it was published first. */
function withdrawalOf(former: CommitmentState | null, result: CommitmentResult): BidEffect | null {
  if (result.workerCount > 0) return null;
  const wasThere = result.currentText === result.text;
  if (wasThere && former?.result.workerCount === 0) return former.withdrawnFrom;
  return wasThere && result.action === "published" ? null : result.countsFrom;
}

function fleetState(
  former: FleetState | null,
  result: FleetReport | Extract<FailedTarget, { mode: "asic" }>,
  nowMs: number,
): FleetState {
  const { report = null, switchedAtMs = null } = former ?? {};
  if ("error" in result) return { report, error: result.error, checkedAtMs: nowMs, switchedAtMs };
  return {
    report: result,
    error: null,
    checkedAtMs: nowMs,
    switchedAtMs: result.switchedCount > 0 ? nowMs : switchedAtMs,
  };
}

function newJob(): JobState {
  return {
    runs: 0,
    failures: 0,
    skipped: 0,
    runningSinceMs: null,
    lastSuccessAtMs: null,
    lastFailureAtMs: null,
    lastDurationMs: null,
    failing: null,
    failedAtRouting: false,
  };
}

function endRun(
  job: JobState,
  { durationMs, error }: Extract<DaemonEvent, { kind: "run-ended" }>,
  nowMs: number,
): void {
  job.runs++;
  job.runningSinceMs = null;
  job.lastDurationMs = durationMs;
  job.failedAtRouting = error instanceof RoutingError || resultsIn(error) !== null;
  job.failing = continueStreak(job.failing, error === null ? null : error.message, nowMs);
  if (error === null) {
    job.lastSuccessAtMs = nowMs;
    return;
  }
  job.failures++;
  job.lastFailureAtMs = nowMs;
}
