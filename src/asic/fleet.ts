/**
 * The machines as a whole: from what was won to the machines that mine for the subnet.
 *
 * @module
 */

import { setTimeout as pause } from "node:timers/promises";
import { FP18_ONE } from "../protocol/constants.ts";
import { fp18ToNumber, parseFp18 } from "../protocol/fp18.ts";
import { type CgminerConnect, CgminerError } from "./cgminer_api.ts";
import type { FleetConfig } from "./fleet_config.ts";
import { FleetMachine } from "./fleet_machine.ts";
import { FleetMemory } from "./fleet_memory.ts";
import type { FleetReading, FleetReport } from "./fleet_report.ts";
import { MinerAccess } from "./miner_access.ts";
import { type FleetPlan, planFleet } from "./plan.ts";
import { settleAll } from "./slots.ts";

/** What the fleet needs of the world; tests replace it. */
export interface FleetParts {
  /** @default Deno.connect */
  readonly connect?: CgminerConnect;
  /** Rejects when the signal ends it. @default the timer of the runtime */
  readonly sleep?: (ms: number, signal?: AbortSignal) => Promise<void>;
  /** @default performance.now */
  readonly monotonicMs?: () => number;
}

/** What has to be delivered. */
export interface FleetDemand {
  /** The sizes won, one a worker, decimal text in PH/s. */
  readonly wonSizes: readonly string[];
}

/** Options of {@linkcode Fleet.apply}. */
export interface ApplyOptions {
  /** Changes from window to window; `null` when no window is known. */
  readonly windowKey: string | null;
  /** Ask, but switch nothing; say what would be done. */
  readonly dryRun: boolean;
  /** Ends the run. */
  readonly signal?: AbortSignal | undefined;
}

/** A run may take so long, and three questions: 45 s with the default timeout. */
const RUN_MS = 30_000;
/** The machines are asked where they are for so long, and one question. */
const SURVEY_MS = 10_000;
/** How often others take the place of machines that fail. */
const MAX_ROUNDS = 5;

/** The machines, from run to run. One run after the other. */
export class Fleet {
  readonly #parts: FleetParts;
  readonly #memory = new FleetMemory();
  #last: Promise<unknown> = Promise.resolve();
  /** Ends the reading that goes on or waits for its turn; there is one at a time. */
  #reading: AbortController | null = null;

  constructor(parts: FleetParts = {}) {
    this.#parts = parts;
  }

  /**
   * Has the machines deliver what was won: asks all where they mine, chooses those that cover it, switches first those
   * that come and then those that leave, each verified by reading back. Machines that fail are replaced by others.
   *
   * Within a window (the same key as in the run before) machines come only when those present do not suffice, and
   * leave only when they do. What machines do is in the report and never an error.
   *
   * @throws {import("../protocol/protocol_error.ts").ProtocolError} for a size that is no decimal.
   * @throws the signal's reason when it ended the run.
   */
  apply(
    config: FleetConfig,
    demand: FleetDemand,
    { windowKey, dryRun, signal }: ApplyOptions,
  ): Promise<FleetReport> {
    // Switching must not wait for figures of a machine that may hang.
    this.#reading?.abort();
    return this.#inTurn(async () => {
      signal?.throwIfAborted();
      const needFp18 = needOf(demand, config.share);
      const memory = dryRun ? this.#memory.copy() : this.#memory;
      const keepPresent = memory.enterWindow(windowKey);
      const { access, latestSurveyMs } = this.#access(config, signal);
      const machines = config.miners.map((miner) => new FleetMachine(miner, memory, this.#nowMs));
      await survey(machines, access, latestSurveyMs, memory);
      const plan = (): FleetPlan => planFleet(machines, { needFp18, keepPresent });
      const final = dryRun ? plan() : await settle(machines, access, plan);
      if (dryRun) rehearse(machines, final);
      memory.expected = addressesWhere(machines, ({ atSubnet }) => atSubnet);
      memory.silent = addressesWhere(machines, ({ hasAnswered }) => !hasAnswered);
      return reportOf(machines, final, { needFp18, dryRun });
    });
  }

  /**
   * What the machines that should be at the subnet's pool say they deliver to it now. {@link apply} comes first: a
   * reading under way begins anew behind it.
   *
   * @throws the signal's reason when it ended the reading.
   */
  async read(config: FleetConfig, signal?: AbortSignal): Promise<FleetReading> {
    for (;;) {
      const reading = this.#reading = new AbortController();
      const ended = signal === undefined ? reading.signal : AbortSignal.any([reading.signal, signal]);
      try {
        return await this.#readOnce(config, ended);
      } catch (error) {
        signal?.throwIfAborted();
        if (!reading.signal.aborted) throw error;
      } finally {
        if (this.#reading === reading) this.#reading = null;
      }
    }
  }

  #readOnce(config: FleetConfig, signal: AbortSignal): Promise<FleetReading> {
    return this.#inTurn(async () => {
      signal.throwIfAborted();
      const { access, latestSurveyMs } = this.#access(config, signal);
      const memory = this.#memory.copy();
      const machines = config.miners.map((miner) => new FleetMachine(miner, memory, this.#nowMs))
        .filter(({ address }) => memory.expected.has(address));
      await survey(machines, access, latestSurveyMs, memory);
      const figures = machines.flatMap(({ atSubnet, hasAnswered, readingPh }) =>
        // One that mines elsewhere delivers nothing, which is a figure, too.
        hasAnswered && !atSubnet ? [0] : readingPh === null ? [] : [readingPh]
      );
      return {
        deliveredPh: figures.reduce((sum, figure) => sum + figure, 0),
        miners: figures.length,
        silent: machines.length - figures.length,
      };
    });
  }

  get #nowMs(): () => number {
    return this.#parts.monotonicMs ?? (() => performance.now());
  }

  #access(
    { timeoutMs }: FleetConfig,
    signal: AbortSignal | undefined,
  ): { access: MinerAccess; latestSurveyMs: number } {
    const { connect, sleep = realSleep } = this.#parts;
    const monotonicMs = this.#nowMs;
    const startedMs = monotonicMs();
    const deadlineMs = startedMs + RUN_MS + 3 * timeoutMs;
    const access = new MinerAccess({ timeoutMs, deadlineMs, monotonicMs, sleep, connect, signal });
    return { access, latestSurveyMs: startedMs + SURVEY_MS };
  }

  #inTurn<Result>(run: () => Promise<Result>): Promise<Result> {
    const result = this.#last.then(run);
    this.#last = result.catch(() => {});
    return result;
  }
}

/** Asks all machines, those last that were silent before, so that they do not hold up the others. */
async function survey(
  machines: readonly FleetMachine[],
  access: MinerAccess,
  latestStartMs: number,
  { silent }: FleetMemory,
): Promise<void> {
  const inOrder = machines.toSorted((a, b) => Number(silent.has(a.address)) - Number(silent.has(b.address)));
  await settleAll(inOrder.map(async (machine) => {
    try {
      machine.noteSurvey(await access.survey(machine.miner, latestStartMs));
    } catch (error) {
      if (!(error instanceof CgminerError)) throw error;
      machine.noteSilence(error);
    }
  }));
}

/**
 * Switches until the machines are as planned. Every machine that fails is out of the next plan, so this ends by
 * itself; rounds and time bound it further. Nobody leaves before those who come have been seen at the subnet's pool:
 * a few seconds of surplus cost little, delivering too little gets a hotkey banned.
 */
async function settle(
  machines: readonly FleetMachine[],
  access: MinerAccess,
  makePlan: () => FleetPlan,
): Promise<FleetPlan> {
  for (let round = 1;; round++) {
    const plan = makePlan();
    const isChosen = (index: number): boolean => plan.chosen[index]!;
    const incoming = machines.filter((machine, index) => isChosen(index) && !machine.atSubnet);
    const isOver = round > MAX_ROUNDS || access.isLate;
    if (incoming.length > 0) {
      if (isOver) {
        for (const machine of incoming) machine.giveUp();
        continue;
      }
      if (!await moveAll(incoming, "subnet", access)) continue;
    }
    const outgoing = machines.filter((machine, index) => !isChosen(index) && machine.canLeave);
    if (outgoing.length === 0 || access.isLate || await moveAll(outgoing, "fallback", access)) return plan;
  }
}

/** Says whether all went. */
async function moveAll(
  machines: readonly FleetMachine[],
  place: "subnet" | "fallback",
  access: MinerAccess,
): Promise<boolean> {
  const results = await settleAll(machines.map((machine) => machine.move(place, access)));
  return results.every((isThere) => isThere);
}

function rehearse(machines: readonly FleetMachine[], { chosen }: FleetPlan): void {
  machines.forEach((machine, index) => {
    machine.switched = chosen[index]! ? !machine.atSubnet : machine.canLeave;
  });
}

/**
 * The sum of what was won, exactly, times the share: taken as the decimal the operator wrote, to 12 places, and
 * rounded up, so that it is covered. (The proxies' files get doubles, because their tools compute them so.)
 */
function needOf({ wonSizes }: FleetDemand, share: number): bigint {
  const wonFp18 = wonSizes.reduce((sum, size) => sum + parseFp18(size), 0n);
  return (wonFp18 * parseFp18(share.toFixed(12)) + FP18_ONE - 1n) / FP18_ONE;
}

function reportOf(
  machines: readonly FleetMachine[],
  { chosen, coveredFp18 }: FleetPlan,
  { needFp18, dryRun }: { readonly needFp18: bigint; readonly dryRun: boolean },
): FleetReport {
  const seenFp18 = machines.reduce(
    (sum, { atSubnet, hashrateFp18 }) => atSubnet ? sum + hashrateFp18 : sum,
    0n,
  );
  const covered = dryRun ? coveredFp18 : seenFp18;
  const surplus = covered - needFp18;
  return {
    mode: "asic",
    dryRun,
    wantedHashratePh: fp18ToNumber(needFp18),
    coveredHashratePh: fp18ToNumber(covered),
    surplusHashratePh: surplus > 0n ? fp18ToNumber(surplus) : 0,
    shortfallHashratePh: surplus < 0n ? fp18ToNumber(-surplus) : 0,
    switchedCount: machines.filter(({ switched }) => switched).length,
    miners: machines.map((machine, index) => machine.report(chosen[index]!, needFp18 > 0n)),
  };
}

function addressesWhere(
  machines: readonly FleetMachine[],
  condition: (machine: FleetMachine) => boolean,
): ReadonlySet<string> {
  return new Set(machines.filter(condition).map(({ address }) => address));
}

async function realSleep(ms: number, signal?: AbortSignal): Promise<void> {
  try {
    await pause(ms, undefined, signal === undefined ? {} : { signal });
  } catch (error) {
    throw signal?.aborted ? signal.reason : error;
  }
}
