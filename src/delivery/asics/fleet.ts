/**
 * The fleet of machines: switches those to the subnet that cover what was won.
 *
 * @module
 */

import { setTimeout as pause } from "node:timers/promises";
import { FP18_ONE } from "../../auction/protocol/constants.ts";
import { fp18ToNumber, parseFp18 } from "../../auction/protocol/fp18.ts";
import { type CgminerConnect, CgminerError } from "./cgminer_api.ts";
import type { AsicMiner, FleetConfig } from "./fleet_config.ts";
import { FleetMachine } from "./fleet_machine.ts";
import { FleetMemory } from "./fleet_memory.ts";
import type { FleetReading, FleetReport } from "./fleet_report.ts";
import { MinerAccess, type Survey } from "./miner_access.ts";
import { type FleetPlan, planFleet, type PlanMachine } from "./plan.ts";
import { settleAll } from "./slots.ts";

/** The dependencies of {@link Fleet}, for tests. */
export interface FleetParts {
  /** @default Deno.connect */
  readonly connect?: CgminerConnect;
  /** Rejects when the signal aborts. @default a timer */
  readonly sleep?: (ms: number, signal?: AbortSignal) => Promise<void>;
  /** @default performance.now */
  readonly monotonicMs?: () => number;
}

/** The hashrate to deliver. */
export interface FleetDemand {
  /** The won sizes, one per worker, as decimal text in PH/s. */
  readonly wonSizes: readonly string[];
}

/** Options of {@linkcode Fleet.apply}. */
export interface ApplyOptions {
  /** Identifies the window; `null` if none is known. */
  readonly windowKey: string | null;
  /** Asks the machines, switches none, and reports what would be done. */
  readonly dryRun: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** A run may take this long plus three requests: 45 s with the default timeout. */
const RUN_MS = 30_000;
/** The survey may take this long plus one request. */
const SURVEY_MS = 10_000;
/** How often failing machines are replaced by others. */
const MAX_ROUNDS = 5;
/** The part of the timeout to wait for machines that were silent before: enough for those that are back. */
const DOUBTFUL_PART = 0.1;

/** The machines, remembered from run to run. Runs do not overlap. */
export class Fleet {
  readonly #parts: FleetParts;
  readonly #memory = new FleetMemory();
  #last: Promise<unknown> = Promise.resolve();
  /** That of the latest configuration. */
  #timeoutMs = 0;
  /** Machines that were silent in the latest reading since the latest run. */
  #mute: ReadonlySet<string> = new Set();
  /** Ends the current or queued reading; there is at most one. */
  #reading: AbortController | null = null;

  constructor(parts: FleetParts = {}) {
    this.#parts = parts;
  }

  /** Whether machines that are no longer configured are still at the subnet; the next run switches them away. */
  owesRelease(configured: readonly AsicMiner[]): boolean {
    return this.#memory.presence.removedFrom(configured).length > 0;
  }

  /**
   * Makes the machines deliver what was won: asks all where they mine, chooses those that cover it, switches first the
   * machines to the subnet and then those away from it, and verifies each switch by reading back. Failing machines are
   * replaced by others.
   *
   * Within a window (the same key as in the previous run), machines are added only if the present ones do not suffice, and
   * leave only if they do. Failures of machines are reported and never thrown.
   *
   * Machines that were silent in the previous run are asked, but hardly waited for; late answers are used once the others
   * are where they belong. The same holds for machines that are no longer configured but still at the subnet
   * ({@link SubnetPresence}): they never count as cover, and are switched to their fallback pool as soon as the configured
   * machines cover what was won.
   *
   * @param config `null` if no machine is configured any more.
   * @throws {import("../../auction/protocol/errors.ts").ProtocolError} for a size that is not a decimal.
   * @throws the signal's reason if it aborts the run.
   */
  apply(
    config: FleetConfig | null,
    demand: FleetDemand,
    { windowKey, dryRun, signal }: ApplyOptions,
  ): Promise<FleetReport> {
    // Switching must not wait for readings of a machine that may hang.
    this.#reading?.abort();
    return this.#inTurn(async () => {
      signal?.throwIfAborted();
      const { miners, timeoutMs } = config ?? { miners: [], timeoutMs: this.#timeoutMs };
      this.#timeoutMs = timeoutMs;
      this.#mute = new Set();
      const needFp18 = config === null ? 0n : needOf(demand, config.share);
      const memory = dryRun ? this.#memory.copy() : this.#memory;
      memory.enterWindow(windowKey);
      const { access, latestSurveyMs } = this.#access(timeoutMs, signal);
      const toMachine = (miner: AsicMiner): FleetMachine => new FleetMachine(miner, memory, this.#nowMs);
      const machines = miners.map(toMachine);
      const removed = memory.presence.removedFrom(miners).map(toMachine);
      // They are switched away in each run, even if the last attempt failed.
      for (const { address } of removed) memory.forgive(address);

      const isDoubtful = ({ address }: FleetMachine): boolean => memory.silent.has(address);
      const prompt = machines.filter((machine) => !isDoubtful(machine));
      const doubtful = [...machines.filter(isDoubtful), ...removed];
      const options = { access, latestStartMs: latestSurveyMs };
      const plan = (keepPresent: boolean): Arrangement => {
        const configured = planFleet(machines, { needFp18, keepPresent });
        return { ...configured, staying: stayingOf(removed, needFp18 - configured.coveredFp18) };
      };
      const arrange = async (keepPresent: boolean): Promise<Arrangement> =>
        dryRun ? plan(keepPresent) : await settle(machines, removed, access, () => plan(keepPresent));

      const answers = new Map<FleetMachine, SurveyAnswer>();
      const noteAnswers = (): void => {
        for (const [machine, answer] of answers) machine.noteSurvey(answer);
        answers.clear();
      };
      const promptAsked = ask(prompt, answers, { ...options, isDoubtful: false });
      const doubtfulAsked = ask(doubtful, answers, { ...options, isDoubtful: true });
      const arrangePrompt = async (): Promise<Arrangement> => {
        await promptAsked;
        if (doubtful.length > 0) await this.#waitFor(doubtfulAsked, timeoutMs * DOUBTFUL_PART, signal);
        noteAnswers();
        return await arrange(!memory.isNewWindow);
      };
      let [final] = await settleAll([arrangePrompt(), doubtfulAsked]);
      const isNews = [...answers.values()].some((answer) => !(answer instanceof CgminerError));
      noteAnswers();
      // A dry run has switched nothing yet.
      if (isNews) final = await arrange(!dryRun || !memory.isNewWindow);

      if (dryRun) rehearse(machines, removed, final);
      memory.expected = addressesWhere([...machines, ...removed], ({ atSubnet }) => atSubnet);
      memory.silent = addressesWhere(machines, ({ hasAnswered }) => !hasAnswered);
      for (const { miner, presence } of machines) memory.presence.note(miner, presence);
      const removedReports = removed.map((machine) => {
        const { miner, presence, hasAnswered } = machine;
        const nowMs = this.#nowMs();
        const isGivenUp = memory.presence.noteRemoved(miner, presence, hasAnswered, nowMs);
        return machine.reportRemoved({ isStaying: final.staying.has(machine), isGivenUp });
      });
      return { ...reportOf(machines, final, { needFp18, dryRun }), removed: removedReports };
    });
  }

  /**
   * Reads the hashrate that the machines deliver to the subnet's pool now, including machines that are no longer configured.
   * {@link apply} has priority: it restarts a reading in progress after it. Machines that were silent in the previous reading
   * get less time.
   *
   * @throws the signal's reason if it aborts the reading.
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

  #readOnce({ miners, timeoutMs }: FleetConfig, signal: AbortSignal): Promise<FleetReading> {
    return this.#inTurn(async () => {
      signal.throwIfAborted();
      const memory = this.#memory.copy();
      const machines = [...miners, ...memory.presence.removedFrom(miners)]
        .map((miner) => new FleetMachine(miner, memory, this.#nowMs))
        .filter(({ address }) => memory.expected.has(address));
      await settleAll([false, true].map(async (isDoubtful) => {
        const asked = machines.filter(({ address }) => this.#mute.has(address) === isDoubtful);
        const { access, latestSurveyMs } = this.#access(
          isDoubtful ? timeoutMs * DOUBTFUL_PART : timeoutMs,
          signal,
        );
        const answers = new Map<FleetMachine, SurveyAnswer>();
        await ask(asked, answers, { access, latestStartMs: latestSurveyMs, isDoubtful });
        for (const [machine, answer] of answers) machine.noteSurvey(answer);
      }));
      this.#mute = addressesWhere(machines, ({ hasAnswered }) => !hasAnswered);
      const figures = machines.flatMap(({ atSubnet, hasAnswered, readingPh }) =>
        // A machine that mines elsewhere delivers 0.
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
    timeoutMs: number,
    signal: AbortSignal | undefined,
  ): { access: MinerAccess; latestSurveyMs: number } {
    const { connect, sleep = realSleep } = this.#parts;
    const monotonicMs = this.#nowMs;
    const startedMs = monotonicMs();
    const deadlineMs = startedMs + RUN_MS + 3 * timeoutMs;
    const access = new MinerAccess({ timeoutMs, deadlineMs, monotonicMs, sleep, connect, signal });
    return { access, latestSurveyMs: startedMs + SURVEY_MS };
  }

  /** Waits until the work settles, but at most this long. */
  async #waitFor(work: Promise<unknown>, ms: number, signal: AbortSignal | undefined): Promise<void> {
    const { sleep = realSleep } = this.#parts;
    const ending = new AbortController();
    const end = (): void => ending.abort();
    work.then(end, end);
    try {
      await sleep(ms, signal === undefined ? ending.signal : AbortSignal.any([ending.signal, signal]));
    } catch (error) {
      signal?.throwIfAborted();
      if (!ending.signal.aborted) throw error;
    }
  }

  #inTurn<Result>(run: () => Promise<Result>): Promise<Result> {
    const result = this.#last.then(run);
    this.#last = result.catch(() => {});
    return result;
  }
}

type SurveyAnswer = Survey | CgminerError;

interface AskingOptions {
  readonly access: MinerAccess;
  /** See {@link import("./miner_access.ts").SurveyOptions}. */
  readonly latestStartMs: number;
  readonly isDoubtful: boolean;
}

/** Surveys all machines and collects their answers. */
async function ask(
  machines: readonly FleetMachine[],
  answers: Map<FleetMachine, SurveyAnswer>,
  { access, ...options }: AskingOptions,
): Promise<void> {
  await settleAll(machines.map(async (machine) => {
    try {
      answers.set(machine, await access.survey(machine.miner, options));
    } catch (error) {
      if (!(error instanceof CgminerError)) throw error;
      answers.set(machine, error);
    }
  }));
}

/** Where each machine belongs. */
interface Arrangement extends FleetPlan {
  /** Machines that are no longer configured and stay at the subnet. */
  readonly staying: ReadonlySet<FleetMachine>;
}

/** Which of the removed machines stay at the subnet to cover what the configured ones cannot. */
function stayingOf(removed: readonly FleetMachine[], uncoveredFp18: bigint): ReadonlySet<FleetMachine> {
  const present = removed.filter(({ atSubnet }) => atSubnet);
  const candidates = present.map(({ hashrateFp18 }): PlanMachine => ({
    hashrateFp18,
    state: "available",
    atSubnet: true,
  }));
  const { chosen } = planFleet(candidates, { needFp18: uncoveredFp18 });
  return new Set(present.filter((_, index) => chosen[index]));
}

/**
 * Switches machines until they are as planned. Each failing machine is excluded from the next plan, so this terminates;
 * rounds and time bound it further. No machine leaves before its replacements have been seen at the subnet's pool: the
 * overlap lasts seconds, while a replacement that cannot be switched would be missing for the whole window.
 *
 * @param removed machines that leave too, except those that stay by the plan
 */
async function settle(
  machines: readonly FleetMachine[],
  removed: readonly FleetMachine[],
  access: MinerAccess,
  makePlan: () => Arrangement,
): Promise<Arrangement> {
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
    const surplus = machines.filter((_, index) => !isChosen(index));
    const outgoing = [...surplus, ...removed.filter((machine) => !plan.staying.has(machine))]
      .filter(({ canLeave }) => canLeave);
    if (outgoing.length === 0 || access.isLate || await moveAll(outgoing, "fallback", access)) return plan;
  }
}

/** Returns whether all switches succeeded. */
async function moveAll(
  machines: readonly FleetMachine[],
  place: "subnet" | "fallback",
  access: MinerAccess,
): Promise<boolean> {
  const results = await settleAll(machines.map((machine) => machine.move(place, access)));
  return results.every((isThere) => isThere);
}

function rehearse(
  machines: readonly FleetMachine[],
  removed: readonly FleetMachine[],
  { chosen, staying }: Arrangement,
): void {
  machines.forEach((machine, index) => {
    machine.switched = chosen[index]! ? !machine.atSubnet : machine.canLeave;
  });
  for (const machine of removed) machine.switched = !staying.has(machine) && machine.canLeave;
}

/**
 * The exact sum of the won sizes times the share, taken as the operator's decimal to 12 places and rounded up, so that it is
 * covered. (The proxies' files use doubles, because their tools do.)
 */
function needOf({ wonSizes }: FleetDemand, share: number): bigint {
  const wonFp18 = wonSizes.reduce((sum, size) => sum + parseFp18(size), 0n);
  return (wonFp18 * parseFp18(share.toFixed(12)) + FP18_ONE - 1n) / FP18_ONE;
}

function reportOf(
  machines: readonly FleetMachine[],
  { chosen, coveredFp18 }: FleetPlan,
  { needFp18, dryRun }: { readonly needFp18: bigint; readonly dryRun: boolean },
): Omit<FleetReport, "removed"> {
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
