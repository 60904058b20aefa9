/**
 * The agent as it runs for months: two jobs by the clock, the head of the chain in view, one proxy in step.
 *
 * The main thread holds scheduling, configuration, callbacks and routing; each job run has a worker of its own.
 *
 * @module
 */

import { Fleet } from "../delivery/asics/fleet.ts";
import * as callbacks from "../delivery/callbacks.ts";
import type { Environment } from "../config/environment.ts";
import { ConfigError } from "../config/errors.ts";
import { HOOK_PATIENCE_MS, HookRunner } from "./hooks/hooks.ts";
import type { ComputedAuction } from "./jobs/auction_job.ts";
import { settleOwed, warnAboutRouting } from "./jobs/deliver.ts";
import type { Logger } from "../lib/log.ts";
import { redactUrls } from "../lib/redact.ts";
import {
  AUCTION_INTERVAL_SECONDS,
  COMMITMENT_INTERVAL_SECONDS,
  MAX_BID_AGE_SECONDS,
} from "../auction/protocol/constants.ts";
import { VERSION } from "../version.ts";
import type { RunningJob } from "./workers/job_host.ts";
import { launchAddress, launchAuction, launchCommitment } from "./workers/launch.ts";
import { AuctionKeeper, type AuctionTrigger } from "./auction_keeper.ts";
import { CommitmentKeeper } from "./commitment_keeper.ts";
import { FailureLog } from "../lib/failure_log.ts";
import { DeliveryKeeper } from "./delivery_keeper.ts";
import type { DaemonEvent, DaemonObserver } from "./events.ts";
import { HeadWatcher } from "./head_watcher.ts";
import { HotkeyAddressCache } from "./hotkey_address.ts";
import { InstanceGuard } from "./instance_lock.ts";
import { Lane } from "./lane.ts";
import { ReloadRetrier } from "./reload_retrier.ts";
import { CronScheduler, jitterMs, type Scheduler } from "./scheduler.ts";
import { describeRouting, type Settings, SettingsSource } from "./settings.ts";

/** The files under way at a stop are given so long. */
const STOP_PATIENCE_MS = 4_000;

/** What the daemon is started with. */
export interface DaemonOptions {
  readonly configPath: string;
  readonly environment: Environment;
  readonly log: Logger;
  /** Ends the daemon. */
  readonly signal: AbortSignal;
  /** Is told what happens. */
  readonly observe?: DaemonObserver;
  /** Runs both jobs now, as SIGHUP does, whenever it is called; the daemon puts its function here. */
  readonly onReady?: (control: DaemonControl) => void;
}

/** What can be asked of a running daemon. */
export interface DaemonControl {
  /** Runs both jobs now. */
  readonly runNow: () => void;
}

/** What tests and demonstrations put in place of the real thing. */
export interface DaemonParts {
  readonly scheduler: Scheduler;
  /** Milliseconds behind the minute. */
  readonly jitterMs: (hotkey: string) => number;
  /** Milliseconds between the two jobs where both are to run: two workers at once would set the peak of memory. */
  readonly staggerMs: number;
  /** Milliseconds since 1970. */
  readonly nowMs: () => number;
  /** Milliseconds on a clock that never goes back. */
  readonly monotonicMs: () => number;
  readonly launchAuction: typeof launchAuction;
  readonly launchCommitment: typeof launchCommitment;
  readonly onDelivered?: (computed: ComputedAuction) => void;
}

/** The real thing. */
export function realParts(): DaemonParts {
  return {
    scheduler: new CronScheduler(),
    jitterMs,
    staggerMs: 3_000,
    nowMs: Date.now,
    monotonicMs: () => performance.now(),
    launchAuction,
    launchCommitment,
  };
}

/** How a daemon ended. */
export interface DaemonEnd {
  /** Whether a worker could not be ended, so that the process has to be restarted. */
  readonly stuckWorker: boolean;
}

/**
 * Runs until the signal says so.
 *
 * @throws {import("../config/errors.ts").ConfigError} {@link import("../chain/wallet/errors.ts").WalletError} when it
 *   cannot start with this configuration; later mistakes in it fail single runs.
 * @throws {import("./instance_lock.ts").InstanceLockedError} when another agent runs for the same hotkey.
 */
export async function runDaemon(
  options: DaemonOptions,
  parts: DaemonParts = realParts(),
): Promise<DaemonEnd> {
  const { configPath, environment, log, signal, onReady } = options;
  const { scheduler, nowMs, monotonicMs } = parts;
  const fleet = new Fleet();
  const tell = options.observe ?? (() => {});
  const delivery = new DeliveryKeeper({ fleet, log, nowMs, observe: tell });
  const observe = (event: DaemonEvent): void => {
    tell(event);
    delivery.notice(event);
  };
  const hooks = new HookRunner({
    log,
    onEnded: (hook, error) => observe({ kind: "hook-ended", hook, error }),
  });
  using guard = new InstanceGuard();
  const stop = new AbortController();
  const stopped = Promise.withResolvers<void>();
  const end = (): void => stopped.resolve();
  let stuckWorker = false;
  const endings = new Set<Promise<boolean>>();
  /** A worker takes up to two seconds to end: nobody waits for that but the daemon's own end. */
  const watchEnd = <T>(job: RunningJob<T>): RunningJob<T> => {
    endings.add(job.ended);
    job.ended.then((ended) => {
      endings.delete(job.ended);
      if (ended) return;
      stuckWorker = true;
      end();
    });
    return job;
  };

  const addresses = new HotkeyAddressCache();
  const settings = new SettingsSource({
    configPath,
    environment,
    addressOf: (config, log) =>
      addresses.addressOf(
        config.hotkeyPath,
        () => watchEnd(launchAddress({ config, log, signal: stop.signal })).result,
      ),
    claim: ({ config, hotkey }) =>
      guard.hold(config.stateDirectory, { network: config.network, netuid: config.netuid, hotkey }),
    onRead: (settings) => observe({ kind: "settings-read", settings }),
    onFailed: (error) => observe({ kind: "settings-failed", error }),
  });
  const first = await settings.read(log);
  announce(first, log);
  const failures = new FailureLog(nowMs);
  /** Says whether a reload is still owed. */
  const settle = async (log: Logger): Promise<boolean> => {
    const { routing, stateDirectory } = (settings.last ?? first).config;
    const reports = await settleOwed({
      routing,
      stateDirectory,
      dryRun: false,
      nowMs: nowMs(),
      failures,
      log,
    });
    observe({ kind: "reload-retried", reports });
    return reports.some(({ reload }) => reload === "pending");
  };
  const isReloadOwed = await settle(log);

  const auctionLane = new Lane();
  const commitmentLane = new Lane();
  const watcher = new HeadWatcher({
    log,
    onHead: (blockNumber, endpoint) => {
      observe({ kind: "head-seen", blockNumber, endpoint });
      const trigger = auction.noticeHead(blockNumber);
      if (trigger !== null) runAuction(trigger);
    },
    onFailure: (failure) => observe({ kind: "endpoint-failed", failure }),
  });
  const common = { settings, failures, hooks, monotonicMs, observe, signal: stop.signal };
  const reloads = new ReloadRetrier(() => retryReloads());
  const auction = new AuctionKeeper({
    ...common,
    onReloads: (isPending) => reloads.note(isPending),
    launch: (options) => watchEnd(parts.launchAuction(options)),
    watcher,
    callbacks,
    fleet,
    nowMs,
    onDelivered: parts.onDelivered,
  });
  const commitment = new CommitmentKeeper({
    ...common,
    launch: (options) => watchEnd(parts.launchCommitment(options)),
  });

  // What a clock's tick asks for the next tick asks again; what a person or the chain asks for must happen.
  const begin = (
    job: "auction" | "commitment",
    trigger: AuctionTrigger,
    run: (log: Logger) => Promise<void>,
  ): void => {
    const lane = job === "auction" ? auctionLane : commitmentLane;
    const runLog = log.with({ run_id: newRunId(), job });
    if (trigger !== "tick" || isRetrying) {
      lane.runNext(() => run(runLog));
    } else if (!lane.tryRun(() => run(runLog))) {
      observe({ kind: "run-skipped", job });
      runLog.info("Run skipped: the previous one is still going on");
    }
  };
  const runAuction = (trigger: AuctionTrigger): void =>
    begin("auction", trigger, async (runLog) => {
      await auction.run(runLog, trigger);
      const head = watcher.headNumber;
      if (head === null) return;
      // The window may have changed while the run was busy with the former one.
      const next = auction.noticeHead(head);
      if (next !== null) runAuction(next);
    });
  const runCommitment = (trigger: AuctionTrigger): void =>
    begin("commitment", trigger, (runLog) => commitment.run(runLog));
  // A retry must not meet a run at the file; what comes meanwhile runs after it.
  let isRetrying = false;
  const retryReloads = (): void => {
    const started = auctionLane.tryRun(async () => {
      isRetrying = true;
      const isPending = await settle(log.with({ run_id: newRunId(), job: "reload" }));
      isRetrying = false;
      if (!stop.signal.aborted) reloads.note(isPending);
    });
    if (!started) reloads.note(true);
  };

  watcher.follow({
    endpoints: first.config.endpoints,
    expectedGenesisHash: first.config.expectedGenesisHash,
  });
  const delays = new Set<number>();
  const after = (ms: number, run: () => void): void => {
    const timer = setTimeout(() => {
      delays.delete(timer);
      run();
    }, ms);
    delays.add(timer);
  };
  const jitter = (): number => parts.jitterMs((settings.last ?? first).hotkey);
  const runBoth = (trigger: AuctionTrigger): void => {
    runAuction(trigger);
    after(parts.staggerMs, () => runCommitment(trigger));
  };
  scheduler.schedule({
    name: "auction",
    everyMinutes: AUCTION_INTERVAL_SECONDS / 60,
    run: () => after(jitter(), () => runAuction("tick")),
  });
  scheduler.schedule({
    name: "commitment",
    everyMinutes: COMMITMENT_INTERVAL_SECONDS / 60,
    run: () => after(jitter() + parts.staggerMs, () => runCommitment("tick")),
  });
  reloads.note(isReloadOwed);
  runBoth("start");
  onReady?.({ runNow: () => runBoth("signal") });

  signal.addEventListener("abort", end, { once: true });
  if (signal.aborted) end();
  await stopped.promise;

  log.info("Stopping", stuckWorker ? { reason: "a worker did not end" } : {});
  scheduler.stop();
  stop.abort(new Error("the agent is stopping"));
  for (const timer of delays) clearTimeout(timer);
  reloads.stop();
  await within(
    STOP_PATIENCE_MS,
    Promise.all([
      auctionLane.close(),
      commitmentLane.close(),
      watcher.stop(),
      delivery.stop(),
      hooks.stop(HOOK_PATIENCE_MS),
      ...endings,
    ]),
  );
  log.warning("Stopped: the bid on the chain stays valid without us", {
    valid_for_at_most_minutes: MAX_BID_AGE_SECONDS / 60,
    hint: "to take it back: ih-miner withdraw",
  });
  return { stuckWorker };
}

function announce({ config, hotkey }: Settings, log: Logger): void {
  const { workers } = config;
  const { path, network, netuid, routing, stateDirectory } = config;
  log.info("Agent started", {
    version: VERSION,
    config: path,
    network: [network].flat().map(redactUrls),
    netuid,
    hotkey,
    routing: describeRouting(routing),
    state_directory: stateDirectory,
  });
  warnAboutRouting(routing, log);
  if (!(workers instanceof ConfigError) && !workers.enabled) {
    log.warning("Paused by [workers] enabled = false: the empty bid is published");
  }
}

function newRunId(): string {
  return crypto.randomUUID().slice(0, 8);
}

/** Waits for work, but not longer than this. */
async function within(ms: number, work: Promise<unknown>): Promise<void> {
  let timer: number | undefined;
  const patience = new Promise((resolve) => timer = setTimeout(resolve, ms));
  await Promise.race([work, patience]);
  clearTimeout(timer);
}
