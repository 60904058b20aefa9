/**
 * Surveys and switches machines: the requests of one run, a few at a time and within its time.
 *
 * @module
 */

import {
  askMiner,
  type CgminerAnswer,
  type CgminerConnect,
  CgminerError,
  type CgminerErrorKind,
  type CgminerQuestion,
} from "./cgminer_api.ts";
import { currentPool, type MinerPool, poolsOf } from "./cgminer_pools.ts";
import { type MinerSummary, summaryOf } from "./cgminer_summary.ts";
import { type AsicMiner, minerAddress } from "./fleet_config.ts";
import type { MinerPlace, MinerProblem } from "./fleet_report.ts";
import { Slots } from "./slots.ts";

/** Concurrent requests: enough for hundreds of machines in a minute, few enough for a small host. */
const PARALLEL_QUESTIONS = 32;
/** The delays between the looks after a switch: a miner needs time to connect. */
const LOOK_DELAYS_MS = [0, 1000, 2000, 3000, 4000];
/** No further look after this time, however slow the answers are. */
const LOOK_MS = LOOK_DELAYS_MS.reduce((sum, delay) => sum + delay, 0);

/** Answers to a switch after which a look is pointless. */
const REFUSALS: readonly CgminerErrorKind[] = ["denied", "refused", "no-such-pool"];

/** The observed pools and place of a machine. */
export interface Sighting {
  readonly pools: readonly MinerPool[];
  /** The pool it mines at; `null` if none is alive. */
  readonly pool: MinerPool | null;
  readonly place: MinerPlace;
}

/** Where a machine mines, and its figures. */
export interface Survey {
  readonly sighting: Sighting;
  readonly summary: MinerSummary;
}

/** Options of {@linkcode MinerAccess.survey}. */
export interface SurveyOptions {
  /** By the monotonic clock: machines that cannot be asked until then, because too many others are silent, are skipped. */
  readonly latestStartMs: number;
  /** Whether the machine was silent before: it may hang and must not delay the others. */
  readonly isDoubtful: boolean;
}

/** Constructor options of {@link MinerAccess}. */
export interface AccessOptions {
  readonly timeoutMs: number;
  /** By the monotonic clock: all requests end by then. */
  readonly deadlineMs: number;
  readonly monotonicMs: () => number;
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
  readonly connect: CgminerConnect | undefined;
  readonly signal: AbortSignal | undefined;
}

/** The result of a switch. */
export interface SwitchResult {
  /** Where the machine was last seen; `null` if it did not answer. */
  readonly sighting: Sighting | null;
  /** `null` if the switch succeeded. */
  readonly problem: MinerProblem | null;
}

/** Access to the machines during one run. All methods reject with the signal's reason when it aborts. */
export class MinerAccess {
  readonly #slots = new Slots(PARALLEL_QUESTIONS);
  /** For machines that probably do not answer, so that they do not block the others. */
  readonly #doubtfulSlots = new Slots(PARALLEL_QUESTIONS);
  readonly #options: AccessOptions;

  constructor(options: AccessOptions) {
    this.#options = options;
  }

  /** Whether the time of the run is over. */
  get isLate(): boolean {
    return this.#leftMs() <= 0;
  }

  /**
   * Asks where a machine mines, and for its figures. Both requests share one timeout; if the second one fails, there are no
   * figures.
   *
   * @throws {CgminerError} if it does not report its pools.
   */
  async survey(miner: AsicMiner, { latestStartMs, isDoubtful }: SurveyOptions): Promise<Survey> {
    const { timeoutMs, monotonicMs } = this.#options;
    const slots = isDoubtful ? this.#doubtfulSlots : this.#slots;
    return await slots.run(async () => {
      const startedMs = monotonicMs();
      if (startedMs > latestStartMs) throw notAsked(miner);
      const sighting = await this.#look(miner, timeoutMs);
      const leftMs = timeoutMs - (monotonicMs() - startedMs);
      return { sighting, summary: await this.#summary(miner, leftMs) };
    });
  }

  /**
   * Switches a machine to a pool and looks until it is there.
   *
   * @param before where it was last seen
   */
  async switchTo(
    miner: AsicMiner,
    place: "subnet" | "fallback",
    before: Sighting | null,
  ): Promise<SwitchResult> {
    const { timeoutMs, monotonicMs, sleep, signal } = this.#options;
    const poolNumber = place === "subnet" ? miner.subnetPool : miner.fallbackPool;
    const question: CgminerQuestion = { command: "switchpool", parameter: String(poolNumber) };
    const refusal = await this.#slots.run(() => this.#attempt(() => this.#ask(miner, question, timeoutMs)));
    if (refusal instanceof CgminerError && REFUSALS.includes(refusal.kind)) {
      return { sighting: before, problem: problemOf(refusal) };
    }
    // Look even if the command failed: the machine may have executed it.
    const lastLookMs = monotonicMs() + LOOK_MS;
    let seen: Sighting | CgminerError | null = null;
    for (const delayMs of LOOK_DELAYS_MS) {
      await sleep(delayMs, signal);
      if (this.isLate || monotonicMs() > lastLookMs) break;
      seen = await this.#slots.run(() => this.#attempt(() => this.#look(miner, timeoutMs)));
      if (!(seen instanceof CgminerError) && seen.pool?.number === poolNumber) {
        return { sighting: seen, problem: null };
      }
    }
    if (seen === null) return { sighting: before, problem: notInTime(miner) };
    if (seen instanceof CgminerError) return { sighting: null, problem: problemOf(seen) };
    const problem = refusal instanceof CgminerError
      ? problemOf(refusal)
      : missedProblem(miner, poolNumber, seen);
    return { sighting: seen, problem };
  }

  async #look(miner: AsicMiner, timeoutMs: number): Promise<Sighting> {
    const pools = poolsOf(await this.#ask(miner, { command: "pools" }, timeoutMs));
    const pool = currentPool(pools);
    const place = pool?.number === miner.subnetPool
      ? "subnet"
      : pool?.number === miner.fallbackPool
      ? "fallback"
      : "elsewhere";
    return { pools, pool, place };
  }

  async #summary(miner: AsicMiner, timeoutMs: number): Promise<MinerSummary> {
    const none = { hashratePh: null, periodSeconds: null, elapsedSeconds: null };
    if (timeoutMs <= 0) return none;
    const answer = await this.#attempt(() => this.#ask(miner, { command: "summary" }, timeoutMs));
    return answer instanceof CgminerError ? none : summaryOf(answer);
  }

  #ask(miner: AsicMiner, question: CgminerQuestion, timeoutMs: number): Promise<CgminerAnswer> {
    const { connect, signal } = this.#options;
    const boundedMs = Math.max(0, Math.min(timeoutMs, this.#leftMs()));
    return askMiner(miner, question, { timeoutMs: boundedMs, connect, signal });
  }

  /** Turns an error of the machine into a result. */
  async #attempt<Result>(ask: () => Promise<Result>): Promise<Result | CgminerError> {
    try {
      return await ask();
    } catch (error) {
      if (error instanceof CgminerError) return error;
      throw error;
    }
  }

  #leftMs(): number {
    return this.#options.deadlineMs - this.#options.monotonicMs();
  }
}

/** Turns an error of the API into the problem of a machine. */
export function problemOf({ kind, message }: CgminerError): MinerProblem {
  return { kind, message };
}

/** Why a machine that accepted a switch was seen elsewhere. */
function missedProblem(miner: AsicMiner, poolNumber: number, { pools, pool }: Sighting): MinerProblem {
  if (pools.find(({ number }) => number === poolNumber)?.state === "dead") {
    return deadPoolProblem(miner, poolNumber);
  }
  const where = pool === null ? "mines nowhere" : `still mines at pool ${pool.number}`;
  return {
    kind: "not-switched",
    message:
      `${
        minerAddress(miner)
      } accepted the switch to pool ${poolNumber} but ${where}; check the miner's own ` +
      "page and restart it, or find out whether its firmware supports switchpool",
  };
}

/** The problem of a machine without a connection to its pool. */
export function deadPoolProblem(miner: AsicMiner, poolNumber: number): MinerProblem {
  return {
    kind: "pool-dead",
    message:
      `${minerAddress(miner)} has no connection to its pool ${poolNumber}; check the pool's address and ` +
      "worker in the miner, and the network",
  };
}

/** The problem of a machine that there was no time to switch or to verify. */
export function notInTime(miner: AsicMiner): MinerProblem {
  return {
    kind: "timeout",
    message: `${minerAddress(miner)} could not be switched in time: too many machines fail; fix those first`,
  };
}

function notAsked(miner: AsicMiner): CgminerError {
  return new CgminerError(
    "timeout",
    `${minerAddress(miner)} could not be asked in time: too many machines do not answer; fix those first`,
  );
}
