/**
 * Looking at machines and switching them: the questions of one run, few at a time and within its time.
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

/** Questions at a time: enough for hundreds of machines in a minute, few enough for a small host. */
const PARALLEL_QUESTIONS = 32;
/** After a switch it is looked at once, and again after so long each: a miner needs time to connect. */
const LOOK_DELAYS_MS = [0, 1000, 2000, 3000, 4000];
/** No further look after so long, however slow its answers are. */
const LOOK_MS = LOOK_DELAYS_MS.reduce((sum, delay) => sum + delay, 0);

/** Answers to a switch after which there is nothing to look for. */
const REFUSALS: readonly CgminerErrorKind[] = ["denied", "refused", "no-such-pool"];

/** Where a machine was seen. */
export interface Sighting {
  readonly pools: readonly MinerPool[];
  /** The pool it mines at; `null`: none is alive. */
  readonly pool: MinerPool | null;
  readonly place: MinerPlace;
}

/** A machine's answer to where it mines and what it computes. */
export interface Survey {
  readonly sighting: Sighting;
  readonly summary: MinerSummary;
}

/** Options of {@linkcode MinerAccess.survey}. */
export interface SurveyOptions {
  /**
   * By the monotonic clock: who could not be asked by then, because too many others do not answer, is given up.
   */
  readonly latestStartMs: number;
  /** Whether it was silent before: it may hang and must not hold up the others. */
  readonly isDoubtful: boolean;
}

/** What {@link MinerAccess} works with. */
export interface AccessOptions {
  readonly timeoutMs: number;
  /** By the monotonic clock: no question is going on then. */
  readonly deadlineMs: number;
  readonly monotonicMs: () => number;
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
  readonly connect: CgminerConnect | undefined;
  readonly signal: AbortSignal | undefined;
}

/** What became of a switch: where the machine was seen last (`null`: it did not answer), and what went wrong. */
export interface SwitchResult {
  readonly sighting: Sighting | null;
  /** `null`: it is where it was sent. */
  readonly problem: MinerProblem | null;
}

/** The machines, for one run. Everything rejects with the signal's reason when it ends the run. */
export class MinerAccess {
  readonly #slots = new Slots(PARALLEL_QUESTIONS);
  /** For those that probably do not answer: they take no slot of those that do. */
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
   * Where a machine mines, and what it says of itself. Both questions share one timeout, so that a slow machine does
   * not count twice; without an answer to the second one, it offers no figures.
   *
   * @throws {CgminerError} when it does not say where it mines.
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
   * Sends a machine to a pool and looks until it is there.
   *
   * @param before where it was seen last
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
    // After a command without a good answer, too: the machine may have carried it out.
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

  /** What the machine does wrong is a result. */
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

/** An error of the API as what is wrong with the machine. */
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
      `${minerAddress(miner)} accepted the switch to pool ${poolNumber} and ${where}; look at the miner's ` +
      "own page and restart it, or see whether its firmware really supports switchpool",
  };
}

/** A pool the machine has no connection to. */
export function deadPoolProblem(miner: AsicMiner, poolNumber: number): MinerProblem {
  return {
    kind: "pool-dead",
    message:
      `${minerAddress(miner)} has no connection to its pool ${poolNumber}; check that pool's address and ` +
      "worker in the miner, and the network between",
  };
}

/** There was no time to switch a machine, or to see whether it did. */
export function notInTime(miner: AsicMiner): MinerProblem {
  return {
    kind: "timeout",
    message: `${
      minerAddress(miner)
    } could not be switched in time: too many other machines fail; see to those first`,
  };
}

function notAsked(miner: AsicMiner): CgminerError {
  return new CgminerError(
    "timeout",
    `${
      minerAddress(miner)
    } could not be asked in time: too many other machines do not answer; see to those first`,
  );
}
