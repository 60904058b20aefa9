/**
 * Keeps the routing in step with the auction: one run per tick, one computation per window.
 *
 * @module
 */

import type { Fleet } from "../delivery/asics/fleet.ts";
import {
  type Callbacks,
  decisionOf,
  deliverOutcome,
  type DeliveryContext,
  demandOf,
  isCarriedOut,
  resultsIn,
  routeDemand,
  type RouteReport,
  unroutedDemand,
} from "./jobs/deliver.ts";
import {
  type AuctionJobResult,
  type ComputedAuction,
  isClockOff,
  type KnownWindow,
} from "./jobs/auction_job.ts";
import { callResultHooks } from "./hooks/hooks.ts";
import { type JobRunContext, runReported } from "./job_run.ts";
import { logOutcome } from "./jobs/log_outcome.ts";
import { auctionDocument } from "./jobs/result_document.ts";
import { logTierCredit, outcomeTierCredit } from "./jobs/tier_credit.ts";
import { ConfigError } from "../config/errors.ts";
import type { RoutingConfig } from "../config/routing.ts";
import type { WorkersConfig } from "../config/workers.ts";
import type { Logger } from "../lib/log.ts";
import type { FailedTarget } from "../delivery/proxies/errors.ts";
import { type RoutingDemand, targetPath } from "../delivery/proxies/route.ts";
import type { RunningJob } from "./workers/job_host.ts";
import type { HotkeyLaunchOptions } from "./workers/launch.ts";
import { asError } from "../lib/errors.ts";
import { ChainProgress } from "./chain_progress.ts";
import type { HeadWatcher } from "./head_watcher.ts";
import { ownerOf, type Settings } from "./settings.ts";
import type { ValidationWindow } from "../auction/protocol/windows.ts";
import { WindowMemory } from "./window_memory.ts";

/** How late blocks may be before a window counts as over although no later block was seen. */
const LATE_BLOCKS_MS = 60_000;

/** Why a run began. */
export type AuctionTrigger = "start" | "tick" | "signal" | "window-close" | "window-begins";

/** Constructor options of {@link AuctionKeeper}. */
export interface AuctionKeeperContext extends JobRunContext {
  readonly launch: (
    options: HotkeyLaunchOptions & { readonly known: KnownWindow | null },
  ) => RunningJob<AuctionJobResult>;
  readonly watcher: Pick<HeadWatcher, "ask" | "headNumber" | "follow">;
  readonly callbacks: Callbacks;
  readonly fleet: Fleet;
  /** Milliseconds since 1970. */
  readonly nowMs: () => number;
  /** Called after each routing with whether a proxy's reload is pending. */
  readonly onReloads: (isPending: boolean) => void;
  /** Called after a window's result was delivered; for tests and demonstrations. */
  readonly onDelivered?: ((computed: ComputedAuction) => void) | undefined;
}

/** The auction's part of the service. The caller of {@link run} makes sure that runs do not overlap. */
export class AuctionKeeper {
  readonly #context: AuctionKeeperContext;
  #memory: WindowMemory | null = null;
  #job: RunningJob<AuctionJobResult> | null = null;
  /** The first block of the last window for which a head started a run. */
  #announcedWindow = -1;
  #progress = new ChainProgress();
  /** When the outcome in memory was last known to be the current window's, by the monotonic clock. */
  #lastGoodMs: number;
  #isStale = false;
  #clockWasOff = false;
  /** Whether all destinations carry out the outcome in memory. */
  #isCarriedOut = false;

  constructor(context: AuctionKeeperContext) {
    this.#context = context;
    this.#lastGoodMs = context.monotonicMs();
  }

  /**
   * Notes a new head and announces it to a waiting job.
   *
   * @returns the trigger of a run that should start now, else `null`.
   */
  noticeHead(blockNumber: number): AuctionTrigger | null {
    this.#noteHead(blockNumber);
    if (this.#job !== null) this.#job.announceHead();
    const memory = this.#memory;
    if (memory === null) return null;
    if (memory.isPast(blockNumber)) {
      return this.#announceOnce(memory.locate(blockNumber).current.firstBlock, "window-begins");
    }
    const { next, nextIsClose } = memory.locate(blockNumber);
    // A job started early is connected and waiting when the window's first block appears.
    return nextIsClose ? this.#announceOnce(next.firstBlock, "window-close") : null;
  }

  /** Runs once. Never rejects: failures are logged. */
  async run(log: Logger, trigger: AuctionTrigger): Promise<void> {
    const { settings, signal } = this.#context;
    const run = async (): Promise<void> => this.#process(await settings.read(log), log, trigger);
    await runReported("auction", run, log, this.#context);
    if (!signal.aborted) await this.#applyStalePolicy(settings.last, log);
  }

  async #process(settings: Settings, log: Logger, trigger: AuctionTrigger): Promise<void> {
    const { watcher } = this.#context;
    const memory = this.#memory;
    const usable = memory !== null && !memory.isFallback && memory.holdsFor(settings) ? memory : null;
    if (usable !== null && trigger !== "window-begins" && await this.#isCurrent(usable)) {
      this.#noteGood(usable.window, settings);
      await this.#reapply(usable, settings, log);
      return;
    }
    const result = await this.#compute(settings, usable?.known ?? null, log);
    if (result.kind === "unchanged") {
      this.#noteHead(result.head.number);
      this.#noteGood(result.window, settings);
      if (usable !== null) await this.#reapply(usable, settings, log);
      return;
    }
    const { chain, head } = result.outcome;
    if (memory !== null && memory.outcome.chain.genesisHash !== chain.genesisHash) {
      this.#progress = new ChainProgress();
    }
    this.#noteHead(head.number);
    this.#noteGood(result.window, settings);
    watcher.follow({
      endpoints: settings.config.endpoints,
      expectedGenesisHash: result.outcome.chain.genesisHash,
    });
    await this.#adopt(result, settings, log);
  }

  #noteHead(blockNumber: number): void {
    const { monotonicMs, nowMs } = this.#context;
    this.#progress.note(blockNumber, { monotonicMs: monotonicMs(), nowMs: nowMs() });
  }

  /**
   * Notes that the outcome of a window is known, and valid for as long as the window can last.
   *
   * @throws if the window ended too long ago: routing it again would contradict the stale policy.
   */
  #noteGood(window: ValidationWindow, { config }: Settings): void {
    const nowMs = this.#context.monotonicMs();
    const goodMs = Math.min(nowMs, this.#progress.endOfMs(window));
    this.#lastGoodMs = Math.max(this.#lastGoodMs, goodMs);
    if (nowMs - this.#lastGoodMs >= config.staleness.afterSeconds * 1000) throw this.#progress.stalledError();
  }

  /** Whether the chain is still in the window in memory and its inputs are unchanged; takes three requests. */
  async #isCurrent(memory: WindowMemory): Promise<boolean> {
    const { watcher } = this.#context;
    const head = watcher.headNumber;
    if (head === null) return false;
    const { current, nextIsClose } = memory.locate(head);
    if (current.firstBlock !== memory.window.firstBlock || nextIsClose) return false;
    try {
      return await memory.isUnmoved((method, params) => watcher.ask(method, params));
    } catch {
      // The followed node does not answer; the job can try the other endpoints.
      return false;
    }
  }

  async #compute(settings: Settings, known: KnownWindow | null, log: Logger): Promise<AuctionJobResult> {
    const { launch, observe, signal } = this.#context;
    const job = launch({
      ...settings,
      log,
      signal,
      onEndpointFailed: (failure) => observe({ kind: "endpoint-failed", failure }),
      known,
    });
    this.#job = job;
    try {
      return await job.result;
    } finally {
      this.#job = null;
    }
  }

  async #adopt(result: ComputedAuction, settings: Settings, log: Logger): Promise<void> {
    const previous = this.#memory;
    const memory = new WindowMemory(result, settings);
    if (previous !== null && previous.window.firstBlock < memory.window.firstBlock) {
      const { window, own } = previous.outcome;
      log.info("Window completed", {
        window_index: window.index,
        first_block: window.firstBlock,
        last_block: window.lastBlock,
        won_count: own.wonCount,
        lost_count: own.lostCount,
        won_hashrate_ph: own.wonHashratePh,
        routed: this.#isCarriedOut,
      });
    }
    this.#checkClock(result, log);
    logOutcome(result.outcome, log);
    this.#memory = memory;
    this.#isCarriedOut = false;
    const { callbacks, hooks, observe, onDelivered } = this.#context;
    observe({ kind: "outcome-computed", computed: result });
    const delivery = { ...this.#delivery(settings, log), callbacks };
    const { results, error } = await this.#observed(deliverOutcome(result.outcome, delivery), settings);
    this.#isCarriedOut = results.every(isCarriedOut);
    const { routing, hooks: programs } = settings.config;
    const credit = outcomeTierCredit(result.outcome, results, ownerOf(settings));
    logTierCredit(credit, log);
    const document = auctionDocument({
      computed: result,
      routing,
      results,
      creditedAtMostPh: credit?.creditedAtMostPh ?? null,
      error,
    });
    callResultHooks(hooks, programs, result.outcome, document);
    if (error !== null) throw error;
    onDelivered?.(result);
  }

  /** Routes the outcome in memory again: the file may have been edited, or a reload may be pending. */
  async #reapply({ outcome }: WindowMemory, settings: Settings, log: Logger): Promise<void> {
    const delivery = { ...this.#delivery(settings, log), decision: decisionOf(outcome) };
    const { results, error } = await this.#observed(
      routeDemand(demandOf(outcome, delivery.workers), delivery),
      settings,
    );
    this.#isCarriedOut = results.every(isCarriedOut);
    if (error !== null) throw error;
  }

  /** Waits for a routing and reports the result of each destination. */
  async #observed(routing: Promise<readonly RouteReport[]>, { config }: Settings): Promise<Routed> {
    const routed = await routing.then(
      (results): Routed => ({ results, error: null }),
      (error): Routed => ({ results: failedResults(error, config.routing), error: asError(error) }),
    );
    this.#context.observe({ kind: "routed", results: routed.results });
    return routed;
  }

  #delivery({ config }: Settings, log: Logger): Omit<DeliveryContext, "callbacks"> {
    const { fleet, failures, signal } = this.#context;
    return {
      fleet,
      failures,
      signal,
      routing: config.routing,
      workers: config.workers instanceof ConfigError ? null : config.workers,
      stateDirectory: config.stateDirectory,
      dryRun: false,
      nowMs: this.#context.nowMs(),
      log,
      onReloads: this.#context.onReloads,
    };
  }

  #announceOnce(firstBlock: number, trigger: AuctionTrigger): AuctionTrigger | null {
    // Once for the approach and once for the beginning of a window; after that the ticks retry.
    const mark = trigger === "window-begins" ? firstBlock : firstBlock - 0.5;
    if (mark <= this.#announcedWindow || this.#job !== null) return null;
    this.#announcedWindow = mark;
    return trigger;
  }

  /** Applies `[routing] on_stale` when no window could be computed for `stale_after`. */
  async #applyStalePolicy(settings: Settings | null, log: Logger): Promise<void> {
    if (settings === null) return;
    const { failures, monotonicMs } = this.#context;
    const { afterSeconds, policy } = settings.config.staleness;
    const nowMs = monotonicMs();
    const ageSeconds = Math.round((nowMs - this.#lastGoodMs) / 1000);
    const isWindowOver = this.#memory !== null &&
      nowMs > this.#progress.endOfMs(this.#memory.window) + LATE_BLOCKS_MS;
    const isStale = ageSeconds >= afterSeconds;
    this.#context.observe({ kind: "staleness-checked", isStale, isWindowOver, policy });
    if (!isStale) {
      if (this.#isStale) log.info("Routing follows the auction again");
      this.#isStale = false;
      return;
    }
    if (!this.#isStale) {
      log.error("No window could be computed for too long", { seconds: ageSeconds, policy });
    }
    this.#isStale = true;
    if (policy === "keep") return;
    const delivery = { ...this.#delivery(settings, log), decision: "release" };
    const demand = releaseDemand(this.#memory, delivery.workers);
    const { error } = await this.#observed(routeDemand(demand, delivery), settings);
    if (error === null) failures.succeeded(log, "release", "Hashrate released");
    else failures.failed(log, "release", "Cannot release the hashrate", error.message);
  }

  #checkClock({ headAgeSeconds }: ComputedAuction, log: Logger): void {
    const isOff = isClockOff(headAgeSeconds);
    if (isOff && !this.#clockWasOff) {
      log.warning("Host clock and chain clock differ", {
        head_age_seconds: headAgeSeconds,
        hint: "check the host's time synchronisation, or whether the node is in sync",
      });
    }
    this.#clockWasOff = isOff;
  }
}

interface Routed {
  readonly results: readonly (RouteReport | FailedTarget)[];
  /** `null` if all destinations could be routed to. */
  readonly error: Error | null;
}

/** The result of each destination when the routing failed for some. */
function failedResults(error: unknown, routing: RoutingConfig): Routed["results"] {
  const results = resultsIn(error);
  if (results !== null) return results;
  // The error of the only proxy is not wrapped.
  const targets = routing.kind === "on" ? routing.targets : [];
  return targets.map((target) => ({
    mode: target.mode,
    path: targetPath(target),
    error: asError(error).message,
  }));
}

/** Counts all workers as lost: those bid in the known window, else the configured ones. */
function releaseDemand(memory: WindowMemory | null, workers: WorkersConfig | null): RoutingDemand {
  if (memory === null) return unroutedDemand(workers);
  const { wonSizes, lostSizes } = demandOf(memory.outcome, workers);
  return { wonSizes: [], lostSizes: [...wonSizes, ...lostSizes] };
}
