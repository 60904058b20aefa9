/**
 * Logs an outcome and what its solver lacks.
 *
 * @module
 */

import type { AuctionOutcome } from "../../auction/outcome.ts";
import { windowWorth } from "../../auction/worth.ts";
import type { Config } from "../../config/load.ts";
import type { Logger } from "../../lib/log.ts";

/** The log event when the configured program gives no outcome. */
export const FELL_BACK = "Solver fell back to glpk";

/** Logs why the bundled cbc cannot be used, if so. */
export function warnAboutCbc({ cbc, solver }: Pick<Config, "cbc" | "solver">, log: Logger): void {
  if (cbc.problem === null) return;
  log.warning("Bundled solver unusable", {
    error: cbc.problem,
    instead: solver.cbcCommand?.join(" ") ?? "the built-in engine",
  });
}

/**
 * Logs the outcome of an auction, with the event names of the Python original.
 *
 * @param alternativeFp18 what the same hashrate earns elsewhere, as a multiple of the hashprice × 10^18.
 */
export function logOutcome(outcome: AuctionOutcome, log: Logger, alternativeFp18: bigint): void {
  const { own, window, solver, reason, stage } = outcome;
  const worth = windowWorth(outcome, alternativeFp18)?.won;
  log.info("Auction results computed", {
    stage,
    won_count: own.wonCount,
    lost_count: own.lostCount,
    won_hashrate_ph: own.wonHashratePh,
    lost_hashrate_ph: own.lostHashratePh,
    routed_hashrate_ph: own.routedHashratePh,
    window_index: window.index,
    first_block: window.firstBlock,
    last_block: window.lastBlock,
    budget_ph: outcome.budgetPh,
    worth_alpha: rounded(worth?.window.alpha),
    worth_usdc: rounded(worth?.window.usdc),
    worth_usdc_per_day: rounded(worth?.perDay.usdc),
    advantage_usdc_per_day: rounded(worth?.advantage.perDayUsdc),
    reason: reason?.code,
    reason_text: reason?.message,
    engine: solver?.engine,
    decided_by: solver?.decidedBy,
    parity: solver?.parity,
    build: solver?.build ?? undefined,
    solve_ms: solver?.durationMs,
    estimated: outcome.estimated || undefined,
  });
  if (outcome.estimated) {
    log.warning("Outcome estimated: validators stumble over this window's data", {
      because: outcome.estimatedBecause,
    });
  }
  if (solver !== null && solver.limitation !== null) {
    log.warning("Optimality not proven", { limitation: solver.limitation });
  }
  if (own.ambiguous) {
    log.warning("Outcome ambiguous: other outcomes are equally good", {
      certain_hashrate_ph: own.certainHashratePh,
      possible_hashrate_ph: own.possibleHashratePh,
      routed_because: own.routedBecause,
      ranges: own.ranges,
    });
  }
}

/** Without the noise of doubles. */
function rounded(amount: number | undefined): number | undefined {
  return amount === undefined ? undefined : Number(amount.toFixed(6));
}
