/**
 * What was done with the machines and what they say. Plain data.
 *
 * @module
 */

/**
 * What is wrong with a machine.
 *
 * - `unreachable`, `timeout`: it does not answer
 * - `garbled`: its answer cannot be understood
 * - `denied`: it does not let us switch it
 * - `refused`: it answers a question or a command with an error
 * - `not-switched`: it accepted the command and mines on where it was
 * - `no-such-pool`: its list lacks a pool of the configuration
 * - `pool-dead`: it has no connection to the pool it should mine at
 * - `slow`: it says that it has less than 97 % of its nominal hashrate, and is counted with its own figure
 * - `weak`: it says that it has less than half of its nominal hashrate, and is used only when the others do not suffice
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

/** What is wrong with a machine, for people and programs. */
export interface MinerProblem {
  readonly kind: MinerProblemKind;
  /** A sentence that says what to do. */
  readonly message: string;
}

/** Where a machine mines. `elsewhere`: at a third pool, or at none that is alive. */
export type MinerPlace = "subnet" | "fallback" | "elsewhere";

/** One machine after a run. */
export interface MinerReport {
  readonly name: string;
  /** `host:port`. */
  readonly address: string;
  readonly nominalHashratePh: number;
  /** What it is counted with: nominal, or its own figure where that is too far below. */
  readonly countedHashratePh: number;
  /**
   * Where it belongs; for a machine that did not go where it was sent, that place. A machine that belongs at the
   * fallback and mines at a third pool is left there.
   */
  readonly wanted: "subnet" | "fallback";
  /** Where it was found in the end; `null`: it did not answer. */
  readonly found: MinerPlace | null;
  /** The number of the pool it was found at, in its own list. */
  readonly poolNumber: number | null;
  /** Whether it was moved and then seen where it was sent; with `dryRun`: would be. */
  readonly switched: boolean;
  /** Its own figure; `null`: it offers none. */
  readonly readingPh: number | null;
  readonly problem: MinerProblem | null;
}

/** All machines after a run; with `dryRun`, as they would be. */
export interface FleetReport {
  readonly mode: "asic";
  readonly dryRun: boolean;
  /** The fleet's share of what was won. */
  readonly wantedHashratePh: number;
  /** Of the machines verified at the subnet's pool, what each is counted with. */
  readonly coveredHashratePh: number;
  /** At least 0. */
  readonly surplusHashratePh: number;
  /** At least 0. */
  readonly shortfallHashratePh: number;
  readonly switchedCount: number;
  /** In the order of the configuration. */
  readonly miners: readonly MinerReport[];
  /**
   * Machines that are no longer in the configuration and were left at the subnet: they are sent to their fallback as
   * soon as the others suffice. Until then one belongs at the subnet, and never counts as cover. One that belongs at
   * its fallback and has no problem has left, and is not in the next report.
   */
  readonly removed: readonly MinerReport[];
}

/** Machines that mine for the subnet though nothing is to be delivered by them, and cannot be made to leave. */
export function stuckMiners({ miners, removed }: Pick<FleetReport, "miners" | "removed">): MinerReport[] {
  return [...miners, ...removed].filter(({ wanted, found, problem }) =>
    wanted === "fallback" && found === "subnet" && problem !== null
  );
}

/** Those of the {@link stuckMiners} that are not needed for what was won: their hashrate is given away. */
export function strayMiners(
  report: Pick<FleetReport, "miners" | "removed" | "wantedHashratePh" | "surplusHashratePh">,
): MinerReport[] {
  const { removed, wantedHashratePh, surplusHashratePh } = report;
  return stuckMiners(report).filter((miner) =>
    removed.includes(miner) || wantedHashratePh === 0 || surplusHashratePh >= miner.countedHashratePh
  );
}

/** Whether a machine that is no longer configured is needed at the subnet: the configured ones do not suffice. */
export function isStaying({ wanted }: MinerReport): boolean {
  return wanted === "subnet";
}

/** What the machines say they deliver to the subnet. */
export interface FleetReading {
  readonly deliveredPh: number;
  /** Machines that gave a figure. */
  readonly miners: number;
  /** Machines that should be at the subnet's pool and gave no figure. */
  readonly silent: number;
}

/**
 * The machines cannot cover what was won; what could be done has been done. The message names the machines that fail;
 * what is wrong with each is in the report.
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
      : `these do not do their part, see what is said of each: ${failing.join(", ")}`;
    const staying = removed.filter(isStaying).map(({ name }) => name);
    const meanwhile = staying.length === 0
      ? ""
      : `; until they do, these stay at the subnet though they are no longer in [asic]: ${
        staying.join(", ")
      }`;
    super(
      `Cannot cover what was won: the ASICs deliver ${formatPh(coveredHashratePh)} of ` +
        `${formatPh(wantedHashratePh)} PH/s; ${reasons}${meanwhile}`,
    );
  }
}

/** A hashrate in PH/s without the noise of doubles. */
export function formatPh(hashratePh: number): string {
  return String(Number(hashratePh.toFixed(6)));
}
