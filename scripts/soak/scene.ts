/**
 * What stands around the agent of a soak: a chain with a market behind two lines, a proxy with a sidecar, ASICs, the
 * operator's hook and a slow solver.
 *
 * @module
 */

import { join } from "node:path";
import { connectChain } from "../../src/chain/connection.ts";
import type { ChainConnection } from "../../src/chain/types.ts";
import { type SimulatedChain, type Simulator, startSimulator } from "../../src/simulator/mod.ts";
import type { Offer } from "../e2e/expected_auction.ts";
import { openMarket, publish } from "../e2e/market.ts";
import type { LineProcess } from "../e2e/processes.ts";
import { drawPrices } from "../e2e/stage.ts";
import { startStandIn } from "../e2e/stand_in.ts";
import type { Random } from "../random.ts";
import { Machines } from "../scene/machines.ts";
import { NETUID, START_BLOCK, windowOf } from "../scene/market.ts";
import { replaceRouting, type Rig, setUpRig } from "../scene/rig.ts";
import { SoakAgent } from "./agent.ts";
import { Lines } from "./line.ts";
import type { HookMood } from "./plan.ts";

/** The proxy and the ASICs deliver one half each. */
export const SHARE = 0.5;
/** In sum more than half of what can be bid. */
const HASHRATES_TH = [104, 118, 151, 198, 234, 270, 335, 447, 531];

/** Options of {@linkcode SoakScene.open}. */
export interface SoakOptions {
  /** Path of the one-file program; `null`: from source. */
  readonly program: string | null;
  /** Path of the validators' solver; `null`: the built-in engine decides. */
  readonly cbc: string | null;
  readonly random: Random;
}

/** Everything of a soak but the plan. The agent is not started. */
export class SoakScene implements AsyncDisposable {
  private constructor(
    private readonly simulator: Simulator,
    readonly rig: Rig,
    readonly lines: Lines,
    readonly machines: Machines,
    readonly agent: SoakAgent,
    readonly proxy: LineProcess,
    /** A connection of its own, for the independent computation. */
    readonly ownConnection: ChainConnection,
    /** The competitors' offers. */
    readonly offers: readonly Offer[],
    readonly options: SoakOptions,
  ) {}

  static async open(options: SoakOptions): Promise<SoakScene> {
    const { firstBlock } = windowOf(START_BLOCK);
    const simulator = await startSimulator({ startBlock: firstBlock + 5, timestamps: "clock" });
    const { chain, url } = simulator;
    const offers = openMarket(chain, firstBlock - 20, options.random);
    publish(chain, drawPrices(options.random), firstBlock - 3);
    const rig = await setUpRig({ chainUrl: url });
    chain.registerNeuron(NETUID, { hotkey: rig.hotkey });
    const machines = new Machines(HASHRATES_TH);
    machines.mineFor(rig.hotkey);
    const lines = new Lines(url);
    await configure(rig, lines, machines, options.cbc);
    const { poolsPath: path, sentinelPath } = rig;
    const proxy = await startStandIn({ mode: "ihp", path, sentinelPath });
    const ownConnection = await connectChain({ endpoints: [url], nowMs: Date.now });
    const agent = new SoakAgent(rig, options.program);
    return new SoakScene(simulator, rig, lines, machines, agent, proxy, ownConnection, offers, options);
  }

  get chain(): SimulatedChain {
    return this.simulator.chain;
  }

  /** Sets how the operator's hook behaves from now on. */
  async setHook(mood: HookMood): Promise<void> {
    await Deno.writeTextFile(join(this.rig.folder, "hook-mood"), mood);
  }

  /** Sets how long cbc waits before it begins. */
  async setCbcDelay(seconds: number): Promise<void> {
    await Deno.writeTextFile(join(this.rig.folder, "cbc-delay"), String(seconds));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.agent[Symbol.asyncDispose]();
    await this.proxy[Symbol.asyncDispose]();
    await this.ownConnection[Symbol.asyncDispose]();
    await this.lines[Symbol.asyncDispose]();
    await this.machines[Symbol.asyncDispose]();
    await this.simulator.close();
    await Deno.remove(this.rig.folder, { recursive: true });
  }
}

async function configure(rig: Rig, lines: Lines, machines: Machines, cbc: string | null): Promise<void> {
  const { folder, configPath, poolsPath } = rig;
  const hook = join(folder, "hook.sh");
  await writeScript(
    hook,
    `case "$(cat "$1")" in\n  fails) exit 1 ;;\n  hangs) exec sleep 600 ;;\nesac\n`,
  );
  await Deno.writeTextFile(join(folder, "hook-mood"), "well");
  const slowCbc = join(folder, "slow-cbc");
  const delay = JSON.stringify(join(folder, "cbc-delay"));
  await writeScript(slowCbc, `sleep "$(cat ${delay})"\nexec ${JSON.stringify(cbc)} "$@"\n`);
  await Deno.writeTextFile(join(folder, "cbc-delay"), "0");
  const sections = [
    // The independent computation finds the most that can be won.
    '[routing]\non_ambiguous = "deliver-possible"\n',
    `[[routing.targets]]\nmode = "ihp"\npools_path = ${JSON.stringify(poolsPath)}\nshare = ${SHARE}\n`,
    machines.configText.replace("[asic]\n", `[asic]\nshare = ${SHARE}\n`),
    `[hooks]\non_result = ${JSON.stringify([hook, join(folder, "hook-mood")])}\ntimeout = "1s"\n`,
    cbc === null ? '[solver]\nengine = "glpk"\n' : `[solver]\ncbc = ${JSON.stringify(slowCbc)}\n`,
  ];
  await replaceRouting(rig, sections.join("\n"));
  const text = await Deno.readTextFile(configPath);
  const network = `network = ${JSON.stringify(lines.urls)}`;
  await Deno.writeTextFile(configPath, text.replace(/^network = .*$/m, () => network));
}

async function writeScript(path: string, body: string): Promise<void> {
  await Deno.writeTextFile(path, `#!/bin/sh\n${body}`, { mode: 0o700 });
}
