/**
 * The machines as a whole: from what was won to the machines that mine for the subnet.
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
/** The part of the timeout for which machines are waited for that were silent before: enough for those that are back. */
const DOUBTFUL_PART = 0.1;

/** The machines, from run to run. One run after the other. */
export class Fleet {
  readonly #parts: FleetParts;
  readonly #memory = new FleetMemory();
  #last: Promise<unknown> = Promise.resolve();
  /** Of the latest configuration. */
  #timeoutMs = 0;
  /** Machines that were silent in the latest reading since the latest run. */
  #mute: ReadonlySet<string> = new Set();
  /** Ends the reading that goes on or waits for its turn; there is one at a time. */
  #reading: AbortController | null = null;

  constructor(parts: FleetParts = {}) {
    this.#parts = parts;
  }

  /** Whether machines were left at the subnet that are not among these: the next run sends them away. */
  owesRelease(configured: readonly AsicMiner[]): boolean {
    return this.#memory.presence.removedFrom(configured).length > 0;
  }

  /**
   * Has the machines deliver what was won: asks all where they mine, chooses those that cover it, switches first those
   * that come and then those that leave, each verified by reading back. Machines that fail are replaced by others.
   *
   * Within a window (the same key as in the run before) machines come only when those present do not suffice, and
   * leave only when they do. What machines do is in the report and never an error.
   *
   * Machines that were silent in the run before are asked and hardly waited for: what they answer later is heeded when
   * the others are where they belong. So it is with machines that are no longer configured and were left at the subnet
   * ({@link SubnetPresence}): they never count as cover, and are sent to their fallback as soon as the configured ones
   * cover what was won without them.
   *
   * @param config `null`: none is configured any more.
   * @throws {import("../../auction/protocol/protocol_error.ts").ProtocolError} for a size that is no decimal.
   * @throws the signal's reason when it ended the run.
   */
  apply(
    config: FleetConfig | null,
    demand: FleetDemand,
    { windowKey, dryRun, signal }: ApplyOptions,
  ): Promise<FleetReport> {
    // Switching must not wait for figures of a machine that may hang.
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
      // It is owed in each run, whatever came of it in the last one.
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
      // A rehearsal has moved nobody yet.
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
   * What the machines that should be at the subnet's pool say they deliver to it now, and those that are no longer
   * configured and mine there still. {@link apply} comes first: a reading under way begins anew behind it. Machines
   * that were silent in the reading before are given less time.
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

  /** Waits until it ends, well or not, but not longer than this. */
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

/** Asks all machines where they mine and what they compute, and collects what they answer. */
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

/** Where all machines belong. */
interface Arrangement extends FleetPlan {
  /** Of those that are no longer configured. */
  readonly staying: ReadonlySet<FleetMachine>;
}

/** Which of the removed machines stay at the subnet, since the configured ones leave so much of the need uncovered. */
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
 * Switches until the machines are as planned. Every machine that fails is out of the next plan, so this ends by
 * itself; rounds and time bound it further. Nobody leaves before those who come have been seen at the subnet's pool:
 * a few seconds of surplus cost little, delivering too little gets a hotkey banned.
 *
 * @param removed leave, too, but those that the plan has staying
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

/** Says whether all went. */
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
