/**
 * One machine during one run: its answers, whether it can be used, and the result.
 *
 * @module
 */

import { fp18ToNumber } from "../../auction/protocol/fp18.ts";
import { CgminerError } from "./cgminer_api.ts";
import { type AsicMiner, minerAddress } from "./fleet_config.ts";
import type { FleetMemory } from "./fleet_memory.ts";
import { formatPh, type MinerProblem, type MinerProblemKind, type MinerReport } from "./fleet_report.ts";
import {
  deadPoolProblem,
  type MinerAccess,
  notInTime,
  problemOf,
  type Sighting,
  type Survey,
} from "./miner_access.ts";
import type { OwnFigures } from "./own_figures.ts";
import type { PlanMachine, PlanState } from "./plan.ts";
import type { Presence } from "./subnet_presence.ts";

/** Problems after which a machine is not tried again soon; after others it is asked again each time. */
const GRUDGE_KINDS: readonly MinerProblemKind[] = [
  "denied",
  "refused",
  "no-such-pool",
  "not-switched",
  "garbled",
];

/** A machine and its state, in the form that the plan uses. */
export class FleetMachine implements PlanMachine {
  readonly address: string;
  /** See {@link MinerReport.switched}. */
  switched = false;

  readonly #memory: FleetMemory;
  readonly #figures: OwnFigures;
  readonly #nowMs: () => number;
  #sighting: Sighting | null = null;
  #readingPh: number | null = null;
  /** Why it cannot be used. */
  #problem: MinerProblem | null = null;
  /** Whether it failed in this run or ran out of time. */
  #isGivenUp = false;
  /** The pool to which a switch failed in this run. */
  #sentTo: MinerReport["wanted"] | null = null;

  constructor(readonly miner: AsicMiner, memory: FleetMemory, nowMs: () => number) {
    this.address = minerAddress(miner);
    this.#memory = memory;
    this.#figures = memory.figuresOf(this.address, fp18ToNumber(miner.hashrateFp18));
    this.#nowMs = nowMs;
  }

  /** Whether it answered the last survey. */
  get hasAnswered(): boolean {
    return this.#sighting !== null;
  }

  /** Whether it was last seen at the subnet's pool. */
  get atSubnet(): boolean {
    return this.#sighting?.place === "subnet";
  }

  /** Whether it mines for the subnet and can be switched away. */
  get canLeave(): boolean {
    return this.atSubnet && this.state !== "fixed-on-subnet";
  }

  /** Whether it must be assumed to mine for the subnet. */
  get presence(): Presence {
    // A machine whose switch failed may still complete it.
    if (this.atSubnet || this.#sentTo === "subnet") return "at-subnet";
    return this.#sighting === null || this.#sighting.pool === null ? "unknown" : "left";
  }

  /** Its own figure in PH/s. */
  get readingPh(): number | null {
    return this.#readingPh;
  }

  /** Nominal, or its own figure if that is too low: what is won and not delivered is not paid. */
  get hashrateFp18(): bigint {
    return this.miner.hashrateFp18 * BigInt(this.#figures.percent) / 100n;
  }

  get state(): PlanState {
    if (this.#sighting === null) return "unavailable";
    if (this.atSubnet) {
      if (this.#grudge() !== null || this.#isGivenUp) return "fixed-on-subnet";
    } else if (this.#grudge() !== null || this.#isGivenUp || this.#obstacle() !== null) {
      return "unavailable";
    }
    return this.#figures.level === "weak" ? "reserve" : "available";
  }

  /** Notes an answer or its absence. */
  noteSurvey(answer: Survey | CgminerError): void {
    const nowMs = this.#nowMs();
    if (answer instanceof CgminerError) {
      this.#problem = problemOf(answer);
      this.#figures.noteSilence(nowMs);
      return;
    }
    const { sighting, summary } = answer;
    this.#sighting = sighting;
    this.#readingPh = summary.hashratePh;
    const { isNewWindow } = this.#memory;
    this.#figures.note({ summary, poolNumber: sighting.pool?.number ?? null, nowMs, isNewWindow });
    // The switch succeeded after all.
    const grudge = this.#grudge();
    if (grudge !== null && this.atSubnet === (grudge.sentTo === "subnet")) this.#memory.forgive(this.address);
  }

  /** Notes that there is no time left to switch it to the subnet. */
  giveUp(): void {
    this.#isGivenUp = true;
    this.#problem = notInTime(this.miner);
  }

  /** Switches it and returns whether it was seen there. A failed switch is not retried in this run. */
  async move(place: "subnet" | "fallback", access: MinerAccess): Promise<boolean> {
    const obstacle = place === "fallback" ? this.#fallbackObstacle() : null;
    const { sighting, problem } = obstacle === null
      ? await access.switchTo(this.miner, place, this.#sighting)
      : { sighting: this.#sighting, problem: obstacle };
    this.#sighting = sighting;
    this.#problem = problem;
    if (sighting !== null) this.#figures.notePool(sighting.pool?.number ?? null, this.#nowMs());
    if (problem === null) {
      this.switched = true;
      return true;
    }
    this.#isGivenUp = true;
    this.#sentTo = place;
    if (obstacle === null && GRUDGE_KINDS.includes(problem.kind)) {
      this.#memory.bear(this.address, { sentTo: place, problem, sinceMs: this.#nowMs() });
    }
    return false;
  }

  /**
   * @param isChosen whether the last plan chose it
   * @param isAnyWanted whether any hashrate is to be delivered
   */
  report(isChosen: boolean, isAnyWanted: boolean): MinerReport {
    const grudge = this.#grudge();
    const sentTo = this.#sentTo ?? grudge?.sentTo ?? "fallback";
    const wanted = isChosen ? "subnet" : isAnyWanted ? sentTo : "fallback";
    return {
      name: this.miner.name,
      address: this.address,
      nominalHashratePh: fp18ToNumber(this.miner.hashrateFp18),
      countedHashratePh: fp18ToNumber(this.hashrateFp18),
      wanted,
      found: this.#sighting?.place ?? null,
      poolNumber: this.#sighting?.pool?.number ?? null,
      switched: this.switched,
      readingPh: this.#readingPh,
      workerId: this.#sighting?.pools.find(({ number }) => number === this.miner.subnetPool)?.user ?? null,
      problem: this.#problem ?? grudge?.problem ?? this.#obstacle() ?? this.#lowFigure(),
    };
  }

  /**
   * The report of a machine that is no longer configured.
   *
   * @param isStaying whether it stays at the subnet because the others do not suffice
   * @param isGivenUp whether it is no longer asked
   */
  reportRemoved({ isStaying, isGivenUp }: { isStaying: boolean; isGivenUp: boolean }): MinerReport {
    if (isStaying) return { ...this.report(true, true), problem: null };
    const problem = this.presence === "left" ? null : this.#problem ?? this.#whyNotLeft();
    const advice =
      "it is no longer in [asic] and should not mine for the subnet: check the miner's own page, and " +
      `switch it to its pool ${this.miner.fallbackPool} there if it does`;
    const ending = isGivenUp ? "; it has not answered for too long and is given up" : "";
    return {
      ...this.report(false, false),
      problem: problem && { kind: problem.kind, message: `${problem.message}; ${advice}${ending}` },
    };
  }

  #grudge(): ReturnType<FleetMemory["grudgeOf"]> {
    return this.#memory.grudgeOf(this.address, this.#nowMs());
  }

  /** Why it cannot be switched to the subnet. Without an existing fallback it could not be switched back. */
  #obstacle(): MinerProblem | null {
    if (this.#sighting === null) return null;
    const { subnetPool } = this.miner;
    const missing = this.#missingPool("subnetPool") ?? this.#missingPool("fallbackPool");
    if (missing !== null) return missing;
    return this.#isDead(subnetPool) ? deadPoolProblem(this.miner, subnetPool) : null;
  }

  /** Why it cannot be switched away from the subnet. */
  #fallbackObstacle(): MinerProblem | null {
    const { fallbackPool } = this.miner;
    return this.#missingPool("fallbackPool") ??
      (this.#isDead(fallbackPool) ? deadPoolProblem(this.miner, fallbackPool) : null);
  }

  /** Why it has not left the subnet although no attempt failed; `null` if it would leave, in a dry run. */
  #whyNotLeft(): MinerProblem | null {
    const obstacle = this.#fallbackObstacle();
    if (obstacle !== null || this.switched) return obstacle;
    return this.atSubnet ? notInTime(this.miner) : deadPoolProblem(this.miner, this.miner.fallbackPool);
  }

  #missingPool(which: "subnetPool" | "fallbackPool"): MinerProblem | null {
    const pools = this.#sighting?.pools ?? [];
    const number = this.miner[which];
    if (pools.some((pool) => pool.number === number)) return null;
    const known = pools.map((pool) => pool.number).join(", ");
    const key = which === "subnetPool" ? "subnet_pool" : "fallback_pool";
    return {
      kind: "no-such-pool",
      message:
        `${this.address} has no pool ${number} (${known === "" ? "it has none" : `it has ${known}`}); ` +
        `correct ${key} in [asic], or add the pool in the miner`,
    };
  }

  #isDead(poolNumber: number): boolean {
    return this.#sighting?.pools.find(({ number }) => number === poolNumber)?.state === "dead";
  }

  #lowFigure(): MinerProblem | null {
    const { level } = this.#figures;
    if (level === "sound") return null;
    const ownPh = formatPh(fp18ToNumber(this.hashrateFp18));
    const nominalPh = formatPh(fp18ToNumber(this.miner.hashrateFp18));
    const consequence = level === "slow" ? "counts with that" : "is used only if the others do not suffice";
    return {
      kind: level,
      message:
        `${this.address} reports about ${ownPh} of its nominal ${nominalPh} PH/s and ${consequence}; check its ` +
        "boards, power and cooling, or correct its hashrate in [asic]",
    };
  }
}
