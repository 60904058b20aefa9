/**
 * Runs two agents on one host as `ih-miner@.service` runs them: each with its configuration, state folder, hotkey, proxy
 * and page. The paths are the unit's, below a folder. Each proxy must load what its own agent won, in one window after the
 * other, also when the other agent has stopped.
 *
 * @module
 */

import { basename, join } from "node:path";
import { WINDOW_BLOCKS } from "../../src/auction/protocol/constants.ts";
import { type SimulatedChain, startSimulator } from "../../src/simulator/mod.ts";
import { say, sayTitle } from "../command_line.ts";
import { freePort } from "../scene/free_port.ts";
import { NETUID, publishPrices, renewBids, setUpMarket, START_BLOCK, windowOf } from "../scene/market.ts";
import { type Rig, setUpRig } from "../scene/rig.ts";
import { type LineProcess, startProcess, waitFor } from "./processes.ts";
import { PATIENCE_MS } from "./stage.ts";
import { startStandIn } from "./stand_in.ts";

const UNIT = new URL("../ih-miner@.service", import.meta.url);

/** What an agent offers; all of it wins. Nobody else has workers of these sizes. */
interface Offer {
  readonly name: string;
  readonly bid: string;
  /** `[workers]` of the configuration. */
  readonly workers: string;
  /** What its proxy must load. */
  readonly target: string;
}

const NORTH: Offer = {
  name: "north",
  bid: "2;b;BTC,0.9=0.41:2",
  workers: 'price_multiplier = "0.9"\nworker_sizes = { "0.41" = 2 }\n',
  target: "820TH/s",
};
const SOUTH: Offer = {
  name: "south",
  bid: "2;b;BTC,0.9=0.37:1",
  workers: 'price_multiplier = "0.9"\nworker_sizes = { "0.37" = 1 }\n',
  target: "370TH/s",
};

/** Plays two windows, the second one after the first agent has stopped. */
export async function playInstances(program: string): Promise<void> {
  sayTitle("two agents on one host");
  const { firstBlock } = windowOf(START_BLOCK);
  await using simulator = await startSimulator({ startBlock: firstBlock - 2, timestamps: "clock" });
  const { chain } = simulator;
  setUpMarket(chain, firstBlock - 20);
  const root = await Deno.makeTempDir({ prefix: "ih-miner-host-" });
  const unit = await Deno.readTextFile(UNIT);
  try {
    await using north = await Instance.start(NORTH, { root, unit, program, chain, chainUrl: simulator.url });
    await using south = await Instance.start(SOUTH, { root, unit, program, chain, chainUrl: simulator.url });
    await beginWindow(chain, firstBlock, [north, south]);
    for (const instance of [north, south]) await instance.requireRouted(firstBlock);
    await requireApart(north, south);

    await north.stop();
    const nextBlock = firstBlock + WINDOW_BLOCKS;
    await beginWindow(chain, nextBlock, [south]);
    await south.requireRouted(nextBlock);
    say("south goes on after the stop of north");
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

/** Goes to the window, with prices and bids that hold in it. */
async function beginWindow(
  chain: SimulatedChain,
  firstBlock: number,
  instances: readonly Instance[],
): Promise<void> {
  chain.setHead(firstBlock - 1);
  renewBids(chain, 0, firstBlock - 1);
  for (const instance of instances) instance.bid(chain);
  publishPrices(chain, "0.5", firstBlock - 1);
  for (const instance of instances) await instance.connected();
  chain.advance();
}

interface Host {
  /** Stands for the host's root folder. */
  readonly root: string;
  /** The text of the template unit. */
  readonly unit: string;
  readonly program: string;
  readonly chain: SimulatedChain;
  readonly chainUrl: string;
}

/** One agent and its proxy. */
class Instance implements AsyncDisposable {
  private constructor(
    private readonly offer: Offer,
    private readonly rig: Rig,
    readonly statePath: string,
    private readonly url: string,
    private readonly proxy: LineProcess,
    private readonly agent: LineProcess,
  ) {}

  static async start(offer: Offer, { root, unit, program, chain, chainUrl }: Host): Promise<Instance> {
    const value = (key: string): string => {
      const [, text] = new RegExp(`^${key}=(.+)$`, "m").exec(unit) ?? [];
      if (text === undefined) throw new Error(`ih-miner@.service has no ${key}`);
      return text.replaceAll("%i", offer.name);
    };
    const rig = await setUpRig({ chainUrl, workers: offer.workers });
    chain.registerNeuron(NETUID, { hotkey: rig.hotkey });
    const configPath = join(root, value("ExecStart").split(" ")[1]!);
    const listen = `127.0.0.1:${freePort()}`;
    const text = (await Deno.readTextFile(rig.configPath)).replace(/^\[state\]\n.*\n/m, "");
    await Deno.mkdir(join(root, "etc", "ih-miner"), { recursive: true });
    await Deno.writeTextFile(configPath, `${text}\n[http]\nlisten = "${listen}"\n`);
    const statePath = join(root, "var", "lib", value("StateDirectory"));
    const home = join(root, value("Environment=HOME"));
    await Deno.mkdir(statePath, { recursive: true, mode: 0o700 });
    const proxy = await startStandIn({ mode: "ihp", path: rig.poolsPath, sentinelPath: rig.sentinelPath });
    const agent = startProcess(program, [configPath], {
      HOME: home,
      STATE_DIRECTORY: statePath,
      CACHE_DIRECTORY: join(root, "var", "cache", value("CacheDirectory")),
    });
    return new Instance(offer, rig, statePath, `http://${listen}`, proxy, agent);
  }

  bid(chain: SimulatedChain): void {
    chain.setCommitment({ netuid: NETUID, hotkey: this.rig.hotkey, data: this.offer.bid });
  }

  /** Waits until the agent follows the chain. */
  async connected(): Promise<void> {
    await waitFor(`${this.offer.name}: the page`, async () => {
      const response = await fetch(`${this.url}/api/status`).catch(() => null);
      const status = await response?.json();
      return status?.identity?.hotkey === this.rig.hotkey;
    }, PATIENCE_MS);
  }

  async requireRouted(firstBlock: number): Promise<void> {
    const { name, target } = this.offer;
    await waitFor(
      `${name}: the auction of the window from block ${firstBlock}`,
      () =>
        this.agent.lines.some((line) =>
          line["event"] === "Auction results computed" && line["first_block"] === firstBlock
        ),
      PATIENCE_MS,
    );
    await waitFor(`${name}: its proxy with ${target}`, () => this.#loaded() === target, PATIENCE_MS);
    say(`${name}: window from block ${firstBlock}, proxy has ${this.#loaded()}`);
  }

  async stop(): Promise<void> {
    this.agent.kill("SIGTERM");
    const { code } = await this.agent.status;
    if (code !== 0) throw new Error(`${this.offer.name} ended with ${code}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.agent[Symbol.asyncDispose]();
    await this.proxy[Symbol.asyncDispose]();
    await Deno.remove(this.rig.folder, { recursive: true });
  }

  #loaded(): unknown {
    return this.proxy.lines.at(-1)!["loaded"];
  }
}

/** Each agent has state of its own, and nothing is beside it. */
async function requireApart(...instances: readonly Instance[]): Promise<void> {
  for (const { statePath } of instances) {
    const beside = await Array.fromAsync(Deno.readDir(join(statePath, "..")), ({ name }) => name);
    const expected = instances.map((each) => basename(each.statePath));
    if (beside.sort().join() !== expected.sort().join()) {
      throw new Error(`beside ${statePath}: ${beside}`);
    }
    const own = await Array.fromAsync(Deno.readDir(statePath), ({ name }) => name);
    if (!own.some((name) => name.endsWith(".lock"))) throw new Error(`${statePath} has ${own}`);
  }
}
