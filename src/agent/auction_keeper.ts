/**
 * Keeps the routing in step with the auction: one run per tick, one computation per window.
 *
 * @module
 */

import { isDeepStrictEqual } from "node:util";
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
import type { KnownWindow } from "./jobs/auction_job.ts";
import {
  type AuctionResult,
  checkAgainstHead,
  type ComputedAuction,
  isClockOff,
} from "./jobs/auction_result.ts";
import { FinalSolver } from "./final_solver.ts";
import { callResultHooks } from "./hooks/hooks.ts";
import { type JobRunContext, runReported } from "./job_run.ts";
import { type ProgramAnswer, questionAfter } from "./jobs/final_outcome.ts";
import { FELL_BACK, logOutcome } from "./jobs/log_outcome.ts";
import { auctionDocument } from "./jobs/result_document.ts";
import { logTierCredit, outcomeTierCredit } from "./jobs/tier_credit.ts";
import type { AuctionOutcome } from "../auction/outcome.ts";
import type { BlockRef } from "../chain/types.ts";
import { ConfigError } from "../config/errors.ts";
import type { RoutingConfig } from "../config/routing.ts";
import type { WorkersConfig } from "../config/workers.ts";
import type { Logger } from "../lib/log.ts";
import type { FailedTarget } from "../delivery/proxies/errors.ts";
import { type RoutingDemand, targetPath } from "../delivery/proxies/route.ts";
import type { RunningJob } from "./workers/job_host.ts";
import type { AuctionLaunchOptions } from "./workers/launch.ts";
import { asError } from "../lib/errors.ts";
import { ChainProgress } from "./chain_progress.ts";
import type { AnswerResult } from "./events.ts";
import type { HeadWatcher } from "./head_watcher.ts";
import { ownerOf, type Settings } from "./settings.ts";
import { WINDOW_BLOCKS } from "../auction/protocol/constants.ts";
import type { ValidationWindow } from "../auction/protocol/windows.ts";
import { WindowMemory } from "./window_memory.ts";

/** How late blocks may be before a window counts as over although no later block was seen. */
const LATE_BLOCKS_MS = 60_000;
/** How long the built-in engine may take where a program follows. */
const PROVISIONAL_SOLVE_LIMIT_MS = 1_000;
/** How long the first routing waits for the program: where that is enough, there is no second one. */
const FIRST_ROUTING_PATIENCE_MS = 1_500;
/** When the first routing is due at the latest, after the window's first block was seen. */
const FIRST_ROUTING_DUE_MS = 1_800;
/** The least time before the window's end at which a final outcome is of use. */
const LAST_ANSWER_MS = 60_000;

/** Why a run began. */
export type AuctionTrigger = "start" | "tick" | "signal" | "window-close" | "window-begins" | "final";

/** Constructor options of {@link AuctionKeeper}. */
export interface AuctionKeeperContext extends JobRunContext {
  readonly launch: (options: AuctionLaunchOptions) => RunningJob<AuctionResult>;
  readonly watcher: Pick<HeadWatcher, "ask" | "headNumber" | "follow" | "passOver">;
  readonly callbacks: Callbacks;
  readonly fleet: Fleet;
  /** Milliseconds since 1970. */
  readonly nowMs: () => number;
  /** Called after each routing with whether a proxy's reload is pending. */
  readonly onReloads: (isPending: boolean) => void;
  /** Called when the program's answer about a routed window waits for a run. */
  readonly onFinal: () => void;
  /** Called after a window's result was delivered; for tests and demonstrations. */
  readonly onDelivered?: ((computed: ComputedAuction) => void) | undefined;
}

/** The auction's part of the service. The caller of {@link run} makes sure that runs do not overlap. */
export class AuctionKeeper {
  readonly #context: AuctionKeeperContext;
  readonly #final: FinalSolver;
  #memory: WindowMemory | null = null;
  #job: RunningJob<AuctionResult> | null = null;
  /** The first block of the last window for which a head started a run. */
  #announcedWindow = -1;
  /** The last window that began while the agent ran, by its first block, and when that was. */
  #begun: { readonly firstBlock: number; readonly atMs: number } | null = null;
  #progress = new ChainProgress();
  /** When the outcome in memory was last known to be the current window's, by the monotonic clock. */
  #lastGoodMs: number;
  #isStale = false;
  #clockWasOff = false;
  /** Whether all destinations carry out the outcome in memory. */
  #isCarriedOut = false;

  constructor(context: AuctionKeeperContext) {
    this.#context = context;
    this.#final = new FinalSolver(context.onFinal);
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
      const { firstBlock } = memory.locate(blockNumber).current;
      this.#noteBegun(firstBlock);
      return this.#announceOnce(firstBlock, "window-begins");
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

  /** Ends the program for good, and resolves when it has ended. */
  async stop(): Promise<void> {
    await this.#final.stop();
  }

  async #process(settings: Settings, log: Logger, trigger: AuctionTrigger): Promise<void> {
    const { watcher } = this.#context;
    const memory = this.#memory;
    const usable = memory !== null && memory.holdsFor(settings) ? memory : null;
    if (usable !== null && trigger !== "window-begins" && await this.#isCurrent(usable)) {
      this.#noteGood(usable.window, settings);
      await this.#goOn(usable, settings, log);
      return;
    }
    const result = await this.#compute(settings, usable?.known ?? null, log);
    this.#checkHead(result.kind === "unchanged" ? result.head : result.snapshot.head);
    if (result.kind === "unchanged") {
      this.#noteHead(result.head.number);
      this.#noteGood(result.window, settings);
      if (usable !== null) await this.#goOn(usable, settings, log);
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

  /** @throws {import("./jobs/worker_answer.ts").WorkerAnswerError} if a result is of another window than the head's. */
  #checkHead({ number }: BlockRef): void {
    const { watcher } = this.#context;
    const { headNumber } = watcher;
    if (headNumber === null) return;
    try {
      checkAgainstHead(number, headNumber);
    } catch (error) {
      // It may as well be the followed node that is wrong or behind.
      watcher.passOver();
      throw error;
    }
    // Two sources agree that the chain has not come this far: what was seen there was a lie of a node or a worker.
    if (!this.#progress.hasSeen(Math.max(number, headNumber) + WINDOW_BLOCKS)) return;
    this.#progress = new ChainProgress();
    this.#announcedWindow = -1;
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

  async #compute(settings: Settings, known: KnownWindow | null, log: Logger): Promise<AuctionResult> {
    const { launch, observe, signal } = this.#context;
    const { engine, cbcCommand } = settings.config.solver;
    const job = launch({
      ...settings,
      log,
      signal,
      onEndpointFailed: (failure) => observe({ kind: "endpoint-failed", failure }),
      known,
      ...(engine === "glpk" || cbcCommand === null ? {} : { solveLimitMs: PROVISIONAL_SOLVE_LIMIT_MS }),
    });
    this.#job = job;
    try {
      return await job.result;
    } finally {
      this.#job = null;
    }
  }

  /** Takes a window's outcome, and asks the program where that has a say. */
  async #adopt(result: ComputedAuction, settings: Settings, log: Logger): Promise<void> {
    if (this.#memory !== null) this.#logCompleted(this.#memory, result.window, log);
    this.#checkClock(result, log);
    const question = questionAfter(result, settings.config);
    this.#final.pose(question);
    const computed = question === null ? result : { ...result, outcome: question.outcome };
    this.#memory = new WindowMemory(computed, settings);
    this.#isCarriedOut = false;
    const answer = await this.#ask(result.window, settings, this.#patienceMs(result.window));
    const known = answer === null ? computed : this.#settle(answer, "at-once", settings, log);
    await this.#deliver(known, settings, log);
  }

  /** Goes on with a window that was routed: by the program's answer if there is one now. */
  async #goOn(memory: WindowMemory, settings: Settings, log: Logger): Promise<void> {
    const answer = this.#final.takeAnswer() ?? await this.#ask(memory.window, settings, 0);
    if (answer === null) return await this.#reapply(memory, settings, log);
    const isNews = !isSameForOwner(memory.outcome, answer.outcome);
    const settled = this.#settle(answer, isNews ? "changed" : "confirmed", settings, log);
    const computed = { ...settled, completed: null };
    if (answer.failure === null) return await this.#deliver(computed, settings, log, isNews);
    this.#context.observe({ kind: "outcome-computed", computed });
    await this.#reapply(memory, settings, log);
  }

  /** Asks the program what it has still to say about a window; `null` if it says nothing in this time. */
  async #ask(
    window: ValidationWindow,
    { config: { solver } }: Settings,
    patienceMs: number,
  ): Promise<ProgramAnswer | null> {
    const leftMs = this.#progress.endOfMs(window) - this.#context.monotonicMs();
    const limitMs = Math.min(solver.cbcTimeLimitSeconds * 1000, leftMs - LAST_ANSWER_MS);
    return await this.#final.ask(limitMs, patienceMs);
  }

  /** How long the first routing of a window waits for the program. */
  #patienceMs({ firstBlock }: ValidationWindow): number {
    if (this.#begun?.firstBlock !== firstBlock) return FIRST_ROUTING_PATIENCE_MS;
    const leftMs = FIRST_ROUTING_DUE_MS - (this.#context.monotonicMs() - this.#begun.atMs);
    return Math.min(FIRST_ROUTING_PATIENCE_MS, Math.max(0, leftMs));
  }

  /**
   * Notes the program's answer about the window in memory.
   *
   * @returns what is known of the window now.
   */
  #settle(
    { outcome, solved, failure, seconds }: ProgramAnswer,
    result: Exclude<AnswerResult, "failed">,
    settings: Settings,
    log: Logger,
  ): ComputedAuction {
    const { observe, failures } = this.#context;
    const former = this.#memory!.computed;
    const computed = { ...former, outcome, solved };
    this.#memory = new WindowMemory(computed, settings);
    observe({
      kind: "program-answered",
      result: failure === null ? result : "failed",
      seconds,
      differencePh: result === "at-once"
        ? 0
        : Math.abs(outcome.own.routedHashratePh - former.outcome.own.routedHashratePh),
    });
    if (failure === null) failures.succeeded(log, "solver", "Solver works again");
    else {
      const reason = outcome.solver?.fallbackReason ?? failure;
      failures.failed(log, "solver", FELL_BACK, reason, {}, "warning");
    }
    return computed;
  }

  #logCompleted({ window, outcome: { own } }: WindowMemory, next: ValidationWindow, log: Logger): void {
    if (window.firstBlock >= next.firstBlock) return;
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

  /** Delivers an outcome; hooks and callbacks are told of what was won and lost only if that `isNews` to them. */
  async #deliver(computed: ComputedAuction, settings: Settings, log: Logger, isNews = true): Promise<void> {
    const { callbacks, hooks, observe, onDelivered } = this.#context;
    const { outcome } = computed;
    const { routing, hooks: programs, economics: { alternativeFp18 } } = settings.config;
    logOutcome(outcome, log, alternativeFp18);
    observe({ kind: "outcome-computed", computed });
    const delivery = { ...this.#delivery(settings, log), callbacks: isNews ? callbacks : null };
    const { results, error } = await this.#observed(deliverOutcome(outcome, delivery), settings);
    this.#isCarriedOut = results.every(isCarriedOut);
    const credit = outcomeTierCredit(outcome, results, ownerOf(settings));
    logTierCredit(credit, log);
    const document = auctionDocument({
      computed,
      routing,
      results,
      creditedAtMostPh: credit?.creditedAtMostPh ?? null,
      alternativeFp18,
      error,
    });
    if (isNews) callResultHooks(hooks, programs, outcome, document);
    else hooks.call("on_result", document, programs);
    if (error !== null) throw error;
    onDelivered?.(computed);
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
      steadyMs: this.#context.monotonicMs(),
      log,
      onReloads: this.#context.onReloads,
    };
  }

  #noteBegun(firstBlock: number): void {
    // What the program still computes has no use any more.
    this.#final.cancel();
    if (this.#begun?.firstBlock === firstBlock) return;
    this.#begun = { firstBlock, atMs: this.#context.monotonicMs() };
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

/** Whether two outcomes of a window are the same for this miner and its destinations. */
function isSameForOwner(former: AuctionOutcome, outcome: AuctionOutcome): boolean {
  const due = ({ own: { won, lost, routedHashratePh } }: AuctionOutcome) => ({ won, lost, routedHashratePh });
  return isDeepStrictEqual(due(former), due(outcome));
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
