/**
 * One machine during one run: what it answered, whether it can be used, what became of it.
 *
 * @module
 */

import { fp18ToNumber, parseFp18 } from "../protocol/fp18.ts";
import type { CgminerError } from "./cgminer_api.ts";
import type { MinerSummary } from "./cgminer_summary.ts";
import { type AsicMiner, minerAddress } from "./fleet_config.ts";
import type { FleetMemory } from "./fleet_memory.ts";
import { formatPh, type MinerProblem, type MinerProblemKind, type MinerReport } from "./fleet_report.ts";
import { deadPoolProblem, type MinerAccess, notInTime, problemOf, type Sighting } from "./miner_access.ts";
import type { PlanMachine, PlanState } from "./plan.ts";

/** A machine below this part of its nominal hashrate is weak, */
const WEAK_BELOW = 0.5;
/** until it is at this part again, */
const STRONG_FROM = 0.8;
/** and it is not judged before it has run for so long. */
const WARM_UP_SECONDS = 300;

/** Those who are not tried again soon. Others are looked at anew each time, and so is whether they answer. */
const GRUDGE_KINDS: readonly MinerProblemKind[] = [
  "denied",
  "refused",
  "no-such-pool",
  "not-switched",
  "garbled",
];

/** A machine and its state; the plan is made of it as it is. */
export class FleetMachine implements PlanMachine {
  readonly address: string;
  /** See {@link MinerReport.switched}. */
  switched = false;

  readonly #memory: FleetMemory;
  readonly #nowMs: () => number;
  #sighting: Sighting | null = null;
  #readingPh: number | null = null;
  /** Why it cannot be used now. */
  #problem: MinerProblem | null = null;
  /** It failed in this run, or the time was over. */
  #isGivenUp = false;
  /** Where it did not go in this run. */
  #sentTo: MinerReport["wanted"] | null = null;

  constructor(readonly miner: AsicMiner, memory: FleetMemory, nowMs: () => number) {
    this.address = minerAddress(miner);
    this.#memory = memory;
    this.#nowMs = nowMs;
  }

  /** Whether it said where it mines, the last time it was asked. */
  get hasAnswered(): boolean {
    return this.#sighting !== null;
  }

  /** Whether it was seen at the subnet's pool last. */
  get atSubnet(): boolean {
    return this.#sighting?.place === "subnet";
  }

  /** Whether it mines for the subnet and can be told not to. */
  get canLeave(): boolean {
    return this.atSubnet && this.state !== "fixed-on-subnet";
  }

  /** Its own figure in PH/s. */
  get readingPh(): number | null {
    return this.#readingPh;
  }

  /** Nominal; a weak machine counts with its own figure, since delivering too little gets a hotkey banned. */
  get hashrateFp18(): bigint {
    const weakPh = this.#memory.weak.get(this.address);
    return weakPh === undefined ? this.miner.hashrateFp18 : parseFp18(weakPh.toFixed(9));
  }

  get state(): PlanState {
    if (this.#sighting === null) return "unavailable";
    if (this.atSubnet) {
      if (this.#grudge() !== null || this.#isGivenUp) return "fixed-on-subnet";
    } else if (this.#grudge() !== null || this.#isGivenUp || this.#obstacle() !== null) {
      return "unavailable";
    }
    return this.#memory.weak.has(this.address) ? "reserve" : "available";
  }

  /** It answered. */
  noteSurvey({ sighting, summary }: { readonly sighting: Sighting; readonly summary: MinerSummary }): void {
    this.#sighting = sighting;
    this.#readingPh = summary.hashratePh;
    this.#judge(summary);
    // It has gone where it was sent, if late.
    const grudge = this.#grudge();
    if (grudge !== null && this.atSubnet === (grudge.sentTo === "subnet")) this.#memory.forgive(this.address);
  }

  /** It did not answer. */
  noteSilence(error: CgminerError): void {
    this.#problem = problemOf(error);
  }

  /** There is no time left to move it to the subnet. */
  giveUp(): void {
    this.#isGivenUp = true;
    this.#problem = notInTime(this.miner);
  }

  /** Moves it; says whether it was seen there. What fails is not tried again in this run. */
  async move(place: "subnet" | "fallback", access: MinerAccess): Promise<boolean> {
    const obstacle = place === "fallback" ? this.#fallbackObstacle() : null;
    const { sighting, problem } = obstacle === null
      ? await access.switchTo(this.miner, place, this.#sighting)
      : { sighting: this.#sighting, problem: obstacle };
    this.#sighting = sighting;
    this.#problem = problem;
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
   * @param isChosen by the last plan
   * @param isAnyWanted whether anything has to be delivered
   */
  report(isChosen: boolean, isAnyWanted: boolean): MinerReport {
    const grudge = this.#grudge();
    const sentTo = this.#sentTo ?? grudge?.sentTo ?? "fallback";
    const wanted = isChosen ? "subnet" : isAnyWanted ? sentTo : "fallback";
    return {
      name: this.miner.name,
      address: this.address,
      nominalHashratePh: fp18ToNumber(this.miner.hashrateFp18),
      wanted,
      found: this.#sighting?.place ?? null,
      poolNumber: this.#sighting?.pool?.number ?? null,
      switched: this.switched,
      readingPh: this.#readingPh,
      problem: this.#problem ?? grudge?.problem ?? this.#obstacle() ?? this.#weakness(),
    };
  }

  #grudge(): ReturnType<FleetMemory["grudgeOf"]> {
    return this.#memory.grudgeOf(this.address, this.#nowMs());
  }

  /** A machine without a pool that is alive has nothing to work on: its figure says nothing of it. */
  #judge({ hashratePh, elapsedSeconds }: MinerSummary): void {
    if (hashratePh === null || this.#sighting?.pool === null) return;
    const { weak } = this.#memory;
    const part = hashratePh / fp18ToNumber(this.miner.hashrateFp18);
    const isJudged = elapsedSeconds !== null && elapsedSeconds > WARM_UP_SECONDS;
    const isWeak = weak.has(this.address) ? part < STRONG_FROM : isJudged && part < WEAK_BELOW;
    if (isWeak) weak.set(this.address, hashratePh);
    else weak.delete(this.address);
  }

  /** What keeps it from going to the subnet. Without a fallback that exists it could not come back. */
  #obstacle(): MinerProblem | null {
    if (this.#sighting === null) return null;
    const { subnetPool } = this.miner;
    const missing = this.#missingPool("subnetPool") ?? this.#missingPool("fallbackPool");
    if (missing !== null) return missing;
    return this.#isDead(subnetPool) ? deadPoolProblem(this.miner, subnetPool) : null;
  }

  /** What keeps it from leaving the subnet. */
  #fallbackObstacle(): MinerProblem | null {
    const { fallbackPool } = this.miner;
    return this.#missingPool("fallbackPool") ??
      (this.#isDead(fallbackPool) ? deadPoolProblem(this.miner, fallbackPool) : null);
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

  #weakness(): MinerProblem | null {
    const weakPh = this.#memory.weak.get(this.address);
    if (weakPh === undefined) return null;
    const nominalPh = fp18ToNumber(this.miner.hashrateFp18);
    return {
      kind: "weak",
      message:
        `${this.address} says it has ${formatPh(weakPh)} PH/s of nominally ${
          formatPh(nominalPh)
        }; see to its ` +
        "boards, power and cooling, or correct its hashrate in [asic]",
    };
  }
}
