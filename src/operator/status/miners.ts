/**
 * Tells slow ASICs from failing ones. Pure.
 *
 * @module
 */

import type { MinerReport } from "../../delivery/asics/fleet_report.ts";

/** Whether the ASIC mines where it should, but below its nominal hashrate. */
export function isSlow({ problem }: MinerReport): boolean {
  return problem?.kind === "slow";
}

/** Whether the ASIC does not mine where it should. */
export function isFailing(miner: MinerReport): boolean {
  return miner.problem !== null && !isSlow(miner);
}

/** The ASICs' names, separated by commas. */
export function namesOf(miners: readonly MinerReport[]): string {
  return miners.map(({ name }) => name).join(", ");
}
