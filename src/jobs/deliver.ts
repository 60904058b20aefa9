/**
 * From an outcome to what follows from it: the integrator's callbacks, then the routing (spec, section 6).
 *
 * @module
 */

import type { AuctionOutcome, WorkerRun } from "../auction/outcome.ts";
import type { handleLostBids, handleWonBids } from "../callbacks.ts";
import type { RoutingConfig } from "../config/routing.ts";
import type { WorkersConfig } from "../config/workers.ts";
import type { Logger } from "../lib/log.ts";
import { formatFp18, parseFp18 } from "../protocol/fp18.ts";
import { type FailedTarget, TargetsFailedError } from "../routing/errors.ts";
import { describeReload, isReloadGiven } from "../routing/reload.ts";
import {
  applyRouting,
  recoverRouting,
  type RoutingDemand,
  type RoutingReport,
  targetPath,
} from "../routing/route.ts";

/** The integrator's functions. */
export interface Callbacks {
  readonly handleWonBids: typeof handleWonBids;
  readonly handleLostBids: typeof handleLostBids;
}

/** What {@link deliverOutcome} works with. */
export interface DeliveryContext {
  readonly callbacks: Callbacks;
  readonly routing: RoutingConfig;
  /** The configured workers; `null` when `[workers]` has a mistake. */
  readonly workers: WorkersConfig | null;
  readonly stateDirectory: string;
  readonly dryRun: boolean;
  /** Milliseconds since 1970. */
  readonly nowMs: number;
  readonly log: Logger;
  /** Is told whether a proxy still has to be told to reload, also when another proxy failed. */
  readonly onReloads?: (isPending: boolean) => void;
}

/** What routing alone works with. */
export type RoutingContext = Omit<DeliveryContext, "callbacks" | "workers">;

/**
 * Calls the callbacks and routes the hashrate. With `dryRun` nothing is called or written.
 *
 * @returns one report a proxy; none when routing is off.
 * @throws as {@link routeDemand}.
 */
export async function deliverOutcome(
  outcome: AuctionOutcome,
  context: DeliveryContext,
): Promise<readonly RoutingReport[]> {
  if (!context.dryRun) await callBack(outcome, context);
  return await routeDemand(demandOf(outcome, context.workers), context);
}

/**
 * What the proxy is asked for. Without bids of ours nothing was won or lost in the auction, but the machines are
 * there: the configured workers count as lost.
 */
export function demandOf(outcome: AuctionOutcome, workers: WorkersConfig | null): RoutingDemand {
  const { own } = outcome;
  if (!own.hasBids) return unroutedDemand(workers);
  return { wonSizes: expand(own.won), lostSizes: expand(own.lost) };
}

/** Nothing goes to the subnet: all that is configured counts as lost. */
export function unroutedDemand(workers: WorkersConfig | null): RoutingDemand {
  return { wonSizes: [], lostSizes: workers === null ? [] : configuredSizes(workers) };
}

/**
 * Routes a demand to every proxy and logs what was done. A proxy that fails does not stop the others.
 *
 * @returns one report a proxy; none when routing is off.
 * @throws {import("../routing/errors.ts").RoutingError} when the file of the only proxy cannot be used.
 * @throws {TargetsFailedError} when that is so for some of several; the others have been routed to.
 */
export async function routeDemand(
  demand: RoutingDemand,
  context: RoutingContext,
): Promise<readonly RoutingReport[]> {
  const { routing, stateDirectory, dryRun, nowMs, log, onReloads } = context;
  if (routing.kind === "off") return [];
  const { targets } = routing;
  const settled = await Promise.allSettled(
    targets.map((target) => applyRouting(target, demand, { stateDirectory, dryRun, nowMs })),
  );
  const reports = settled.flatMap((result) => result.status === "fulfilled" ? [result.value] : []);
  for (const report of reports) logRouting(report, log);
  onReloads?.(reports.some(({ reload }) => reload === "pending"));
  if (reports.length === targets.length) return reports;

  const [first] = settled.filter((result) => result.status === "rejected");
  if (targets.length === 1) throw first?.reason;
  const failed: FailedTarget[] = [];
  const results = settled.map((result, i) => {
    if (result.status === "fulfilled") return result.value;
    const { reason } = result;
    const error = reason instanceof Error ? reason.message : String(reason);
    const target = { mode: targets[i]!.mode, path: targetPath(targets[i]!), error };
    failed.push(target);
    return target;
  });
  throw new TargetsFailedError(results, failed, { cause: first?.reason });
}

/**
 * Ends what an interrupted run left at any proxy, and gives the reloads that are owed. Never rejects.
 *
 * @returns whether a reload is still owed.
 */
export async function settleOwed(context: RoutingContext): Promise<boolean> {
  const { routing, stateDirectory, dryRun, nowMs, log } = context;
  if (routing.kind === "off") return false;
  const owed = await Promise.all(routing.targets.map(async (target) => {
    try {
      const report = await recoverRouting(target, { stateDirectory, dryRun, nowMs });
      const { path, recovered, reload, reloadError } = report;
      if (recovered.outcome !== "none") log.warning("Interrupted run recovered", { ...report });
      else if (isReloadGiven(reload)) log.info("Owed reload given", { path, by: describeReload(report) });
      else if (reload === "pending") log.debug("Proxy reload still pending", { path, error: reloadError });
      return reload === "pending";
    } catch (error) {
      // The next auction meets the same and reports it as its failure.
      log.error("Cannot recover an interrupted run", { path: targetPath(target), error });
      return false;
    }
  }));
  return owed.includes(true);
}

/** Says at a start what an operator should know about the routing. */
export function warnAboutRouting(routing: RoutingConfig, log: Logger): void {
  if (routing.kind === "off") log.warning("Routing off", { reason: routing.reason });
  else for (const warning of routing.warnings) log.warning("Routing doubtful", { warning });
}

async function callBack(outcome: AuctionOutcome, { callbacks, log }: DeliveryContext): Promise<void> {
  const { won, lost } = outcome.own;
  const calls = [
    ["handleWonBids", () => callbacks.handleWonBids(won, { outcome })],
    ["handleLostBids", () => callbacks.handleLostBids(lost, { outcome })],
  ] as const;
  for (const [name, call] of calls) {
    try {
      await call();
    } catch (error) {
      log.error("Callback failed", { callback: name, error });
    }
  }
}

function logRouting(report: RoutingReport, log: Logger): void {
  const { mode, path, changed, values, reload, reloadError, recovered, dryRun } = report;
  if (recovered.outcome !== "none") log.warning("Interrupted write recovered", { path, recovered });
  const fields = { mode, path, values, reload, dry_run: dryRun || undefined };
  if (changed) log.info(dryRun ? "Routing would be updated" : "Routing updated", fields);
  else log.debug("Routing already right", fields);
  if (reload === "pending") {
    log.error("Proxy reload pending", { path, by: describeReload(report), error: reloadError });
  }
}

function configuredSizes({ offers }: WorkersConfig): string[] {
  // Only the sum counts, so what the bid splits stays whole here; and v1 bids have sizes that cannot be split.
  return offers.flatMap((offer) =>
    offer.kind === "list"
      ? offer.hashrates.map(plainDecimal)
      : offer.sizes.flatMap(([size, count]) => repeat(plainDecimal(size), count))
  );
}

/** A decimal in any spelling that the configuration takes, as its shortest text. */
function plainDecimal(text: string): string {
  return formatFp18(parseFp18(text));
}

function expand(runs: readonly WorkerRun[]): string[] {
  return runs.flatMap(({ hashratePh, count }) => repeat(hashratePh, count));
}

function repeat(size: string, count: number): string[] {
  return Array<string>(count).fill(size);
}
