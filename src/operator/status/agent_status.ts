/**
 * The state of the running agent, built from the daemon's events. Reads no clock: each event comes with its time. All times
 * are of a clock that never steps (`src/lib/clock.ts`), in milliseconds since 1970, so that their differences are ages.
 *
 * @module
 */

import { type FleetReport, minerIdentities } from "../../delivery/asics/fleet_report.ts";
import type { AuctionOutcome } from "../../auction/outcome.ts";
import type { ChainErrorKind } from "../../chain/errors.ts";
import { ConfigError } from "../../config/errors.ts";
import type { DaemonEvent, DaemonJob } from "../../agent/events.ts";
import { bidderOf, ownerOf, type Settings } from "../../agent/settings.ts";
import type { DeliveryReport } from "../../delivery/measured/delivery_report.ts";
import type { BidEffect, CommitmentResult } from "../../agent/jobs/commitment_job.ts";
import { decisionOf, isCarriedOut, resultsIn, type RouteReport } from "../../agent/jobs/deliver.ts";
import { outcomeTierCredit } from "../../agent/jobs/tier_credit.ts";
import type { PayReport } from "../../auction/credit/pay_comparison.ts";
import type { TierCredit } from "../../auction/credit/tiers.ts";
import { type FailedTarget, RoutingError } from "../../delivery/proxies/errors.ts";
import { EARLIEST_MS } from "../../lib/clock.ts";
import type { HookName } from "../../config/schema.ts";
import type { RoutedValue } from "../../delivery/proxies/file_edit.ts";
import type { PoolIdentity } from "../../auction/credit/identity.ts";
import { isReloadGiven } from "../../delivery/proxies/reload.ts";
import type { RecoveryReport, ReloadReport, RoutingReport } from "../../delivery/proxies/route.ts";
import { type IdentityStatus, judgeIdentities } from "./identities.ts";
import { continueStreak, countTry, type FailureStreak, NO_TRIES, type Tries } from "./tries.ts";

/** Windows kept: twelve hours. */
export const MAX_HISTORY_WINDOWS = 60;

/** A job's runs. A time is `null` if there was none. */
export interface JobState {
  runs: number;
  failures: number;
  skipped: number;
  /** `null` while no run is in progress. */
  runningSinceMs: number | null;
  lastSuccessAtMs: number | null;
  lastFailureAtMs: number | null;
  lastDurationMs: number | null;
  /** The current streak of failures; `null` when the last run succeeded. */
  failing: FailureStreak | null;
  /** Whether the last run failed at the routing; the destinations' states have the reason. */
  failedAtRouting: boolean;
}

/** A window with its outcome, delivery and routing. */
export interface WindowState {
  readonly outcome: AuctionOutcome;
  /** The delivery measured so far; `null`: not measured. */
  readonly delivery: DeliveryReport | null;
  readonly computedAtMs: number;
  /** When all destinations were routed as the outcome requires; `null` while one is not, or routing is off. */
  readonly routedAtMs: number | null;
}

/** The best head of the chain. */
export interface HeadState {
  readonly blockNumber: number;
  /** `null`: reported by a job, which does not name its endpoint. */
  readonly endpoint: string | null;
  /** When this block was first seen. */
  readonly seenAtMs: number;
}

/** A comparison of the host's clock with the chain's. */
export interface ClockComparison {
  /** The age of the best head by the host's clock; negative: the head is from the future. */
  readonly headAgeSeconds: number;
  /** How far the host's clock was ahead of the status's one then. */
  readonly correctionMs: number;
}

/** One proxy. */
export interface ProxyState {
  readonly mode: RoutingReport["mode"];
  /** Its file. */
  readonly path: string;
  /** The values of its file at the last successful routing; empty before that. */
  readonly values: readonly RoutedValue[];
  /** The identities under which it mines for the subnet, at that routing. */
  readonly identities: readonly PoolIdentity[];
  /** The state of its reload when last checked; `null`: not checked yet. */
  readonly reload: ReloadReport | null;
  /** Since when the reload is pending; `null`: it is not. */
  readonly reloadPendingSinceMs: number | null;
  /** Why routing to it fails at the moment; `null`: it works. */
  readonly error: string | null;
  readonly checkedAtMs: number;
  /** When its file was last changed; `null`: not since the agent started. */
  readonly writtenAtMs: number | null;
  /** When it was last told to reload; `null`: not since the agent started. */
  readonly reloadedAtMs: number | null;
}

/** The ASICs that are switched directly. */
export interface FleetState {
  /** The report of the last successful routing; `null`: none yet. */
  readonly report: FleetReport | null;
  /** Why routing to them fails at the moment; `null`: it works. */
  readonly error: string | null;
  readonly checkedAtMs: number;
  /** When an ASIC was last switched; `null`: not since the agent started. */
  readonly switchedAtMs: number | null;
}

/** The calls of the webhook. */
export interface WebhookState extends Tries {
  /** Alerts that were dropped unsent. */
  readonly lost: number;
}

/** The bid on the chain. */
export interface CommitmentState {
  readonly result: CommitmentResult;
  readonly checkedAtMs: number;
  /** When it was last published; `null`: not since the agent started. */
  readonly publishedAtMs: number | null;
  /** From when on the empty bid counts; `null`: the bid is not empty, or the time is unknown. */
  readonly withdrawnFrom: BidEffect | null;
}

/** Failures of one endpoint. */
export interface EndpointState {
  failures: number;
  lastKind: ChainErrorKind;
  lastFailureAtMs: number;
}

const NO_ALERTS: WebhookState = { ...NO_TRIES, lost: 0 };

/** The state of the agent, changed only by {@link AgentStatus.apply}. */
export class AgentStatus {
  readonly jobs: Readonly<Record<DaemonJob, JobState>> = { auction: newJob(), commitment: newJob() };
  /** By endpoint, without secrets in its URL. */
  readonly endpoints = new Map<string, EndpointState>();
  settings: Settings | null = null;
  settingsReadAtMs: number | null = null;
  /** Why the settings cannot be used at the moment; `null`: they are valid. */
  settingsError: Error | null = null;
  head: HeadState | null = null;
  /** The last one; `null`: none yet, or the chain has no time. */
  clockComparison: ClockComparison | null = null;
  /** The windows, oldest first; the last one is being delivered. */
  windows: readonly WindowState[] = [];
  proxies: readonly ProxyState[] = [];
  /** `null` without `[asic]`, or before the first routing. */
  fleet: FleetState | null = null;
  commitment: CommitmentState | null = null;
  /** `null` before the chain's pay was read. */
  pay: PayReport | null = null;
  staleness: Extract<DaemonEvent, { kind: "staleness-checked" }> | null = null;
  /** When the agent began to follow the configured chain. */
  followedSinceMs: number;
  /** The calls of each configured hook that was called. */
  readonly hooks = new Map<HookName, Tries>();
  webhook: WebhookState = NO_ALERTS;
  /** The routing of each destination in the last window; empty before it was routed. */
  #results: readonly (RouteReport | FailedTarget)[] = [];
  #correctionMs = 0;

  constructor(readonly startedAtMs: number) {
    this.followedSinceMs = startedAtMs;
  }

  /** The window being delivered; `null` before the first was computed. */
  get window(): WindowState | null {
    return this.windows.at(-1) ?? null;
  }

  /** Why publishing is impossible, as the check of the configuration words it; `null`: it is possible. */
  get workersError(): ConfigError | null {
    const workers = this.settings?.config.workers;
    return workers instanceof ConfigError ? workers : null;
  }

  /** The identities under which proxies and machines mine for the subnet; empty until they are known. */
  get identities(): readonly IdentityStatus[] {
    const { settings, proxies, fleet } = this;
    if (settings === null || settings.config.routing.kind === "off") return [];
    const found = [
      ...proxies.flatMap(({ identities }) => identities),
      ...minerIdentities(fleet?.report?.miners ?? []),
    ];
    return judgeIdentities(found, ownerOf(settings));
  }

  /** What can be credited of the window if it was won at several prices; else `null`. */
  get tierCredit(): TierCredit | null {
    const { settings, window } = this;
    if (settings === null || window === null) return null;
    return outcomeTierCredit(window.outcome, this.#results, ownerOf(settings));
  }

  /**
   * Applies one event.
   *
   * @param correctionMs how far the host's clock is ahead of `nowMs`.
   */
  apply(event: DaemonEvent, nowMs: number, correctionMs = 0): void {
    this.#correctionMs = correctionMs;
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
        const { outcome, headAgeSeconds } = event.computed;
        this.#noteHead(outcome.head.number, null, nowMs);
        this.#compareClocks(headAgeSeconds, outcome, correctionMs);
        this.#addWindow(outcome, nowMs);
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
      case "pay-compared":
        this.pay = event.report;
        break;
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

  /** Drops what was learned about a bidder, chain or program that is no longer configured. */
  #forgetFormer(former: Settings, settings: Settings, nowMs: number): void {
    if (bidderOf(former) !== bidderOf(settings)) {
      this.windows = [];
      this.commitment = null;
      this.pay = null;
    }
    const [before, after] = [former.config, settings.config];
    if (!isSame(before.network, after.network)) {
      this.head = null;
      this.clockComparison = null;
      this.followedSinceMs = nowMs;
    }
    for (const hook of this.hooks.keys()) {
      if (!isSame(before.hooks.programs[hook], after.hooks.programs[hook])) this.hooks.delete(hook);
    }
    if (!isSame(before.alerting?.webhook, after.alerting?.webhook)) this.webhook = NO_ALERTS;
  }

  #noteHead(blockNumber: number, endpoint: string | null, nowMs: number): void {
    // A job's head counts only while the head watcher has none.
    if (endpoint === null && this.head !== null && blockNumber <= this.head.blockNumber) return;
    if (this.head?.blockNumber === blockNumber) return;
    this.head = { blockNumber, endpoint, seenAtMs: nowMs };
  }

  #compareClocks(headAgeSeconds: number | null, { window }: AuctionOutcome, correctionMs: number): void {
    const isRepeated = window.firstBlock === this.window?.outcome.window.firstBlock &&
      headAgeSeconds === this.clockComparison?.headAgeSeconds;
    // The final outcome comes minutes after the comparison that it repeats.
    if (isRepeated) return;
    this.clockComparison = headAgeSeconds === null ? null : { headAgeSeconds, correctionMs };
  }

  #addWindow(outcome: AuctionOutcome, nowMs: number): void {
    const { firstBlock } = outcome.window;
    const former = this.window;
    if (former !== null && isRoutedAlike(former.outcome, outcome)) {
      this.windows = [...this.windows.slice(0, -1), { ...former, outcome }];
      return;
    }
    const earlier = this.windows.filter(({ outcome }) => outcome.window.firstBlock < firstBlock);
    const window = { outcome, delivery: null, computedAtMs: nowMs, routedAtMs: null };
    this.windows = [...earlier, window].slice(-MAX_HISTORY_WINDOWS);
    this.#results = [];
  }

  #noteRouting(results: readonly (RouteReport | FailedTarget)[], nowMs: number): void {
    const asics = results.find(({ mode }) => mode === "asic");
    this.fleet = asics?.mode === "asic" ? fleetState(this.fleet, asics, nowMs) : null;
    this.proxies = results.filter((result) => result.mode !== "asic").map((result) => {
      const former = this.#proxyAt(result, nowMs);
      if ("error" in result) return { ...former, error: result.error, checkedAtMs: nowMs };
      return {
        ...this.#withReload(former, result, nowMs),
        values: result.values,
        identities: result.identities,
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

  /** A reload can be pending from an earlier run before this one has routed anything. */
  #noteReload(report: RecoveryReport, nowMs: number): void {
    const proxy = this.#withReload(this.#proxyAt(report, nowMs), report, nowMs);
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

  /** Records the newest state of a proxy's reload. */
  #withReload(proxy: ProxyState, reload: ReloadReport, nowMs: number): ProxyState {
    const { reloadPendingSinceMs: sinceMs } = reload;
    return {
      ...proxy,
      reload,
      reloadPendingSinceMs: sinceMs === null
        ? null
        : proxy.reloadPendingSinceMs ?? pendingSince(sinceMs, nowMs, this.#correctionMs),
      reloadedAtMs: isReloadGiven(reload.reload) ? nowMs : proxy.reloadedAtMs,
    };
  }

  #proxyAt({ mode, path }: Pick<ProxyState, "mode" | "path">, nowMs: number): ProxyState {
    const former = this.proxies.find((proxy) => proxy.path === path);
    return former !== undefined ? { ...former, mode } : {
      mode,
      path,
      values: [],
      identities: [],
      reload: null,
      reloadPendingSinceMs: null,
      error: null,
      checkedAtMs: nowMs,
      writtenAtMs: null,
      reloadedAtMs: null,
    };
  }
}

/** Whether two outcomes are of one window and let the same be routed. */
function isRoutedAlike(former: AuctionOutcome, outcome: AuctionOutcome): boolean {
  return decisionOf(former) === decisionOf(outcome) &&
    former.own.hotkey === outcome.own.hotkey &&
    former.own.routedHashratePh === outcome.own.routedHashratePh;
}

/**
 * Since when a reload is pending that an earlier process may have left. Its journal has the time by the host's clock of then,
 * which may have been wrong: a time that cannot be counts as now.
 *
 * @param sinceMs by the host's clock.
 * @param correctionMs how far the host's clock is ahead of `nowMs`.
 */
function pendingSince(sinceMs: number, nowMs: number, correctionMs: number): number {
  return sinceMs < EARLIEST_MS ? nowMs : Math.min(sinceMs - correctionMs, nowMs);
}

function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** The empty bid is renewed like any other; its first publication decides when it counts. */
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
