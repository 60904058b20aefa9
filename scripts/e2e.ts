/**
 * `deno task e2e`: the whole stack by hand. A chain, the one-file program as a daemon, a stand-in proxy and a sidecar;
 * for several windows new budgets and new worker sizes; after each the target must be the one that an independent
 * computation of the auction gives, and the proxy must have loaded it.
 *
 * Talks to 127.0.0.1 only, and stops by itself.
 *
 * @module
 */

import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArguments, UsageError } from "../src/lib/args.ts";
import { epochStart, type ValidationWindow, windowAt } from "../src/protocol/windows.ts";
import { type SimulatedChain, startSimulator } from "../src/simulator/mod.ts";
import { NETUID, TEMPO } from "../src/simulator/scene/market.ts";
import { type Rig, setUpRig } from "../src/simulator/scene/rig.ts";
import { budgetMillionths, mostWon, type Offer, type PublishedPrices } from "./e2e/expected_auction.ts";
import {
  bidText,
  drawOffers,
  openMarket,
  OWN_PRICES,
  publish,
  randomBySeed,
  renewMarket,
  SPLIT,
} from "./e2e/market.ts";
import { type LineProcess, startProcess, startSidecar, waitFor } from "./e2e/processes.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
/** Past the blocks at which the auction's rules changed. */
const START_BLOCK = 7_500_000;
const PATIENCE_MS = 60_000;
const MODES = ["ihp", "braiins"] as const;
type Mode = (typeof MODES)[number];

const HELP = `deno task e2e: the whole stack, checked window by window

  --program FILE   the one-file program (default: built for this run)
  --windows N      windows for each of the two proxies (default: 4)
  --seed N         fixes all that is drawn at random (default: drawn, and said)
  --real-time      blocks take 12 s (default: as fast as the agent follows)
`;

const { values } = parseArguments(Deno.args, {
  program: { type: "string" },
  windows: { type: "string", default: "4" },
  seed: { type: "string", default: String(Math.floor(Math.random() * 1e6)) },
  "real-time": { type: "boolean" },
  help: { type: "boolean" },
});
if (values.help === true) {
  say(HELP.trimEnd());
  Deno.exit(0);
}
const windows = wholeNumber("--windows", values.windows);
const seed = wholeNumber("--seed", values.seed);
const slotMs = values["real-time"] === true ? 12_000 : 0;
const program = values.program === undefined
  ? await build()
  : resolve(Deno.env.get("INIT_CWD") ?? "", String(values.program));

say(`seed ${seed}`);
for (const mode of MODES) await runStack(mode, randomBySeed(seed));
say(`\n${windows * MODES.length} windows, all as computed apart, all loaded by the proxy`);
Deno.exit(0);

/** The state of one run. */
interface Stack {
  readonly mode: Mode;
  readonly chain: SimulatedChain;
  readonly rig: Rig;
  readonly offers: readonly Offer[];
  readonly daemon: LineProcess;
  readonly proxy: LineProcess;
  readonly random: () => number;
}

async function runStack(mode: Mode, random: () => number): Promise<void> {
  say(`\n── ${mode} ${"─".repeat(100 - mode.length)}`);
  const first = windowOf(START_BLOCK);
  await using simulator = await startSimulator({ startBlock: first.firstBlock + 5, timestamps: "clock" });
  const { chain } = simulator;
  const offers = openMarket(chain, first.firstBlock - 20, random);
  publish(chain, drawPrices(random), first.firstBlock - 3);
  const rig = await setUpRig({ chainUrl: simulator.url });
  try {
    chain.registerNeuron(NETUID, { hotkey: rig.hotkey });
    const proxyPath = mode === "ihp" ? rig.poolsPath : await useBraiins(rig);
    const sentinelPath = join(rig.folder, "proxy", mode === "ihp" ? ".reload-ihp" : ".reconfigure");
    const script = fileURLToPath(new URL("e2e/stand_in_proxy.ts", import.meta.url));
    await using proxy = startProcess(Deno.execPath(), [
      ...["run", "--quiet", "--frozen", "--config", join(ROOT, "deno.json")],
      ...["--allow-read", "--allow-env", script, mode, proxyPath],
    ], keptEnvironment());
    await waitFor("the proxy's start", () => proxy.lines.length > 0, PATIENCE_MS);
    await using _sidecar = startSidecar(sentinelPath, proxy.pid);
    await using daemon = startProcess(program, [rig.configPath], {
      HOME: rig.folder,
      IH_MINER_CACHE: join(rig.folder, "cache"),
    });
    const stack: Stack = { mode, chain, rig, offers, daemon, proxy, random };
    await waitFor(
      "the agent's first auction",
      () => resultOf(daemon, windowOf(chain.head.number)),
      PATIENCE_MS,
    );
    for (let count = 0; count < windows; count++) {
      await playWindow(stack).catch((error) => {
        for (const line of daemon.lines.slice(-20)) say(JSON.stringify(line));
        throw error;
      });
    }
    daemon.kill("SIGTERM");
    const { code } = await daemon.status;
    if (code !== 0) throw new Error(`the agent ended with ${code}`);
  } finally {
    await Deno.remove(rig.folder, { recursive: true });
  }
}

/** New sizes in this window, a new budget in its last block, and the next window's outcome. */
async function playWindow({ mode, chain, rig, offers, daemon, proxy, random }: Stack): Promise<void> {
  const own = drawOffers(rig.hotkey, random, OWN_PRICES);
  const text = bidText(own);
  await rewriteWorkers(rig.configPath, own);
  // In real time the next commitment run is at most five minutes away; SIGHUP is now, unless one is under way.
  daemon.kill("SIGHUP");
  const hurry = setInterval(() => daemon.kill("SIGHUP"), 2000);
  await waitFor(`the bid ${text} on the chain`, () => hasCommitted(chain, rig.hotkey, text), PATIENCE_MS)
    .finally(() => clearInterval(hurry));

  const { lastBlock } = windowOf(chain.head.number);
  await goTo(chain, lastBlock);
  const prices = drawPrices(random);
  publish(chain, prices, lastBlock);
  renewMarket(chain, offers, lastBlock);
  const budget = budgetMillionths(prices, SPLIT);
  const won = mostWon([...offers, ...own], budget, rig.hotkey);
  const offered = own.reduce((sum, { sizePh, count }) => sum + Math.round(sizePh * 1e6) * count, 0);
  const expected = mode === "ihp" ? `${won / 1000}TH/s` : String(Math.round(2 ** 32 * won / offered));

  const reloadsBefore = proxy.lines.length;
  const loadedBefore = proxy.lines.at(-1)!["loaded"];
  const announcedMs = performance.now();
  await goTo(chain, lastBlock + 1);
  const window = windowOf(lastBlock + 1);
  await waitFor(`the auction of window ${window.firstBlock}`, () => resultOf(daemon, window), PATIENCE_MS);
  // Equal to the former: then there is nothing to reload, and nothing must be.
  const isNew = expected !== loadedBefore;
  await waitFor(
    `the proxy's reload with ${expected} (it has ${proxy.lines.at(-1)!["loaded"]})`,
    () => !isNew || proxy.lines.length > reloadsBefore,
    PATIENCE_MS,
  );
  const delayMs = performance.now() - announcedMs;
  const loaded = proxy.lines.at(-1)!["loaded"];
  say([
    `window ${window.index} from block ${window.firstBlock}`,
    `budget ${(budget / 1e6).toFixed(3)} PH`,
    `bid ${text.slice(4).padEnd(28)}`,
    `won ${(won / 1e6).toFixed(2)} of ${(offered / 1e6).toFixed(2)} PH`,
    `proxy has ${loaded} ${isNew ? `after ${delayMs.toFixed(0)} ms` : "still"}`,
  ].join("   "));
  if (loaded !== expected) {
    throw new Error(`window ${window.firstBlock}: the proxy has ${loaded}, not ${expected}`);
  }
}

function windowOf(block: number): ValidationWindow {
  return windowAt(block, epochStart(NETUID, TEMPO, block));
}

/** The agent's log line about a window. */
function resultOf({ lines }: LineProcess, { firstBlock }: ValidationWindow): object | undefined {
  return lines.find(({ event, first_block }) =>
    event === "Auction results computed" && first_block === firstBlock
  );
}

function hasCommitted(chain: SimulatedChain, hotkey: string, text: string): boolean {
  const key = chain.storageKey("Commitments", "CommitmentOf", NETUID, hotkey);
  const record = chain.storageAt(chain.head, key) ?? "";
  return record.includes(new TextEncoder().encode(text).toHex());
}

async function goTo(chain: SimulatedChain, block: number): Promise<void> {
  while (chain.head.number < block) {
    await new Promise((resolve) => setTimeout(resolve, slotMs));
    chain.advance();
  }
}

function drawPrices(random: () => number): PublishedPrices {
  return { taoUsdc: 350, alphaTao: 0.012, hashpUsdc: 50, cap: Math.round(15 + random() * 30) / 100 };
}

async function rewriteWorkers(configPath: string, own: readonly Offer[]): Promise<void> {
  const sizes = own.map(({ sizePh, count }) => `"${sizePh}" = ${count}`).join(", ");
  const text = await Deno.readTextFile(configPath);
  const edited = text.replace(/^price_multiplier = .*$/m, `price_multiplier = "${own[0]!.price}"`)
    .replace(/^worker_sizes = .*$/m, `worker_sizes = { ${sizes} }`);
  await Deno.writeTextFile(configPath, edited);
}

/** Gives the rig the other proxy. */
async function useBraiins(rig: Rig): Promise<string> {
  const path = join(rig.folder, "proxy", "active_profile.toml");
  await Deno.writeTextFile(
    path,
    '# The profile of Braiins Farm Proxy.\n[[routing]]\nname = "RD"\n\n[[routing.goal]]\nname = "InfiniteHashLuxorGoal"\nhr_weight = 0\n\n' +
      '[[routing.goal]]\nname = "MinerDefaultGoal"\nhr_weight = 4294967296\n',
  );
  const text = await Deno.readTextFile(rig.configPath);
  const routing = `[routing]\nmode = "braiins"\nprofile_path = ${JSON.stringify(path)}\n\n[state]`;
  await Deno.writeTextFile(rig.configPath, text.replace(/\[routing\][^]*\[state\]/, routing));
  return path;
}

/** What Deno needs to find its cache. */
function keptEnvironment(): Record<string, string> {
  const names = ["HOME", "PATH", "DENO_DIR", "XDG_CACHE_HOME", "DENO_TLS_CA_STORE"];
  return Object.fromEntries(names.flatMap((name) => {
    const value = Deno.env.get(name);
    return value === undefined ? [] : [[name, value]];
  }));
}

/** The compiled form, or where Deno's base is not to be had the self-extracting one. */
async function build(): Promise<string> {
  const output = join(ROOT, "dist", "ih-miner");
  for (const form of [[], ["--self-extracting-sh"]]) {
    const { success } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--frozen", join(ROOT, "scripts/compile.ts"), "--output", output, ...form],
    }).spawn().status;
    if (success) return output;
  }
  throw new Error("the program cannot be built in either form");
}

function wholeNumber(option: string, text: unknown): number {
  if (!/^\d+$/.test(String(text))) throw new UsageError(`${option} must be a whole number; it is ${text}`);
  return Number(text);
}

function say(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
}
