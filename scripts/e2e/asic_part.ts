/**
 * The agent with ASICs that it switches itself, a hook and a webhook: in each window the machines at the subnet must
 * cover what was won with the least surplus there is, by trying every choice; also when the power is cut, when one dies
 * and comes back, and when one lies.
 *
 * @module
 */

import { planFleet } from "../../src/delivery/asics/plan.ts";
import { HookFile, WebhookReceiver } from "../scene/listeners.ts";
import { leastCoverTh, type Machine, Machines, POOLS, sumTh } from "../scene/machines.ts";
import { replaceRouting } from "../scene/rig.ts";
import { waitFor } from "./processes.ts";
import {
  describeDraw,
  type Draw,
  explainFailure,
  PATIENCE_MS,
  say,
  sayTitle,
  Stage,
  type StageOptions,
} from "./stage.ts";

/** More than can be won, also without two of them; of sizes that do not go into each other. */
const HASHRATES_TH = [104, 112, 118, 151, 167, 198, 205, 234, 251, 270, 318, 335, 404, 447, 531];
/** A fleet is asked for its first look, five in all, over ten seconds: who is late is late by less. */
const SWITCH_MS = 300;
/** An alert is over when it was gone for a minute. */
const QUIET_MS = 60_000;

/** What happens to the machines, each once. Says whether it could happen in this window. */
type Mishap = (draw: Draw) => Promise<boolean>;

/** The agent, its machines and those who listen. */
export class AsicPart implements AsyncDisposable {
  /** What is still to happen: while a window lasts, or before it begins. */
  readonly #during: Mishap[] = [(draw) => this.#cutPower(draw), (draw) => this.#killOne(draw)];
  readonly #before: Mishap[] = [(draw) => this.#haveOneLie(draw)];
  #dead: Machine | null = null;
  #liar: Machine | null = null;

  private constructor(
    private readonly stage: Stage,
    private readonly machines: Machines,
    private readonly hook: HookFile,
    private readonly webhook: WebhookReceiver,
  ) {}

  /** Starts all of it. */
  static async open(options: StageOptions): Promise<AsicPart> {
    sayTitle(`${HASHRATES_TH.length} ASICs`);
    const stage = await Stage.open(options);
    const machines = new Machines(HASHRATES_TH, { switchMs: SWITCH_MS });
    const webhook = new WebhookReceiver();
    const hook = await HookFile.make(stage.rig.folder);
    const part = new AsicPart(stage, machines, hook, webhook);
    const hooks = `[hooks]\non_result = ${hook.words}\nwebhook = "${webhook.url}"\n`;
    await replaceRouting(stage.rig, `${machines.configText}\n${hooks}`);
    try {
      await stage.startAgent();
    } catch (error) {
      await part[Symbol.asyncDispose]();
      throw error;
    }
    return part;
  }

  /** Plays at least so many windows, and as many as it takes for all mishaps. Returns how many. */
  async play(windows: number): Promise<number> {
    let count = 0;
    while (count < windows || this.#during.length + this.#before.length > 0) {
      if (count === windows + 6) throw new Error("not all mishaps could happen; choose another seed");
      await explainFailure(this.stage, () => this.#playWindow());
      count++;
    }
    return count;
  }

  /** Waits until the alerts are over, and stops the agent while a machine hangs. */
  async finish(): Promise<void> {
    sayTitle("ASICs, the end");
    await explainFailure(this.stage, async () => {
      const endOf = "the end of the alert";
      const over = await this.#hurried(endOf, () => this.#alerts("over")[0], PATIENCE_MS + QUIET_MS);
      const lastedMs = Date.parse(over.ended_at) - Date.parse(over.began_at);
      say(`webhook: "${over.title}" began and was over after ${lastedMs} ms, as it was told a minute later`);
      const states = this.#alerts().map(({ state }) => state);
      if (states.join() !== "begun,over") throw new Error(`the webhook was told ${states}`);

      const [hanging] = this.machines.all;
      const asked = hanging!.server.acceptedCount;
      hanging!.server.miner.fault = { kind: "mute" };
      await this.#hurried(
        "a question to the machine that hangs",
        () => hanging!.server.acceptedCount > asked,
      );
      const tookMs = await this.stage.stopAgent();
      say(`stopped in ${tookMs.toFixed(0)} ms while ${hanging!.name} hung`);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stage[Symbol.asyncDispose]();
    await this.machines[Symbol.asyncDispose]();
    await this.webhook[Symbol.asyncDispose]();
  }

  async #playWindow(): Promise<void> {
    const { machines } = this;
    const draw = await this.stage.drawWindow();
    const needTh = draw.won / 1000;
    const [plot] = this.#before;
    // Before all others have their turn, so that they do not last longer than they must.
    const isPlotted = this.#during.length === 0 && plot !== undefined && await plot(draw);
    if (isPlotted) this.#before.shift();

    const announcedMs = performance.now();
    await this.stage.beginWindow(draw);
    const call = await this.#hookCall(draw);
    const { won_hashrate_ph, status, routing } = call.document;
    if (Math.round(won_hashrate_ph * 1e6) !== draw.won || status !== "done" || routing.mode !== "asic") {
      throw new Error(`window ${draw.window.firstBlock}: the hook was told ${JSON.stringify(call.document)}`);
    }
    const delayMs = performance.now() - announcedMs;
    say(`${describeDraw(draw)}   ${this.#summary()} after ${delayMs.toFixed(0)} ms`);
    this.#expect(draw, leastCoverTh(machines.sound, needTh));
    this.#rehabilitate();

    const [mishap] = this.#during;
    if (mishap !== undefined && await mishap(draw)) this.#during.shift();
  }

  /** All power but one machine's is gone for a moment: the webhook has to hear of it. */
  async #cutPower(draw: Draw): Promise<boolean> {
    const { machines } = this;
    const needTh = draw.won / 1000;
    const [left, ...others] = machines.all;
    if (needTh <= left!.hashrateTh) return false;
    const startMs = performance.now();
    await machines.unplug(...others);
    const begun = await this.#hurried("the alert", () => this.#alerts("begun")[0]);
    if (begun.subject !== "asic" || begun.window.first_block !== draw.window.firstBlock) {
      throw new Error(`the webhook was told ${JSON.stringify(begun)}`);
    }
    const alertMs = performance.now() - startMs;
    machines.plug(...others);
    // Within a window machines leave, but none comes where those present suffice.
    const expectedTh = leastCoverTh(machines.atSubnet, needTh);
    await this.#hurried("the machines after the cut", () => this.#isDone(expectedTh));
    this.#note(
      `power cut: "${begun.title}" at the webhook after ${alertMs.toFixed(0)} ms; then ${this.#summary()}`,
    );
    this.#expect(draw, expectedTh);
    return true;
  }

  /** One dies in the middle of the window, and is dead in the next one, too. */
  async #killOne(draw: Draw): Promise<boolean> {
    const { machines } = this;
    const needTh = draw.won / 1000;
    const dead = machines.atSubnet.at(-1);
    if (dead === undefined) return false;
    await machines.unplug(dead);
    this.#dead = dead;
    const present = machines.atSubnet;
    const absent = machines.sound.filter((machine) => !present.includes(machine));
    const expectedTh = sumTh(present) + leastCoverTh(absent, needTh - sumTh(present));
    const startMs = performance.now();
    await this.#hurried(`others for ${dead.name}`, () => this.#isDone(expectedTh));
    const others = machines.atSubnet.filter((machine) => !present.includes(machine));
    const instead = others.map(({ name }) => name).join(" and ");
    this.#note(
      `${dead.name} died: ${instead} instead after ${
        (performance.now() - startMs).toFixed(0)
      } ms; ${this.#summary()}`,
    );
    this.#expect(draw, expectedTh);
    if (!present.every((machine) => machines.atSubnet.includes(machine))) {
      throw new Error("machines left that were not to leave");
    }
    return true;
  }

  /** One that will be sent to the subnet in the next window will say that it goes, and stay. */
  #haveOneLie(draw: Draw): Promise<boolean> {
    const { machines } = this;
    const { chosen } = planFleet(
      machines.all.map((machine) => ({
        hashrateFp18: BigInt(machine.hashrateTh) * 10n ** 15n,
        state: machines.isPlugged(machine) ? "available" : "unavailable",
        atSubnet: machines.atSubnet.includes(machine),
      })),
      { needFp18: BigInt(draw.won) * 10n ** 12n },
    );
    const liar = machines.all.find((machine, i) => chosen[i]! && !machines.atSubnet.includes(machine));
    if (liar === undefined) return Promise.resolve(false);
    liar.server.miner.fault = { kind: "liar" };
    liar.server.miner.commands.length = 0;
    this.#liar = liar;
    return Promise.resolve(true);
  }

  /** The window is judged: who was dead or lied is well again for the next one. */
  #rehabilitate(): void {
    if (this.#dead !== null) {
      this.machines.plug(this.#dead);
      this.#note(`without ${this.#dead.name}, which comes back now`);
      this.#dead = null;
    }
    if (this.#liar !== null) {
      const { miner } = this.#liar.server;
      if (!miner.commands.includes(`switchpool ${POOLS.subnet}`)) {
        throw new Error(`${this.#liar.name} was not asked to switch`);
      }
      miner.fault = null;
      this.#note(`without ${this.#liar.name}, which said that it switched and did not`);
      this.#liar = null;
    }
  }

  #isDone(expectedTh: number): boolean {
    return sumTh(this.machines.atSubnet) === expectedTh;
  }

  #expect({ window, won }: Draw, expectedTh: number): void {
    const foundTh = sumTh(this.machines.atSubnet);
    if (foundTh === expectedTh) return;
    throw new Error(
      `window ${window.firstBlock}: ${foundTh} TH/s mine for the subnet; of ${
        won / 1000
      } won, ${expectedTh} is the least`,
    );
  }

  #summary(): string {
    const { atSubnet, all } = this.machines;
    return `${atSubnet.length} of ${all.length} ASICs, ${sumTh(atSubnet) / 1000} PH/s`;
  }

  #note(text: string): void {
    say(`  ${text}`);
  }

  // deno-lint-ignore no-explicit-any -- documents are read by name
  #alerts(state?: "begun" | "over"): any[] {
    return this.webhook.received.filter((alert) =>
      alert.kind === "routing-failed" && (state === undefined || alert.state === state)
    );
  }

  async #hookCall({ window }: Draw): Promise<Awaited<ReturnType<HookFile["calls"]>>[number]> {
    const endMs = performance.now() + PATIENCE_MS;
    while (performance.now() < endMs) {
      const calls = await this.hook.calls();
      const call = calls.find(({ document }) => document.window.first_block === window.firstBlock);
      if (call !== undefined) return call;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    throw new Error(`no call of on_result for window ${window.firstBlock}`);
  }

  /** Waits, while the agent runs both jobs again and again, as it does each minute. */
  async #hurried<T>(
    what: string,
    look: () => T | null | undefined | false,
    timeoutMs = PATIENCE_MS,
  ): Promise<T> {
    this.stage.agent.kill("SIGHUP");
    const hurry = setInterval(() => this.stage.agent.kill("SIGHUP"), 2000);
    return await waitFor(what, look, timeoutMs).finally(() => clearInterval(hurry));
  }
}
