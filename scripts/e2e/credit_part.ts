/**
 * Runs the agent in the middle of a window beside a proxy whose workers API says what was delivered. The page, the terminal,
 * `/api/status` and `/metrics` must say what is credited, unpaid and given away, and whose hashrate it is.
 *
 * @module
 */

import { BLOCK_TIME_SECONDS, SUBNET_ACCOUNT } from "../../src/auction/protocol/constants.ts";
import { startSimulator } from "../../src/simulator/mod.ts";
import { say, sayTitle } from "../command_line.ts";
import { WebhookReceiver } from "../scene/listeners.ts";
import { NETUID, publishPrices, setUpMarket, START_BLOCK, windowOf } from "../scene/market.ts";
import { type Rig, setUpRig } from "../scene/rig.ts";
import { WorkersApi } from "../scene/workers_api.ts";
import { freePort } from "../scene/free_port.ts";
import { agentEnvironment, startProcess, waitFor } from "./processes.ts";

/** A window is judged after three minutes. */
const BLOCKS_DONE = 21;
/** The agent asks every 20 s. */
const PATIENCE_MS = 50_000;

/** What the owner offers; all of it wins. */
interface Offer {
  readonly text: string;
  /** `[workers]` of the configuration. */
  readonly workers: string;
}

const ONE_PRICE: Offer = {
  text: "2;b;BTC,0.9=0.45:2",
  workers: 'price_multiplier = "0.9"\nworker_sizes = { "0.45" = 2 }\n',
};
const TWO_PRICES: Offer = {
  text: "2;b;BTC,0.9=0.45:1;BTC,0.92=0.45:1",
  workers: 'price_multiplier = "0.9"\nworker_sizes = { "0.45" = 1 }\n\n' +
    '[[workers.tiers]]\nprice_multiplier = "0.92"\nworker_sizes = { "0.45" = 1 }\n',
};

/** Plays shortfall, surplus, a wrong worker id, and two prices under one worker id. */
export async function playCredit(program: string): Promise<void> {
  sayTitle("what is credited");
  await play(program, ONE_PRICE, async (scene) => {
    await scene.expect("a shortfall of 15 %", 0.765, {
      notice:
        /^0\.765 PH\/s of 0\.9 PH\/s won are credited \(85 %\), .*: 0\.135 PH\/s are not paid, about 0\.0\d+ USDC/,
      metric: ["ih_miner_delivery_unpaid_hashrate_ph", 0.135],
    });
    await scene.expect("a surplus of 10 %", 0.99, {
      notice:
        /^0\.99 PH\/s are delivered where 0\.9 PH\/s were won \(110 %\), .*: 0\.09 PH\/s are given away, about/,
      metric: ["ih_miner_delivery_surplus_hashrate_ph", 0.09],
    });
    await scene.expectForeign();
  });
  await play(program, TWO_PRICES, async (scene) => {
    await scene.expect("two prices under one worker id", 0.9, {
      notice:
        /^0\.9 PH\/s won at 2 prices come from 1 worker id: .* at most 0\.45 PH\/s can be credited and 0\.45 PH\/s are/,
      metric: ["ih_miner_credited_at_most_hashrate_ph", 0.45],
    });
    await scene.expect("what it is credited with", 0.9, {
      notice: /^0\.45 PH\/s of 0\.9 PH\/s won are credited \(50 %\)/,
      metric: ["ih_miner_credited_hashrate_ph", 0.45],
    });
  });
}

/** Where a sentence and a figure must be. */
interface Expectation {
  readonly notice: RegExp;
  readonly metric: readonly [name: string, value: number];
}

/** One agent and its proxy. */
class CreditScene {
  constructor(
    private readonly program: string,
    private readonly rig: Rig,
    private readonly api: WorkersApi,
    private readonly webhook: WebhookReceiver,
    private readonly url: string,
  ) {}

  /** Delivers under one worker id since the window began, and waits for the sentence. */
  async expect(
    what: string,
    hashratePh: number,
    { notice, metric: [name, value] }: Expectation,
  ): Promise<void> {
    this.api.deliver(`${SUBNET_ACCOUNT}.${this.rig.hotkey}.worker1`, hashratePh, 0);
    const text = await waitFor(what, async () => {
      const { notices } = await this.#get("/api/status").then((response) => response.json());
      return notices.map(({ text }: { text: string }) => text).find((text: string) => notice.test(text));
    }, PATIENCE_MS);
    say(`${what}: ${text}`);
    const page = (await (await this.#get("/")).text()).replace(/\s+/g, " ");
    if (!page.includes(text)) throw new Error(`the page does not say: ${text}`);
    const terminal = await this.#run(["status", "--url", this.url]);
    if (!terminal.includes(text)) throw new Error(`the terminal does not say: ${text}\n${terminal}`);
    const metrics = await (await this.#get("/metrics")).text();
    const [, sample] = new RegExp(`^${name} (\\S+)$`, "m").exec(metrics) ?? [];
    if (!(Math.abs(Number(sample) - value) < 1e-9)) throw new Error(`${name} is ${sample}, not ${value}`);
  }

  /** Writes another hotkey's worker id into the proxy's file: `check` and the running agent find it. */
  async expectForeign(): Promise<void> {
    const { rig } = this;
    const pools = await Deno.readTextFile(rig.poolsPath);
    await Deno.writeTextFile(rig.poolsPath, pools.replace(rig.hotkey, "5Other"));
    const line = `worker_id = "${SUBNET_ACCOUNT}.${rig.hotkey}.worker1"`;
    const checked = await this.#run(["check", rig.configPath]);
    if (!checked.includes(line)) throw new Error(`check does not give the line ${line}:\n${checked}`);
    const alert = await waitFor(
      "the alert about the worker id",
      () => this.webhook.received.find(({ kind, state }) => kind === "identity-wrong" && state === "begun"),
      70_000,
    );
    if (!alert.text.includes(line)) {
      throw new Error(`the alert does not give the line ${line}: ${alert.text}`);
    }
    const ready = await this.#get("/readyz");
    if (ready.status !== 503 || !(await ready.text()).includes(line)) throw new Error("the agent is ready");
    say(`a wrong worker id: ${alert.text}`);
  }

  #get(path: string): Promise<Response> {
    return fetch(`${this.url}${path}`);
  }

  async #run(args: string[]): Promise<string> {
    const { stdout } = await new Deno.Command(this.program, { args, env: agentEnvironment(this.rig) })
      .output();
    return new TextDecoder().decode(stdout);
  }
}

async function play(
  program: string,
  offer: Offer,
  act: (scene: CreditScene) => Promise<void>,
): Promise<void> {
  const { firstBlock } = windowOf(START_BLOCK);
  const blocks = BLOCKS_DONE + 3;
  await using simulator = await startSimulator({
    startBlock: firstBlock - 3,
    startTimestampMs: Date.now() - blocks * BLOCK_TIME_SECONDS * 1000,
  });
  const { chain } = simulator;
  setUpMarket(chain, firstBlock - 20);
  publishPrices(chain, "0.5", firstBlock - 3);
  const rig = await setUpRig({ chainUrl: simulator.url, workers: offer.workers });
  chain.registerNeuron(NETUID, { hotkey: rig.hotkey });
  chain.setCommitment({ netuid: NETUID, hotkey: rig.hotkey, data: offer.text, block: firstBlock - 20 });
  for (let i = 0; i < blocks; i++) chain.advance();
  const building = setInterval(() => chain.advance(), BLOCK_TIME_SECONDS * 1000);
  try {
    await using api = new WorkersApi();
    await using webhook = new WebhookReceiver();
    const listen = `127.0.0.1:${freePort()}`;
    const sections = `\n[http]\nlisten = "${listen}"\n[hooks]\nwebhook = "${webhook.url}"\n` +
      `[[delivery.sources]]\nworkers_api = "${api.url}"\n`;
    await Deno.writeTextFile(rig.configPath, sections, { append: true });
    await using agent = startProcess(program, [rig.configPath], agentEnvironment(rig));
    await waitFor(
      "the page",
      () => agent.lines.some(({ event }) => event === "Auction results computed"),
      PATIENCE_MS,
    );
    await act(new CreditScene(program, rig, api, webhook, `http://${listen}`));
  } finally {
    clearInterval(building);
    await Deno.remove(rig.folder, { recursive: true });
  }
}
