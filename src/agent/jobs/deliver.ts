/**
 * Delivers an outcome: the integrator's callbacks, then the routing (spec, section 6).
 *
 * @module
 */

import type { Fleet } from "../../delivery/asics/fleet.ts";
import type { FleetConfig } from "../../delivery/asics/fleet_config.ts";
import {
  type FleetReport,
  FleetShortError,
  formatPh,
  isStaying,
  type MinerReport,
} from "../../delivery/asics/fleet_report.ts";
import type { AuctionOutcome, WorkerRun } from "../../auction/outcome.ts";
import type { handleLostBids, handleWonBids } from "../../delivery/callbacks.ts";
import type { RoutingConfig } from "../../config/routing.ts";
import type { WorkersConfig } from "../../config/workers.ts";
import { asError } from "../../lib/errors.ts";
import type { FailureLevel, FailureLog } from "../../lib/failure_log.ts";
import type { Logger } from "../../lib/log.ts";
import { formatFp18, parseFp18 } from "../../auction/protocol/fp18.ts";
import { type FailedTarget, TargetsFailedError } from "../../delivery/proxies/errors.ts";
import { describeReload, isReloadGiven } from "../../delivery/proxies/reload.ts";
import {
  applyRouting,
  recoverRouting,
  type RecoveryReport,
  type RoutingDemand,
  type RoutingReport,
  targetPath,
} from "../../delivery/proxies/route.ts";

/** The integrator's functions in `src/delivery/callbacks.ts`. */
export interface Callbacks {
  readonly handleWonBids: typeof handleWonBids;
  readonly handleLostBids: typeof handleLostBids;
}

/** The result of one destination: a proxy, or the ASICs that are switched directly. */
export type RouteReport = RoutingReport | FleetReport;

/** Options of {@link settleOwed}. */
export interface OwedContext {
  readonly routing: RoutingConfig;
  readonly stateDirectory: string;
  readonly dryRun: boolean;
  /** Milliseconds since 1970. */
  readonly nowMs: number;
  /** What `nowMs` would be if the host's clock had not been set since the agent started. */
  readonly steadyMs: number;
  readonly failures: FailureLog;
  readonly log: Logger;
}

/** Options of {@link routeDemand}. */
export interface RoutingContext extends OwedContext {
  readonly fleet: Fleet;
  /** Identifies the decision; while it stays the same, as few ASICs as possible are switched. */
  readonly decision: string;
  /** Ends the switching of ASICs early. */
  readonly signal?: AbortSignal;
  /** Called with whether a proxy's reload is pending, even if another proxy failed. */
  readonly onReloads?: (isPending: boolean) => void;
}

/** Options of {@link deliverOutcome}. */
export interface DeliveryContext extends Omit<RoutingContext, "decision"> {
  /** `null` if they know the outcome already. */
  readonly callbacks: Callbacks | null;
  /** The configured workers; `null` if `[workers]` has a mistake. */
  readonly workers: WorkersConfig | null;
}

/**
 * Calls the callbacks and routes the hashrate. With `dryRun` nothing is called or written.
 *
 * @returns as {@link routeDemand}.
 * @throws as {@link routeDemand}.
 */
export async function deliverOutcome(
  outcome: AuctionOutcome,
  context: DeliveryContext,
): Promise<readonly RouteReport[]> {
  const { callbacks, dryRun, log } = context;
  if (!dryRun && callbacks !== null) await callBack(outcome, callbacks, log);
  const decision = decisionOf(outcome);
  return await routeDemand(demandOf(outcome, context.workers), { ...context, decision });
}

/** Identifies the window of an outcome, on its branch of the chain. */
export function decisionOf({ window }: AuctionOutcome): string {
  return `${window.firstBlock} ${window.firstBlockHash}`;
}

/**
 * The demand of an outcome: what was won, or what `[routing] on_ambiguous` makes of it. If this hotkey had no bids in the
 * auction, nothing was won or lost, but the machines exist: the configured workers count as lost.
 */
export function demandOf(outcome: AuctionOutcome, workers: WorkersConfig | null): RoutingDemand {
  const { own } = outcome;
  if (!own.hasBids) return unroutedDemand(workers);
  const { routedHashratePh, wonHashratePh, lostHashratePh } = own;
  if (routedHashratePh !== wonHashratePh) {
    const restPh = wonHashratePh + lostHashratePh - routedHashratePh;
    return { wonSizes: [formatPh(routedHashratePh)], lostSizes: restPh > 0 ? [formatPh(restPh)] : [] };
  }
  return { wonSizes: expand(own.won), lostSizes: expand(own.lost) };
}

/** The demand that routes nothing to the subnet: all configured workers count as lost. */
export function unroutedDemand(workers: WorkersConfig | null): RoutingDemand {
  return { wonSizes: [], lostSizes: workers === null ? [] : configuredSizes(workers) };
}

/**
 * Routes a demand to every destination and logs the results. A failing destination does not stop the others.
 *
 * @returns one report per destination, the ASICs' last; none if routing is off and no ASIC is left at the subnet.
 * @throws {import("../../delivery/proxies/errors.ts").RoutingError} if the file of the only proxy cannot be used.
 * @throws {FleetShortError} if the ASICs are the only destination and cannot cover what was won.
 * @throws {TargetsFailedError} if some of several destinations failed; the others have been routed to.
 */
export async function routeDemand(
  demand: RoutingDemand,
  context: RoutingContext,
): Promise<readonly RouteReport[]> {
  const { routing, stateDirectory, dryRun, nowMs, steadyMs, failures, log, onReloads } = context;
  const { targets, fleet } = routing.kind === "on" ? routing : { targets: [], fleet: null };
  // ASICs that are no longer configured leave the subnet even if there is nothing else to do.
  const isFleetBusy = fleet !== null || context.fleet.owesRelease([]);
  const settled = await Promise.allSettled([
    ...targets.map(async (target): Promise<RouteReport> => {
      const report = await applyRouting(target, demand, { stateDirectory, dryRun, nowMs, steadyMs });
      logRouting(report, failures, log);
      return report;
    }),
    ...(isFleetBusy ? [routeFleet(fleet, demand, context)] : []),
  ]);
  const reports = settled.flatMap((result) => result.status === "fulfilled" ? [result.value] : []);
  onReloads?.(reports.some((report) => report.mode !== "asic" && report.reload === "pending"));
  if (reports.length === settled.length) return reports;

  const [first] = settled.filter((result) => result.status === "rejected");
  if (settled.length === 1) throw first?.reason;
  const reasons: string[] = [];
  const results = settled.map((result, i): RouteReport | FailedTarget => {
    if (result.status === "fulfilled") return result.value;
    const { message } = asError(result.reason);
    reasons.push(message);
    if (result.reason instanceof FleetShortError) return result.reason.report;
    const target = targets[i];
    if (target === undefined) return { mode: "asic", path: null, error: message };
    return { mode: target.mode, path: targetPath(target), error: message };
  });
  throw new TargetsFailedError(results, reasons, { cause: first?.reason });
}

/** Whether a destination carries out the demand: a proxy whose reload is pending routes as before. */
export function isCarriedOut(result: RouteReport | FailedTarget): boolean {
  if ("error" in result) return false;
  return result.mode === "asic" ? result.shortfallHashratePh === 0 : result.reload !== "pending";
}

/** The result of each destination in an error of {@link routeDemand}; `null` for another error. */
export function resultsIn(error: unknown): readonly (RouteReport | FailedTarget)[] | null {
  if (error instanceof TargetsFailedError) return error.results;
  return error instanceof FleetShortError ? [error.report] : null;
}

/** @throws {FleetShortError} if the machines cannot cover their share. */
async function routeFleet(
  config: FleetConfig | null,
  demand: RoutingDemand,
  { fleet, decision: windowKey, dryRun, failures, signal, log }: RoutingContext,
): Promise<FleetReport> {
  const report = await fleet.apply(config, demand, { windowKey, dryRun, signal });
  logMiners(report, failures, log);
  const switched = [...report.miners, ...report.removed].filter((miner) => miner.switched)
    .map(({ name, wanted }) => `${name} to ${wanted}`);
  const { wantedHashratePh, coveredHashratePh, surplusHashratePh, shortfallHashratePh } = report;
  const fields = {
    wanted_hashrate_ph: wantedHashratePh,
    covered_hashrate_ph: coveredHashratePh,
    surplus_hashrate_ph: surplusHashratePh,
    shortfall_hashrate_ph: shortfallHashratePh > 0 ? shortfallHashratePh : undefined,
    switched,
    dry_run: dryRun || undefined,
  };
  if (switched.length === 0) log.debug("ASICs already right", fields);
  else log.info(dryRun ? "ASICs would be switched" : "ASICs switched", fields);
  if (shortfallHashratePh > 0) throw new FleetShortError(report);
  return report;
}

function logMiners(
  { miners, removed, shortfallHashratePh, dryRun }: FleetReport,
  failures: FailureLog,
  log: Logger,
): void {
  const note = ({ name, address, problem }: MinerReport, event: string, level: FailureLevel): void => {
    // By address: after a change of address a machine is listed twice under one name.
    const subject = `asic ${address}`;
    const fields = { name, address };
    if (problem === null) failures.succeeded(log, subject, "ASIC does its part again", fields);
    else failures.failed(log, subject, event, problem.message, fields, level);
  };
  // While the others cover what was won, a failing machine costs nothing.
  const level = shortfallHashratePh > 0 ? "error" : "warning";
  for (const miner of miners) {
    if (miner.problem?.kind === "slow") note(miner, "ASIC is slow", "warning");
    else note(miner, "ASIC does not do its part", level);
  }
  for (const miner of removed) {
    note(miner, "ASIC removed from [asic] does not leave the subnet", "warning");
    const { name, address, problem, poolNumber } = miner;
    if (problem !== null || dryRun || isStaying(miner)) continue;
    log.info("ASIC removed from [asic] has left the subnet", { name, address, pool: poolNumber });
  }
}

/**
 * Completes the interrupted writes and pending reloads of all proxies. Never rejects.
 *
 * @returns the report of each proxy whose file could be used.
 */
export async function settleOwed(context: OwedContext): Promise<readonly RecoveryReport[]> {
  const { routing, stateDirectory, dryRun, nowMs, steadyMs, failures, log } = context;
  if (routing.kind === "off") return [];
  const settled = await Promise.all(routing.targets.map(async (target): Promise<RecoveryReport[]> => {
    try {
      const report = await recoverRouting(target, { stateDirectory, dryRun, nowMs, steadyMs });
      if (report.recovered.outcome !== "none") log.warning("Interrupted run recovered", { ...report });
      else logReload(report, failures, log);
      return [report];
    } catch (error) {
      // The next auction meets the same error and fails with it.
      log.error("Cannot recover an interrupted run", { path: targetPath(target), error });
      return [];
    }
  }));
  return settled.flat();
}

/** Logs at the start if the routing is off or doubtful. */
export function warnAboutRouting(routing: RoutingConfig, log: Logger): void {
  if (routing.kind === "off") log.warning("Routing off", { reason: routing.reason });
  else for (const warning of routing.warnings) log.warning("Routing doubtful", { warning });
}

async function callBack(outcome: AuctionOutcome, callbacks: Callbacks, log: Logger): Promise<void> {
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

function logRouting(report: RoutingReport, failures: FailureLog, log: Logger): void {
  const { mode, path, changed, values, reload, recovered, dryRun } = report;
  if (recovered.outcome !== "none") log.warning("Interrupted write recovered", { path, recovered });
  const fields = { mode, path, values, reload, dry_run: dryRun || undefined };
  if (changed) log.info(dryRun ? "Routing would be updated" : "Routing updated", fields);
  else log.debug("Routing already right", fields);
  logReload(report, failures, log);
}

/** Logs a pending reload, again when its reason changes, and its success. */
function logReload(report: RoutingReport | RecoveryReport, failures: FailureLog, log: Logger): void {
  const { path, reload, reloadError } = report;
  const subject = `reload ${path}`;
  const fields = { path, by: describeReload(report) };
  if (reload === "pending") {
    failures.failed(log, subject, "Proxy reload pending", reloadError ?? "for an unknown reason", fields);
  } else if (isReloadGiven(reload)) {
    const wasLogged = failures.succeeded(log, subject, "Owed reload given", fields);
    // A previous process of the agent left it.
    if (!wasLogged && !("changed" in report)) log.info("Owed reload given", fields);
  }
}

function configuredSizes({ offers }: WorkersConfig): string[] {
  // Only the sum counts, so sizes stay unsplit here; those of v1 bids cannot be split.
  return offers.flatMap((offer) =>
    offer.kind === "list"
      ? offer.hashrates.map(plainDecimal)
      : offer.sizes.flatMap(([size, count]) => repeat(plainDecimal(size), count))
  );
}

/** The shortest text of a decimal in any spelling that the configuration accepts. */
function plainDecimal(text: string): string {
  return formatFp18(parseFp18(text));
}

function expand(runs: readonly WorkerRun[]): string[] {
  return runs.flatMap(({ hashratePh, count }) => repeat(hashratePh, count));
}

function repeat(size: string, count: number): string[] {
  return Array<string>(count).fill(size);
}
