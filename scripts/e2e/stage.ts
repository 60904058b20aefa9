/**
 * The setting of every part of the end-to-end run: a chain with a market, a rig, and the one-file program as its daemon.
 *
 * @module
 */

import type { ValidationWindow } from "../../src/auction/protocol/windows.ts";
import { type SimulatedChain, type Simulator, startSimulator } from "../../src/simulator/mod.ts";
import { say } from "../command_line.ts";
import type { Random } from "../random.ts";
import { NETUID, START_BLOCK, windowOf } from "../scene/market.ts";
import { type Rig, setUpRig } from "../scene/rig.ts";
import { budgetMillionths, mostWon, type Offer, type PublishedPrices } from "./expected_auction.ts";
import { bidText, drawOffers, openMarket, OWN_PRICES, publish, renewMarket, SPLIT } from "./market.ts";
import { agentEnvironment, type LineProcess, type Look, startProcess, waitFor } from "./processes.ts";

/** How long each wait for the agent may take. */
export const PATIENCE_MS = 60_000;
/** How long the agent may take to stop. */
const STOP_MS = 5_000;

/** Options of {@linkcode Stage.open}. */
export interface StageOptions {
  /** Path of the one-file program. */
  readonly program: string;
  /** Time between blocks; 0: none. */
  readonly slotMs: number;
  readonly random: Random;
}

/** The next window, and its outcome as computed independently before its first block. Hashrates in millionths of a PH. */
export interface Draw {
  readonly window: ValidationWindow;
  readonly own: readonly Offer[];
  readonly budget: number;
  readonly won: number;
  readonly offered: number;
}

/** One chain and one agent. */
export class Stage implements AsyncDisposable {
  #agent: LineProcess | null = null;

  private constructor(
    private readonly simulator: Simulator,
    readonly rig: Rig,
    private readonly offers: readonly Offer[],
    private readonly options: StageOptions,
  ) {}

  /** Opens the market and makes the rig's folder. Does not start the agent. */
  static async open(options: StageOptions): Promise<Stage> {
    const first = windowOf(START_BLOCK);
    const simulator = await startSimulator({ startBlock: first.firstBlock + 5, timestamps: "clock" });
    const { chain } = simulator;
    const offers = openMarket(chain, first.firstBlock - 20, options.random);
    publish(chain, drawPrices(options.random), first.firstBlock - 3);
    const rig = await setUpRig({ chainUrl: simulator.url });
    chain.registerNeuron(NETUID, { hotkey: rig.hotkey });
    return new Stage(simulator, rig, offers, options);
  }

  get agent(): LineProcess {
    if (this.#agent === null) throw new Error("Cannot use the agent: it has not been started");
    return this.#agent;
  }

  /** Starts the agent and waits for its first auction. */
  async startAgent(): Promise<void> {
    await routeAllThatIsPossible(this.rig.configPath);
    this.#agent = startProcess(this.options.program, [this.rig.configPath], agentEnvironment(this.rig));
    await this.waitForAuction(windowOf(this.#chain.head.number), "the agent's first auction");
  }

  /** Publishes a new bid and, in the last block of this window, a new budget. The next window has not begun then. */
  async drawWindow(): Promise<Draw> {
    const { random } = this.options;
    const own = drawOffers(this.rig.hotkey, random, OWN_PRICES);
    await this.#bid(own);
    const { lastBlock } = windowOf(this.#chain.head.number);
    await this.#goTo(lastBlock);
    const prices = drawPrices(random);
    publish(this.#chain, prices, lastBlock);
    renewMarket(this.#chain, this.offers, lastBlock);
    const budget = budgetMillionths(prices, SPLIT);
    return {
      window: windowOf(lastBlock + 1),
      own,
      budget,
      won: mostWon([...this.offers, ...own], budget, this.rig.hotkey),
      offered: own.reduce((sum, { sizePh, count }) => sum + Math.round(sizePh * 1e6) * count, 0),
    };
  }

  /** Builds the window's first block and waits until the agent has computed the auction. */
  async beginWindow({ window }: Draw): Promise<void> {
    await this.#goTo(window.firstBlock);
    await this.waitForAuction(window, `the auction of window ${window.firstBlock}`);
  }

  /** Waits for the agent's log line about a window. */
  async waitForAuction({ firstBlock }: ValidationWindow, what: string): Promise<void> {
    await waitFor(
      what,
      () =>
        this.agent.lines.find(({ event, first_block }) =>
          event === "Auction results computed" && first_block === firstBlock
        ),
      PATIENCE_MS,
    );
  }

  /**
   * Waits, and has the agent run both jobs every two seconds meanwhile. Otherwise the next run could be minutes away; a
   * single SIGHUP has no effect on a job that is already running.
   */
  async hurry<T>(what: string, look: Look<T>, timeoutMs = PATIENCE_MS): Promise<T> {
    this.agent.kill("SIGHUP");
    const hurrying = setInterval(() => this.agent.kill("SIGHUP"), 2000);
    return await waitFor(what, look, timeoutMs).finally(() => clearInterval(hurrying));
  }

  /** Stops the agent, which must exit with 0 in time. Returns the milliseconds it took. */
  async stopAgent(): Promise<number> {
    const startMs = performance.now();
    this.agent.kill("SIGTERM");
    const { code } = await this.agent.status;
    const tookMs = performance.now() - startMs;
    if (code !== 0) throw new Error(`the agent ended with ${code}`);
    if (tookMs > STOP_MS) throw new Error(`the agent took ${tookMs.toFixed(0)} ms to stop`);
    return tookMs;
  }

  /** Ends the agent and the chain, and removes the folder. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#agent?.[Symbol.asyncDispose]();
    await this.simulator.close();
    await Deno.remove(this.rig.folder, { recursive: true });
  }

  get #chain(): SimulatedChain {
    return this.simulator.chain;
  }

  async #bid(own: readonly Offer[]): Promise<void> {
    const text = bidText(own);
    await rewriteWorkers(this.rig.configPath, own);
    await this.hurry(`the bid ${text} on the chain`, () => this.#hasCommitted(text));
  }

  #hasCommitted(text: string): boolean {
    return hasCommitted(this.#chain, this.rig.hotkey, text);
  }

  async #goTo(block: number): Promise<void> {
    while (this.#chain.head.number < block) {
      await new Promise((resolve) => setTimeout(resolve, this.options.slotMs));
      this.#chain.advance();
    }
  }
}

/** One line about a draw, for people. */
export function describeDraw({ window, own, budget, won, offered }: Draw): string {
  return [
    `window ${window.index} from block ${window.firstBlock}`,
    `budget ${(budget / 1e6).toFixed(3)} PH`,
    `bid ${bidText(own).slice(4).padEnd(28)}`,
    `won ${(won / 1e6).toFixed(2)} of ${(offered / 1e6).toFixed(2)} PH`,
  ].join("   ");
}

/** Runs `act`. When it fails, prints the agent's last log lines. */
export async function explainFailure<T>({ agent }: Stage, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    for (const line of agent.lines.slice(-20)) say(JSON.stringify(line));
    throw error;
  }
}

/** Whether a hotkey's bid on the chain is this text. */
export function hasCommitted(chain: SimulatedChain, hotkey: string, text: string): boolean {
  const key = chain.storageKey("Commitments", "CommitmentOf", NETUID, hotkey);
  return (chain.storageAt(chain.head, key) ?? "").includes(new TextEncoder().encode(text).toHex());
}

/** Draws prices whose budget cap varies. */
export function drawPrices(random: Random): PublishedPrices {
  return { taoUsdc: 350, alphaTao: 0.012, hashpUsdc: 50, cap: Math.round(15 + random.next() * 30) / 100 };
}

/** The independent computation finds the most that can be won. */
async function routeAllThatIsPossible(configPath: string): Promise<void> {
  const text = await Deno.readTextFile(configPath);
  const policy = '[routing]\non_ambiguous = "deliver-possible"\n';
  await Deno.writeTextFile(
    configPath,
    text.includes("[routing]\n") ? text.replace("[routing]\n", () => policy) : `${text}${policy}`,
  );
}

/** Writes other worker sizes into the configuration. */
export async function rewriteWorkers(configPath: string, own: readonly Offer[]): Promise<void> {
  const sizes = own.map(({ sizePh, count }) => `"${sizePh}" = ${count}`).join(", ");
  const text = await Deno.readTextFile(configPath);
  const edited = text.replace(/^price_multiplier = .*$/m, `price_multiplier = "${own[0]!.price}"`)
    .replace(/^worker_sizes = .*$/m, `worker_sizes = { ${sizes} }`);
  await Deno.writeTextFile(configPath, edited);
}
