/**
 * Plays one window of a soak and judges it.
 *
 * @module
 */

import { parseToml, TomlError } from "../../src/lib/toml.ts";
import type { ValidationWindow } from "../../src/auction/protocol/windows.ts";
import { budgetMillionths, mostWon, type Offer } from "../e2e/expected_auction.ts";
import { bidText, drawOffers, OWN_PRICES, publish, renewMarket, SPLIT } from "../e2e/market.ts";
import { drawPrices, hasCommitted, rewriteWorkers } from "../e2e/stage.ts";
import { expectedWonTh } from "../scene/live_run.ts";
import { type Machine, sumTh } from "../scene/machines.ts";
import { windowOf } from "../scene/market.ts";
import { chosen, type Edit, type Kill, type MachineMishap, type WindowPlan } from "./plan.ts";
import { SHARE, type SoakScene } from "./scene.ts";

/**
 * How long a window stays open for the agent; a real one lasts twelve minutes. One of the two lines is good all the
 * time, so that each window can be processed. After a SIGKILL the time begins anew.
 */
export const FAIR_MS = 60_000;
/** The chain goes on in a window up to this block, and then waits for the end of the window's time. */
const BLOCKS_SHOWN = 30;
const BLOCK_MS = 400;
/** When the last block is replaced by another one. */
const REORGANISE_AFTER_MS = 1_500;
/** A bid expires after 12.5 windows: it is changed at least this often. */
const MOST_WINDOWS_OF_A_BID = 8;
/** How long a broken configuration stays. */
const BROKEN_MS = 500;
/** How often the agent is told of a new bid: one SIGHUP has no effect on a job that already runs. */
const HURRY_MS = 2_000;
/** How long the routing must stay as it is to be judged. */
const STEADY_MS = 300;
const POLL_MS = 50;

/** The verdict on a window. */
export interface PlayedWindow {
  readonly window: ValidationWindow;
  /** What did not come in time; `null` if the window was processed. */
  readonly missed: string | null;
  /** What was routed wrongly, or which other text of the proxy's file changed. */
  readonly wrong: string | null;
  readonly wonTh: number;
  /** Whether the first routing was logged as not proven to be the optimum. */
  readonly isUnproven: boolean;
  /** From the first block, or the last restart, until all was routed; includes cbc and its delay. */
  readonly tookMs: number;
  readonly fault: string | null;
  readonly wasKilled: boolean;
}

/** Plays windows one after the other. */
export class WindowPlayer {
  #own: readonly Offer[] = [];
  #windowsOfBid = MOST_WINDOWS_OF_A_BID;
  /** How often the operator edited, by kind. */
  readonly edits = new Map<Edit, number>();
  /** How often something happened to a machine, by kind. */
  readonly mishaps = new Map<MachineMishap, number>();
  #slow: Machine | null = null;

  constructor(private readonly scene: SoakScene) {}

  /** Plays the next window. */
  async play(plan: WindowPlan, kill: Kill | null): Promise<PlayedWindow> {
    const { scene } = this;
    const { agent, chain, lines, proxy, rig } = scene;
    const missedBid = await this.#edit(plan);
    const prices = drawPrices(scene.options.random);
    // Before faults and times: it takes a second, in which the node does not answer.
    const budget = budgetMillionths(prices, SPLIT);
    const mostTh = mostWon([...scene.offers, ...this.#own], budget, rig.hotkey) / 1000;
    const mishap = await this.#harmMachine(plan);
    await scene.setHook(plan.hook);
    await scene.setCbcDelay(plan.cbcDelaySeconds);
    if (plan.clockOffsetSeconds !== null && agent.hasClock) await agent.setClock(plan.clockOffsetSeconds);
    if (plan.faultAt === "auction") lines.arm("auction", plan.faultChoice, plan.stageChoice);

    const { lastBlock } = windowOf(chain.head.number);
    await this.#goTo(lastBlock);
    publish(chain, prices, lastBlock);
    renewMarket(chain, scene.offers, lastBlock);
    const window = windowOf(lastBlock + 1);
    const textBefore = withoutTarget(await Deno.readTextFile(rig.poolsPath));
    const loadedBefore = proxy.lines.length - 1;
    chain.advance();
    const building = setInterval(() => {
      if (chain.head.number < window.firstBlock + BLOCKS_SHOWN) chain.advance();
    }, BLOCK_MS);
    try {
      const signals = this.#disturb(plan, kill, window);
      let startMs = performance.now();
      const killedMs = await signals;
      if (killedMs !== null) startMs = killedMs;
      const { cbc } = scene.options;
      const wonTh = cbc === null
        ? mostTh
        : await expectedWonTh(scene.ownConnection, rig.hotkey, window, [cbc]);
      const verdict = await this.#judge({ window, wonTh, harmed: mishap, endMs: startMs + FAIR_MS });
      const tookMs = performance.now() - startMs;
      const unproven = agent.unprovenTh(window.firstBlock);
      // cbc may stay below the optimum, so that its outcome gives more than any optimal one.
      const passing = [wonTh, mostTh, ...unproven].map(target);
      const allowed = new Set([proxy.lines[loadedBefore]!["loaded"], ...passing]);
      const astray = proxy.lines.slice(loadedBefore).find(({ loaded }) => !allowed.has(loaded));
      const textNow = withoutTarget(await Deno.readTextFile(rig.poolsPath));
      const wrongs = [
        ...(verdict.wrong === null ? [] : [verdict.wrong]),
        ...(astray === undefined ? [] : [`the proxy loaded ${astray["loaded"]} meanwhile`]),
        ...(textNow === textBefore ? [] : ["other text of the proxy's file changed"]),
      ];
      return {
        window,
        missed: missedBid ?? verdict.missed,
        wrong: wrongs.length === 0 ? null : wrongs.join("; "),
        wonTh,
        isUnproven: unproven.length > 0,
        tookMs,
        fault: await lines.calm(),
        wasKilled: killedMs !== null,
      };
    } finally {
      clearInterval(building);
      this.#healMachine(mishap, plan.mishap);
    }
  }

  /** Makes the edits of a plan. Returns what was not published in time. */
  async #edit({ edits, faultAt, faultChoice, stageChoice }: WindowPlan): Promise<string | null> {
    const { agent, rig, lines, chain, options } = this.scene;
    for (const edit of edits) {
      if (edit === "configuration") continue;
      this.#count(edit);
      if (edit === "broken configuration") {
        const text = await Deno.readTextFile(rig.configPath);
        await Deno.writeTextFile(rig.configPath, `${text}\n[workers\n`);
        agent.hangUp();
        await pause(BROKEN_MS);
        await Deno.writeTextFile(rig.configPath, text);
        continue;
      }
      const text = await Deno.readTextFile(rig.poolsPath);
      const edited = text.replace(/^weight = (\d+)/m, (_, weight) => `weight = ${Number(weight) + 1}`);
      const isReplaced = edit === "proxy file replaced";
      await Deno.writeTextFile(isReplaced ? `${rig.poolsPath}.new` : rig.poolsPath, edited);
      if (isReplaced) await Deno.rename(`${rig.poolsPath}.new`, rig.poolsPath);
    }
    const isDue = this.#windowsOfBid++ >= MOST_WINDOWS_OF_A_BID;
    if (!edits.includes("configuration") && !isDue) return null;
    this.#count("configuration");
    const before = this.#own.length === 0 ? "" : bidText(this.#own);
    let own = drawOffers(rig.hotkey, options.random, OWN_PRICES);
    while (bidText(own) === before) own = drawOffers(rig.hotkey, options.random, OWN_PRICES);
    if (faultAt === "bid") lines.arm("bid", faultChoice, stageChoice);
    await rewriteWorkers(rig.configPath, own);
    this.#own = own;
    this.#windowsOfBid = 0;
    const isPublished = await this.#hurry(() => hasCommitted(chain, rig.hotkey, bidText(own)));
    await lines.calm();
    return isPublished ? null : `the bid ${bidText(own)} was not published in ${FAIR_MS / 1000} s`;
  }

  #count(edit: Edit): void {
    this.edits.set(edit, (this.edits.get(edit) ?? 0) + 1);
  }

  /** Signals and a reorganisation at their times. Returns when the agent was restarted, if it was. */
  async #disturb(
    plan: WindowPlan,
    kill: Kill | null,
    { firstBlock }: ValidationWindow,
  ): Promise<number | null> {
    const { agent, chain } = this.scene;
    const hangUp = async (afterMs: number): Promise<void> => {
      await pause(afterMs);
      agent.hangUp();
    };
    const reorganise = async (): Promise<void> => {
      await pause(REORGANISE_AFTER_MS);
      if (chain.head.number > firstBlock + 1) chain.reorganise(1);
    };
    await Promise.all([
      ...(plan.hangUpAfterMs === null ? [] : [hangUp(plan.hangUpAfterMs)]),
      ...(plan.isReorganised ? [reorganise()] : []),
    ]);
    if (kill === null) return null;
    await pause(kill.afterMs);
    await agent.killAndRestart();
    return performance.now();
  }

  /** Waits until the window is processed and routed as expected, at most until `endMs`. */
  async #judge(
    { window, wonTh, harmed, endMs }: {
      readonly window: ValidationWindow;
      readonly wonTh: number;
      readonly harmed: Machine | null;
      readonly endMs: number;
    },
  ): Promise<Pick<PlayedWindow, "missed" | "wrong">> {
    let steadySinceMs: number | null = null;
    let missed: string | null = null;
    let wrong: string | null = null;
    while (performance.now() < endMs) {
      const { agent } = this.scene;
      if (agent.deaths.length > 0) return { missed: `the agent ended: ${agent.deaths.join()}`, wrong: null };
      missed = agent.hasComputed(window.firstBlock) ? null : "no final outcome";
      wrong = await this.#misrouting(wonTh, harmed);
      if (missed !== null || wrong !== null) steadySinceMs = null;
      else steadySinceMs ??= performance.now();
      if (steadySinceMs !== null && performance.now() - steadySinceMs >= STEADY_MS) break;
      await pause(POLL_MS);
    }
    return missed === null ? { missed, wrong } : { missed: `${missed} in ${FAIR_MS / 1000} s`, wrong: null };
  }

  /** What is not routed as it must be. */
  async #misrouting(wonTh: number, harmed: Machine | null): Promise<string | null> {
    const { machines, proxy, rig } = this.scene;
    const expected = target(wonTh);
    const inFile = await targetInFile(rig.poolsPath);
    if (inFile !== expected) return `the proxy's file has ${inFile}, not ${expected}`;
    const loaded = proxy.lines.at(-1)!["loaded"];
    if (loaded !== expected) return `the proxy has ${loaded}, not ${expected}`;
    const needTh = wonTh * SHARE;
    const usable = machines.all.filter((machine) => machine !== harmed);
    const present = machines.atSubnet.filter((machine) => machine !== harmed);
    const presentTh = sumTh(present);
    if (presentTh < Math.min(needTh, sumTh(usable))) {
      return `the ASICs deliver ${presentTh} of ${needTh} TH/s`;
    }
    const spare = present.find(({ hashrateTh }) => presentTh - hashrateTh >= needTh);
    return spare === undefined ? null : `${spare.name} is not needed for ${needTh} TH/s`;
  }

  /** Lets something happen to one machine. Returns that machine if it delivers nothing now. */
  async #harmMachine({ mishap, mishapChoice }: WindowPlan): Promise<Machine | null> {
    const { machines } = this.scene;
    if (mishap === null) return null;
    const absent = machines.all.filter((machine) => !machines.atSubnet.includes(machine));
    // A machine that is at the subnet cannot be told to leave when it lies.
    const candidates = mishap === "liar" ? absent : machines.all;
    if (candidates.length === 0) return null;
    const machine = chosen(candidates, mishapChoice);
    if (mishap === "unplugged") await machines.unplug(machine);
    else machine.server.miner.fault = mishap === "liar" ? { kind: "liar" } : { kind: "slow", delayMs: 1_000 };
    this.mishaps.set(mishap, (this.mishaps.get(mishap) ?? 0) + 1);
    this.#slow = mishap === "slow" ? machine : null;
    return mishap === "slow" ? null : machine;
  }

  #healMachine(harmed: Machine | null, mishap: MachineMishap | null): void {
    const { machines } = this.scene;
    if (this.#slow !== null) this.#slow.server.miner.fault = null;
    this.#slow = null;
    if (harmed === null) return;
    if (mishap === "unplugged") machines.plug(harmed);
    harmed.server.miner.fault = null;
  }

  /** Has the agent run both jobs again and again until something is so. Returns whether it came in time. */
  async #hurry(isSo: () => boolean): Promise<boolean> {
    const endMs = performance.now() + FAIR_MS;
    for (let nextMs = 0; !isSo();) {
      if (performance.now() > endMs) return false;
      if (performance.now() >= nextMs) {
        this.scene.agent.hangUp();
        nextMs = performance.now() + HURRY_MS;
      }
      await pause(POLL_MS);
    }
    return true;
  }

  async #goTo(block: number): Promise<void> {
    const { chain } = this.scene;
    while (chain.head.number < block) {
      await pause(0);
      chain.advance();
    }
  }
}

/** The target of the proxy that delivers its share of this hashrate, as the agent writes it. */
function target(wonTh: number): string {
  return `${wonTh * SHARE}TH/s`;
}

/** What the proxy's file has; while it is being written in place, it may be no TOML. */
async function targetInFile(path: string): Promise<string> {
  let data: { pools: { main: { name: string; target_hashrate?: string }[] } };
  try {
    data = parseToml(await Deno.readTextFile(path), { source: path }) as typeof data;
  } catch (error) {
    if (error instanceof TomlError) return error.message;
    throw error;
  }
  return data.pools.main.find(({ name }) => name === "central-proxy")?.target_hashrate ?? "none";
}

/** The text of a pools file but for the value that the agent sets. */
function withoutTarget(text: string): string {
  return text.replace(/^target_hashrate = "[^"]*"/m, "target_hashrate");
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
