/**
 * The service: runs both jobs on schedule and at new windows, and keeps the routing in step.
 *
 * The main thread does the scheduling, reads the configuration, calls the callbacks and routes. Each job run has its own
 * worker.
 *
 * @module
 */

import { Fleet } from "../delivery/asics/fleet.ts";
import * as callbacks from "../delivery/callbacks.ts";
import type { Environment } from "../config/environment.ts";
import { ConfigError } from "../config/errors.ts";
import { HOOK_PATIENCE_MS, HookRunner } from "./hooks/hooks.ts";
import type { ComputedAuction } from "./jobs/auction_result.ts";
import { settleOwed, warnAboutRouting } from "./jobs/deliver.ts";
import { hostClock } from "../lib/clock.ts";
import type { Logger } from "../lib/log.ts";
import { redactUrls } from "../lib/redact.ts";
import { within } from "../lib/within.ts";
import {
  AUCTION_INTERVAL_SECONDS,
  COMMITMENT_INTERVAL_SECONDS,
  MAX_BID_AGE_SECONDS,
} from "../auction/protocol/constants.ts";
import { VERSION } from "../version.ts";
import { finished, type RunningJob } from "./workers/job_host.ts";
import { launchAddress, launchAuction, launchCommitment, type LaunchOptions } from "./workers/launch.ts";
import { AuctionKeeper, type AuctionTrigger } from "./auction_keeper.ts";
import { type CommitmentKeeperContext, isPublishingPaused, keepCommitment } from "./commitment_keeper.ts";
import { FailureLog } from "../lib/failure_log.ts";
import { DeliveryKeeper } from "./delivery_keeper.ts";
import { PayKeeper } from "./pay_keeper.ts";
import type { DaemonEvent, DaemonJob, DaemonObserver } from "./events.ts";
import { EndpointMemory } from "../chain/endpoint_memory.ts";
import { HeadWatcher } from "./head_watcher.ts";
import { HotkeyAddressCache } from "./hotkey_address.ts";
import { InstanceGuard } from "./instance_lock.ts";
import type { JobRunContext } from "./job_run.ts";
import { Lane } from "./lane.ts";
import { PublishingPause } from "./publishing_pause.ts";
import { RecordKeeper } from "./record_keeper.ts";
import { ReloadRetrier } from "./reload_retrier.ts";
import { RuntimeStore } from "./workers/runtime_store.ts";
import { CronScheduler, jitterMs, type Scheduler } from "./scheduler.ts";
import { describeRouting, type Settings, SettingsSource } from "./settings.ts";

/** How long a stop waits for pending file writes and programs. */
const STOP_PATIENCE_MS = 4_000;

/** Options of {@link runDaemon}. */
export interface DaemonOptions {
  readonly configPath: string;
  readonly environment: Environment;
  readonly log: Logger;
  /** Stops the service. */
  readonly signal: AbortSignal;
  /** Called with every event. */
  readonly observe?: DaemonObserver;
  /** Called once the service runs. */
  readonly onReady?: (control: DaemonControl) => void;
}

/** Controls a running service. */
export interface DaemonControl {
  /** Runs both jobs now, as on SIGHUP. */
  readonly runNow: () => void;
}

/** The parts that tests and demonstrations replace. */
export interface DaemonParts {
  readonly scheduler: Scheduler;
  /** Delay of the runs after the full minute, in milliseconds. */
  readonly jitterMs: (hotkey: string) => number;
  /** Milliseconds between the starts of both jobs: two workers at once would raise the peak of memory. */
  readonly staggerMs: number;
  /** Milliseconds since 1970. */
  readonly nowMs: () => number;
  /**
   * Milliseconds since 1970 by the host's clock at the start, on a clock that never steps. An observer that keeps the times
   * of events uses the same.
   */
  readonly monotonicMs: () => number;
  readonly launchAuction: typeof launchAuction;
  readonly launchCommitment: typeof launchCommitment;
  readonly onDelivered?: (computed: ComputedAuction) => void;
}

/** The real parts. */
export function realParts(): DaemonParts {
  return {
    scheduler: new CronScheduler(),
    jitterMs,
    staggerMs: 3_000,
    nowMs: Date.now,
    monotonicMs: () => hostClock.steadyMs(),
    launchAuction,
    launchCommitment,
  };
}

/** How the service ended. */
export interface DaemonEnd {
  /** Whether a terminated worker did not end, so that the process must be restarted. */
  readonly stuckWorker: boolean;
}

/**
 * Runs the service until the signal aborts.
 *
 * @throws {import("../config/errors.ts").ConfigError} {@link import("../chain/wallet/errors.ts").WalletError} if it
 *   cannot start with this configuration; later mistakes in it fail single runs.
 * @throws {import("./instance_lock.ts").InstanceLockedError} if another agent runs for the same hotkey.
 */
export async function runDaemon(
  options: DaemonOptions,
  parts: DaemonParts = realParts(),
): Promise<DaemonEnd> {
  using daemon = new Daemon(options, parts);
  await daemon.start();
  await daemon.ending;
  await daemon.stop();
  return { stuckWorker: daemon.hasStuckWorker };
}

/** The running service: its parts, and what connects them. */
class Daemon implements Disposable {
  /** Whether a terminated worker did not end. */
  hasStuckWorker = false;
  readonly #options: DaemonOptions;
  readonly #parts: DaemonParts;
  readonly #guard = new InstanceGuard();
  readonly #addresses = new HotkeyAddressCache();
  readonly #delivery: DeliveryKeeper;
  readonly #pay: PayKeeper;
  readonly #records: RecordKeeper;
  readonly #endpoints: EndpointMemory;
  readonly #runtimes: RuntimeStore;
  readonly #watcher: HeadWatcher;
  readonly #auction: AuctionKeeper;
  readonly #context: JobRunContext & { readonly hooks: HookRunner };
  readonly #pause = new PublishingPause();
  readonly #reloads = new ReloadRetrier(() => this.#retryReloads());
  readonly #lanes = { auction: new Lane(), commitment: new Lane() };
  readonly #stop = new AbortController();
  readonly #ending = Promise.withResolvers<void>();
  readonly #workerEnds = new Set<Promise<boolean>>();
  readonly #delays = new Set<number>();
  #isRetryingReloads = false;

  constructor(options: DaemonOptions, parts: DaemonParts) {
    const { log } = options;
    const { nowMs, monotonicMs } = parts;
    const fleet = new Fleet();
    this.#options = options;
    this.#parts = parts;
    // The keepers that listen to events emit their own; those keep only the records.
    const observe: DaemonObserver = (event) => {
      options.observe?.(event);
      this.#records.notice(event);
    };
    this.#delivery = new DeliveryKeeper({ fleet, log, nowMs, monotonicMs, observe });
    this.#pay = new PayKeeper({ log, observe });
    this.#records = new RecordKeeper({ log, nowMs, monotonicMs });
    this.#endpoints = new EndpointMemory(monotonicMs);
    this.#runtimes = new RuntimeStore(log);
    this.#context = {
      settings: this.#settingsSource(),
      failures: new FailureLog(nowMs),
      hooks: new HookRunner({
        log,
        onEnded: (hook, error) => this.#observe({ kind: "hook-ended", hook, error }),
      }),
      monotonicMs,
      observe: this.#observe,
      signal: this.#stop.signal,
    };
    this.#watcher = new HeadWatcher({
      log,
      onHead: (blockNumber, endpoint) => {
        this.#observe({ kind: "head-seen", blockNumber, endpoint });
        this.#noticeHead(blockNumber);
      },
      onFailure: (failure) => this.#observe({ kind: "endpoint-failed", failure }),
      order: (endpoints) => this.#endpoints.order(endpoints),
    });
    this.#auction = new AuctionKeeper({
      ...this.#context,
      onReloads: (isPending) => this.#reloads.note(isPending),
      launch: (launch) => this.#track(parts.launchAuction(this.#fromExperience(launch))),
      watcher: this.#watcher,
      callbacks,
      fleet,
      nowMs,
      onFinal: () => this.#runAuction("final"),
      onDelivered: parts.onDelivered,
    });
  }

  /** Resolves when the signal aborts or a worker is stuck. */
  get ending(): Promise<void> {
    return this.#ending.promise;
  }

  /** Reads the settings, completes what an earlier process left, and starts both jobs and their schedule. */
  async start(): Promise<void> {
    const { log, signal, onReady } = this.#options;
    const { settings } = this.#context;
    const first = await settings.read(log);
    announce(first, log);
    const isReloadPending = await this.#settleOwed(log);
    this.#watcher.follow({
      endpoints: first.config.endpoints,
      expectedGenesisHash: first.config.expectedGenesisHash,
    });
    this.#schedule();
    this.#reloads.note(isReloadPending);
    this.#runBoth("start");
    onReady?.({ runNow: () => this.#runBoth("signal") });
    signal.addEventListener("abort", () => this.#ending.resolve(), { once: true });
    if (signal.aborted) this.#ending.resolve();
  }

  /** Ends all parts, and waits for pending file writes and programs. */
  async stop(): Promise<void> {
    const { log } = this.#options;
    log.info("Stopping", this.hasStuckWorker ? { reason: "a worker did not end" } : {});
    this.#parts.scheduler.stop();
    this.#stop.abort(new Error("the agent is stopping"));
    for (const timer of this.#delays) clearTimeout(timer);
    this.#reloads.stop();
    await within(
      STOP_PATIENCE_MS,
      Promise.all([
        this.#lanes.auction.close(),
        this.#auction.stop(),
        this.#lanes.commitment.close(),
        this.#watcher.stop(),
        this.#delivery.stop(),
        this.#context.hooks.stop(HOOK_PATIENCE_MS),
        this.#records.stop(),
        this.#runtimes.settled(),
        ...this.#workerEnds,
      ]),
    );
    log.warning("Stopped: the bid on the chain stays valid without us", {
      valid_for_at_most_minutes: MAX_BID_AGE_SECONDS / 60,
      hint: "to take it back: ih-miner withdraw",
    });
  }

  [Symbol.dispose](): void {
    this.#guard[Symbol.dispose]();
  }

  readonly #observe = (event: DaemonEvent): void => {
    if (event.kind === "endpoint-failed") this.#endpoints.note(event.failure);
    this.#options.observe?.(event);
    this.#delivery.notice(event);
    // What was paid is recorded by the chain's time, which the records take from the outcome.
    this.#records.notice(event);
    this.#pay.notice(event);
  };

  #settingsSource(): SettingsSource {
    const { configPath, environment } = this.#options;
    const { signal } = this.#stop;
    return new SettingsSource({
      configPath,
      environment,
      addressOf: (config, log) =>
        this.#addresses.addressOf(
          config.hotkeyPath,
          // A start that fails here ends the process: nothing of the worker may stay.
          () => finished(this.#track(launchAddress({ config, log, signal }))),
        ),
      claim: ({ config: { stateDirectory, network, netuid }, hotkey }) =>
        this.#guard.hold(stateDirectory, { network, netuid, hotkey }),
      onRead: (settings) => this.#observe({ kind: "settings-read", settings }),
      onFailed: (error) => this.#observe({ kind: "settings-failed", error }),
    });
  }

  /** Has a job begin with the endpoints that were not slow lately, and with the runtimes that are known. */
  #fromExperience<Options extends LaunchOptions>(launch: Options): Options {
    const { config } = launch;
    return {
      ...launch,
      config: { ...config, endpoints: this.#endpoints.order(config.endpoints) },
      runtimes: this.#runtimes,
    };
  }

  /** Remembers a worker until it has ended, which takes up to two seconds: only the stop waits for that. */
  #track<T>(job: RunningJob<T>): RunningJob<T> {
    this.#workerEnds.add(job.ended);
    job.ended.then((hasEnded) => {
      this.#workerEnds.delete(job.ended);
      if (hasEnded) return;
      this.hasStuckWorker = true;
      this.#ending.resolve();
    });
    return job;
  }

  /** Completes interrupted writes and pending reloads; returns whether a reload is still pending. */
  async #settleOwed(log: Logger): Promise<boolean> {
    const { routing, stateDirectory } = this.#settings.config;
    const { failures } = this.#context;
    const [nowMs, steadyMs] = [this.#parts.nowMs(), this.#parts.monotonicMs()];
    const owed = { routing, stateDirectory, dryRun: false, nowMs, steadyMs, failures, log };
    const reports = await settleOwed(owed);
    this.#observe({ kind: "reload-retried", reports });
    return reports.some(({ reload }) => reload === "pending");
  }

  /** Retries pending reloads in the auction's lane: a run must not edit the file at the same time. */
  #retryReloads(): void {
    const started = this.#lanes.auction.tryRun(async () => {
      this.#isRetryingReloads = true;
      const log = this.#options.log.with({ run_id: newRunId(), job: "reload" });
      const isPending = await this.#settleOwed(log);
      this.#isRetryingReloads = false;
      if (!this.#stop.signal.aborted) this.#reloads.note(isPending);
    });
    if (!started) this.#reloads.note(true);
  }

  #schedule(): void {
    const { scheduler, staggerMs } = this.#parts;
    scheduler.schedule({
      name: "auction",
      everyMinutes: AUCTION_INTERVAL_SECONDS / 60,
      run: () => this.#after(this.#jitterMs, () => this.#runAuction("tick")),
    });
    scheduler.schedule({
      name: "commitment",
      everyMinutes: COMMITMENT_INTERVAL_SECONDS / 60,
      run: () => this.#after(this.#jitterMs + staggerMs, () => this.#runCommitment("tick")),
    });
  }

  #runBoth(trigger: AuctionTrigger): void {
    this.#runAuction(trigger);
    this.#after(this.#parts.staggerMs, () => this.#runCommitment(trigger));
  }

  #runAuction(trigger: AuctionTrigger): void {
    this.#begin("auction", trigger, async (log) => {
      await this.#auction.run(log, trigger);
      // The window may have changed during the run.
      const head = this.#watcher.headNumber;
      if (head !== null) this.#noticeHead(head);
    });
  }

  #runCommitment(trigger: AuctionTrigger): void {
    const context: CommitmentKeeperContext = {
      ...this.#context,
      launch: (launch) => this.#track(this.#parts.launchCommitment(this.#fromExperience(launch))),
      pause: this.#pause,
      headNumber: () => this.#watcher.headNumber,
    };
    if (trigger === "tick" && isPublishingPaused(this.#logOf("commitment"), context)) return;
    this.#begin("commitment", trigger, (log) => keepCommitment(log, context));
  }

  #noticeHead(blockNumber: number): void {
    if (this.#pause.endsAt(blockNumber)) this.#runCommitment("tick");
    const trigger = this.#auction.noticeHead(blockNumber);
    if (trigger !== null) this.#runAuction(trigger);
  }

  /** Starts a run. A tick is skipped while a run is in progress, for the next tick asks again; others are queued. */
  #begin(job: DaemonJob, trigger: AuctionTrigger, run: (log: Logger) => Promise<void>): void {
    const lane = this.#lanes[job];
    const log = this.#logOf(job);
    if (trigger !== "tick" || this.#isRetryingReloads) {
      lane.runNext(() => run(log));
    } else if (!lane.tryRun(() => run(log))) {
      this.#observe({ kind: "run-skipped", job });
      log.info("Run skipped: the previous one is still going on");
    }
  }

  #logOf(job: DaemonJob): Logger {
    return this.#options.log.with({ run_id: newRunId(), job });
  }

  #after(ms: number, run: () => void): void {
    const timer = setTimeout(() => {
      this.#delays.delete(timer);
      run();
    }, ms);
    this.#delays.add(timer);
  }

  get #jitterMs(): number {
    return this.#parts.jitterMs(this.#settings.hotkey);
  }

  /** The settings in effect; there are some after {@link start} has read them. */
  get #settings(): Settings {
    return this.#context.settings.last!;
  }
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
