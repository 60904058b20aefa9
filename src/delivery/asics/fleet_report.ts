/**
 * Reports of the fleet. Plain data.
 *
 * @module
 */

import type { PoolIdentity } from "../../auction/credit/identity.ts";

/**
 * The problem of a machine.
 *
 * - `unreachable`, `timeout`: it does not answer
 * - `garbled`: its answer cannot be parsed
 * - `denied`: it does not allow this host to switch it
 * - `refused`: it answers a request with an error
 * - `not-switched`: it accepted the command but still mines at the previous pool
 * - `no-such-pool`: its list lacks a configured pool
 * - `pool-dead`: it has no connection to the pool it should mine at
 * - `slow`: it reports less than 97 % of its nominal hashrate and counts with its own figure
 * - `weak`: it reports less than half of its nominal hashrate and is used only if the others do not suffice
 */
export type MinerProblemKind =
  | "unreachable"
  | "timeout"
  | "denied"
  | "garbled"
  | "refused"
  | "not-switched"
  | "no-such-pool"
  | "pool-dead"
  | "slow"
  | "weak";

/** The problem of a machine, for programs and people. */
export interface MinerProblem {
  readonly kind: MinerProblemKind;
  /** A sentence with the remedy. */
  readonly message: string;
}

/** Where a machine mines. `elsewhere`: at a third pool, or at no living pool. */
export type MinerPlace = "subnet" | "fallback" | "elsewhere";

/** One machine after a run. */
export interface MinerReport {
  readonly name: string;
  readonly address: string;
  readonly nominalHashratePh: number;
  /** The hashrate it counts with: nominal, or its own figure if that is too low. */
  readonly countedHashratePh: number;
  /**
   * Where it belongs; after a failed switch, the place it should have gone to. A machine that belongs at the fallback and
   * mines at a third pool is left there.
   */
  readonly wanted: "subnet" | "fallback";
  /** Where it was last found; `null` if it did not answer. */
  readonly found: MinerPlace | null;
  /** The pool it was found at, by its number in the machine's list. */
  readonly poolNumber: number | null;
  /** Whether a switch was verified; with `dryRun`, whether it would be switched. */
  readonly switched: boolean;
  /** Its own figure; `null` if it reports none. */
  readonly readingPh: number | null;
  /** The login at its subnet pool; `null` if it did not answer or does not report it. */
  readonly workerId: string | null;
  readonly problem: MinerProblem | null;
}

/** All machines after a run, or as they would be with `dryRun`. */
export interface FleetReport {
  readonly mode: "asic";
  readonly dryRun: boolean;
  /** The fleet's share of the won hashrate. */
  readonly wantedHashratePh: number;
  /** The counted hashrate of the machines verified at the subnet's pool. */
  readonly coveredHashratePh: number;
  readonly surplusHashratePh: number;
  readonly shortfallHashratePh: number;
  readonly switchedCount: number;
  /** In the order of the configuration. */
  readonly miners: readonly MinerReport[];
  /**
   * Machines that are no longer configured but were at the subnet. They are switched to their fallback pool as soon as the
   * others suffice; until then `wanted` is `subnet`, but they never count as cover. A machine with `wanted: "fallback"` and
   * no problem has left and is missing from the next report.
   */
  readonly removed: readonly MinerReport[];
}

/** The identities of machines; not of those that do not report them. */
export function minerIdentities(miners: readonly MinerReport[]): PoolIdentity[] {
  return miners.flatMap(({ name, workerId }) =>
    workerId === null ? [] : [{ place: `ASIC ${name}, subnet pool`, key: "User", workerId }]
  );
}

/** Machines that mine for the subnet although they should not, and cannot be switched away. */
export function stuckMiners({ miners, removed }: Pick<FleetReport, "miners" | "removed">): MinerReport[] {
  return [...miners, ...removed].filter(({ wanted, found, problem }) =>
    wanted === "fallback" && found === "subnet" && problem !== null
  );
}

/** The {@link stuckMiners} that are not needed to cover what was won: their hashrate is given away. */
export function strayMiners(
  report: Pick<FleetReport, "miners" | "removed" | "wantedHashratePh" | "surplusHashratePh">,
): MinerReport[] {
  const { removed, wantedHashratePh, surplusHashratePh } = report;
  return stuckMiners(report).filter((miner) =>
    removed.includes(miner) || wantedHashratePh === 0 || surplusHashratePh >= miner.countedHashratePh
  );
}

/** Whether a machine that is no longer configured stays at the subnet because the configured ones do not suffice. */
export function isStaying({ wanted }: MinerReport): boolean {
  return wanted === "subnet";
}

/** The hashrate that the machines deliver to the subnet by their own figures. */
export interface FleetReading {
  readonly deliveredPh: number;
  /** Number of machines with a figure. */
  readonly miners: number;
  /** Number of machines that should be at the subnet's pool and gave no figure. */
  readonly silent: number;
}

/**
 * The machines cannot cover what was won, although everything possible was done. The message names the failing machines;
 * the report has the problem of each.
 */
export class FleetShortError extends Error {
  override readonly name = "FleetShortError";

  constructor(readonly report: FleetReport) {
    const { wantedHashratePh, coveredHashratePh, miners, removed } = report;
    const failing = miners.flatMap(({ name, problem }) =>
      problem === null ? [] : [`${name} (${problem.kind})`]
    );
    const reasons = failing.length === 0
      ? "all machines are at the subnet's pool; add machines to [asic], or offer less in [workers]"
      : `these machines fail, see the problem of each: ${failing.join(", ")}`;
    const staying = removed.filter(isStaying).map(({ name }) => name);
    const meanwhile = staying.length === 0
      ? ""
      : `; until they cover it, these stay at the subnet although they are no longer in [asic]: ${
        staying.join(", ")
      }`;
    super(
      `Cannot cover what was won: the ASICs deliver ${formatPh(coveredHashratePh)} of ` +
        `${formatPh(wantedHashratePh)} PH/s; ${reasons}${meanwhile}`,
    );
  }
}

/** Formats a hashrate in PH/s without the noise of doubles. */
export function formatPh(hashratePh: number): string {
  return String(Number(hashratePh.toFixed(6)));
}
