/**
 * Runs the agent with ASICs that it switches itself, a hook and a webhook. In each window the machines at the subnet
 * must cover the won hashrate with the least possible surplus, which is found by trying every choice. That must also
 * hold when the power is cut, when a machine dies and comes back, and when a machine lies.
 *
 * @module
 */

import { planFleet } from "../../src/delivery/asics/plan.ts";
import { say, sayTitle } from "../command_line.ts";
import { type HookCall, HookFile, WebhookReceiver } from "../scene/listeners.ts";
import { leastCoverTh, type Machine, Machines, POOLS, sumTh } from "../scene/machines.ts";
import { replaceRouting } from "../scene/rig.ts";
import { waitFor } from "./processes.ts";
import { describeDraw, type Draw, explainFailure, PATIENCE_MS, Stage, type StageOptions } from "./stage.ts";

/** More than can be won, even without two of them. No size divides another. */
const HASHRATES_TH = [104, 112, 118, 151, 167, 198, 205, 234, 251, 270, 318, 335, 404, 447, 531];
/** How long a machine takes to switch: well below the ten seconds in which the agent surveys the machines. */
const SWITCH_MS = 300;
/** An alert ends when its cause has been gone for this long. */
const QUIET_MS = 60_000;

/** Something that happens to the machines. Returns whether it was possible in this window. */
type Mishap = (draw: Draw) => Promise<boolean>;

/** The agent with its machines, its hook and its webhook. */
export class AsicPart implements AsyncDisposable {
  /** Mishaps that are still to happen: during a window, or before it begins. */
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

  static async open(options: StageOptions): Promise<AsicPart> {
    sayTitle(`${HASHRATES_TH.length} ASICs`);
    const stage = await Stage.open(options);
    const machines = new Machines(HASHRATES_TH, { switchMs: SWITCH_MS });
    machines.mineFor(stage.rig.hotkey);
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

  /** Plays at least this many windows, and more until every mishap has happened. Returns how many. */
  async play(windows: number): Promise<number> {
    let count = 0;
    while (count < windows || this.#during.length + this.#before.length > 0) {
      if (count === windows + 6) throw new Error("not every mishap was possible; choose another seed");
      await explainFailure(this.stage, () => this.#playWindow());
      count++;
    }
    return count;
  }

  /** Waits for the end of the alerts, then stops the agent while a machine hangs. */
  async finish(): Promise<void> {
    sayTitle("ASICs: end of the alert, and the stop");
    await explainFailure(this.stage, async () => {
      const endOf = "the end of the alert";
      const over = await this.stage.hurry(endOf, () => this.#alerts("over")[0], PATIENCE_MS + QUIET_MS);
      const lastedMs = Date.parse(over.ended_at) - Date.parse(over.began_at);
      say(`webhook: "${over.title}" lasted ${lastedMs} ms; its end was posted a minute later`);
      const states = this.#alerts().map(({ state }) => state);
      if (states.join() !== "begun,over") throw new Error(`the webhook received the states ${states}`);

      const [hanging] = this.machines.all;
      const asked = hanging!.server.acceptedCount;
      hanging!.server.miner.fault = { kind: "mute" };
      await this.stage.hurry(
        "a request to the machine that hangs",
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
    // Only once the other mishaps are over: each is checked by itself.
    const isPlotted = this.#during.length === 0 && plot !== undefined && await plot(draw);
    if (isPlotted) this.#before.shift();

    const announcedMs = performance.now();
    await this.stage.beginWindow(draw);
    const call = await this.#hookCall(draw);
    const { won_hashrate_ph, status, routing } = call.document;
    if (Math.round(won_hashrate_ph * 1e6) !== draw.won || status !== "done" || routing.mode !== "asic") {
      throw new Error(`window ${draw.window.firstBlock}: the hook received ${JSON.stringify(call.document)}`);
    }
    const delayMs = performance.now() - announcedMs;
    say(`${describeDraw(draw)}   ${this.#summary()} after ${delayMs.toFixed(0)} ms`);
    this.#expect(draw, leastCoverTh(machines.sound, needTh));
    this.#rehabilitate();

    const [mishap] = this.#during;
    if (mishap !== undefined && await mishap(draw)) this.#during.shift();
  }

  /** Cuts the power of all machines but one until the webhook has received the alert. */
  async #cutPower(draw: Draw): Promise<boolean> {
    const { machines } = this;
    const needTh = draw.won / 1000;
    const [left, ...others] = machines.all;
    if (needTh <= left!.hashrateTh) return false;
    const startMs = performance.now();
    await machines.unplug(...others);
    const begun = await this.stage.hurry("the alert", () => this.#alerts("begun")[0]);
    if (begun.subject !== "asic" || begun.window.first_block !== draw.window.firstBlock) {
      throw new Error(`the webhook received ${JSON.stringify(begun)}`);
    }
    const alertMs = performance.now() - startMs;
    machines.plug(...others);
    // Within a window machines may leave, but none comes while those present suffice.
    const expectedTh = leastCoverTh(machines.atSubnet, needTh);
    await this.stage.hurry("the machines after the cut", () => this.#isDone(expectedTh));
    this.#note(
      `power cut: the webhook received "${begun.title}" after ${
        alertMs.toFixed(0)
      } ms; then ${this.#summary()}`,
    );
    this.#expect(draw, expectedTh);
    return true;
  }

  /** Unplugs a machine in the middle of the window. It is still unplugged when the next one begins. */
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
    await this.stage.hurry(`replacements for ${dead.name}`, () => this.#isDone(expectedTh));
    const tookMs = performance.now() - startMs;
    const others = machines.atSubnet.filter((machine) => !present.includes(machine));
    const names = others.map(({ name }) => name).join(" and ");
    this.#note(`${dead.name} died: ${names} replaced it after ${tookMs.toFixed(0)} ms; ${this.#summary()}`);
    this.#expect(draw, expectedTh);
    if (!present.every((machine) => machines.atSubnet.includes(machine))) {
      throw new Error("a machine left although it was still needed");
    }
    return true;
  }

  /** Picks a machine that the next window will send to the subnet: it will confirm the switch, and stay. */
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

  /** Makes the machine that was dead or lied work again, once the window has been checked. */
  #rehabilitate(): void {
    if (this.#dead !== null) {
      this.machines.plug(this.#dead);
      this.#note(`without ${this.#dead.name}, which is plugged in again now`);
      this.#dead = null;
    }
    if (this.#liar !== null) {
      const { miner } = this.#liar.server;
      if (!miner.commands.includes(`switchpool ${POOLS.subnet}`)) {
        throw new Error(`${this.#liar.name} was not told to switch`);
      }
      miner.fault = null;
      this.#note(`without ${this.#liar.name}, which confirmed the switch and did not switch`);
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
      `window ${window.firstBlock}: ${foundTh} TH/s mine for the subnet; ` +
        `the least that covers the won ${won / 1000} is ${expectedTh}`,
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

  async #hookCall({ window }: Draw): Promise<HookCall> {
    return await waitFor(
      `the call of on_result for window ${window.firstBlock}`,
      async () =>
        (await this.hook.calls()).find(({ document }) => document.window.first_block === window.firstBlock),
      PATIENCE_MS,
    );
  }
}
