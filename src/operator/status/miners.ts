/**
 * What an operator has to know apart about ASICs. Pure.
 *
 * @module
 */

import type { MinerReport } from "../../delivery/asics/fleet_report.ts";

/** Whether it does its part, with less than its nominal hashrate. */
export function isSlow({ problem }: MinerReport): boolean {
  return problem?.kind === "slow";
}

/** Whether it does not do its part. */
export function isFailing(miner: MinerReport): boolean {
  return miner.problem !== null && !isSlow(miner);
}

/** The names in a row. */
export function namesOf(miners: readonly MinerReport[]): string {
  return miners.map(({ name }) => name).join(", ");
}
