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
import { applyRouting, type RoutingDemand, type RoutingReport } from "../routing/route.ts";

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
}

/**
 * Calls the callbacks and routes the hashrate. With `dryRun` nothing is called or written.
 *
 * @returns `null` when routing is off.
 * @throws {import("../routing/errors.ts").RoutingError} when the proxy's file cannot be used.
 */
export async function deliverOutcome(
  outcome: AuctionOutcome,
  context: DeliveryContext,
): Promise<RoutingReport | null> {
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
 * Routes a demand and logs what was done.
 *
 * @returns `null` when routing is off.
 * @throws {import("../routing/errors.ts").RoutingError} when the proxy's file cannot be used.
 */
export async function routeDemand(
  demand: RoutingDemand,
  context: Omit<DeliveryContext, "callbacks" | "workers">,
): Promise<RoutingReport | null> {
  const { routing, stateDirectory, dryRun, nowMs, log } = context;
  if (routing.kind === "off") return null;
  const report = await applyRouting(routing.target, demand, { stateDirectory, dryRun, nowMs });
  logRouting(report, log);
  return report;
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
    log.error("Proxy reload pending", { sentinel: report.sentinelPath, error: reloadError });
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
