/**
 * `deno task page-picture [--output FILE]`: takes the picture of the status page for the documentation.
 *
 * Runs the daemon with its status page against a simulator for several windows in accelerated time, then opens the page
 * in a headless Chromium and crops the picture below the market. The daemon's clock is the chain's, so that ages, times
 * and the countdown on the page are as in real time.
 *
 * @module
 */

import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { type DaemonParts, realParts, runDaemon } from "../src/agent/daemon.ts";
import { BLOCK_TIME_SECONDS } from "../src/auction/protocol/constants.ts";
import type { DaemonEvent } from "../src/agent/events.ts";
import { parseArguments } from "../src/lib/args.ts";
import { HostClock } from "../src/lib/clock.ts";
import { logger, startLogging } from "../src/lib/log.ts";
import { Telemetry } from "../src/operator/status/telemetry.ts";
import { startSimulator } from "../src/simulator/mod.ts";
import { Browser, findChromium } from "./scene/browser.ts";
import { freePort } from "./scene/free_port.ts";
import { complain, say } from "./command_line.ts";
import { waitFor } from "./e2e/processes.ts";
import { FastScheduler } from "./scene/fast_scheduler.ts";
import { NETUID, publishPrices, renewBids, setUpMarket, START_BLOCK, windowOf } from "./scene/market.ts";
import { setUpRig } from "./scene/rig.ts";

const DEFAULT_OUTPUT = fileURLToPath(new URL("../docs/status-page.png", import.meta.url));
/** The budget factors that the validators publish, window by window. The picture shows the last of these windows. */
const CAP_FACTORS = ["0.5", "0.62", "0.43", "0.75", "0.3", "0.56", "0.47", "0.7", "0.38", "0.6", "0.5"];
/** The picture is taken at this block of the last window, counted from 1. */
const SHOWN_BLOCK = 23;
const BLOCK_MS = 40;
const PATIENCE_MS = 60_000;
const WIDTH = 1400;
/** Pixels below the lowest card in the picture. */
const MARGIN = 12;
const BID_TEXT = "2;b;BTC,0.97=0.11:3;BTC,1.02=0.25:3,0.45:2";
const WORKERS = `price_multiplier = "1.02"
worker_sizes = { "0.25" = 3, "0.45" = 2 }

[[workers.tiers]]
price_multiplier = "0.97"
worker_sizes = { "0.11" = 3 }
`;

const { values } = parseArguments(Deno.args, { output: { type: "string", default: DEFAULT_OUTPUT } });
const output = resolve(Deno.env.get("INIT_CWD") ?? "", String(values.output));
const chromium = await findChromium();
if (chromium === null) {
  complain("Cannot take the picture: Chromium is missing; install it (Debian: chromium)");
  Deno.exit(1);
}
await startLogging({ level: "error", format: "pretty", stream: Deno.stderr });

const { firstBlock } = windowOf(START_BLOCK);
await using simulator = await startSimulator({ startBlock: firstBlock + 5 });
const { chain } = simulator;
setUpMarket(chain, firstBlock - 20);
const rig = await setUpRig({ chainUrl: simulator.url, workers: WORKERS });
chain.registerNeuron(NETUID, { hotkey: rig.hotkey });
// The bid is older than the agent's start, so that it counts in the first window.
chain.setCommitment({ netuid: NETUID, hotkey: rig.hotkey, data: BID_TEXT, block: firstBlock - 20 });
const port = freePort();
await Deno.writeTextFile(rig.configPath, `\n[http]\nlisten = "127.0.0.1:${port}"\n`, { append: true });

const nowMs = (): number => chain.head.timestampMs + 4_000;
const parts: DaemonParts = {
  ...realParts(),
  scheduler: new FastScheduler(BLOCK_MS * 60 / BLOCK_TIME_SECONDS),
  jitterMs: () => 0,
  staggerMs: 0,
  nowMs,
  monotonicMs: nowMs,
};
const stop = new AbortController();
await using telemetry = new Telemetry({ log: logger(), clock: new HostClock(nowMs, nowMs) });
const daemon = runDaemon({
  configPath: rig.configPath,
  environment: { HOME: rig.folder },
  log: telemetry.log,
  signal: stop.signal,
  observe: (event) => telemetry.observe(atChainTime(event)),
}, parts);
try {
  for (const capFactor of CAP_FACTORS) {
    const { lastBlock } = windowOf(chain.head.number);
    await advanceTo(lastBlock);
    renewBids(chain, 0, lastBlock);
    publishPrices(chain, capFactor, lastBlock);
    await advanceTo(lastBlock + 1);
    const isComputed = (): boolean => telemetry.report().window?.firstBlock === lastBlock + 1;
    await waitFor(`the auction of the window from block ${lastBlock + 1}`, isComputed, PATIENCE_MS);
  }
  await advanceTo(windowOf(chain.head.number).firstBlock + SHOWN_BLOCK - 1);
  await waitFor(
    "the last block",
    () => telemetry.report().chain.headNumber === chain.head.number,
    PATIENCE_MS,
  );
  await Deno.writeFile(output, await takePicture(chromium));
} finally {
  stop.abort();
  await daemon;
  await Deno.remove(rig.folder, { recursive: true });
}
say(`${output}: ${(await Deno.stat(output)).size} bytes`);

/** The job compares the chain's time with the host's clock, which does not run as fast. */
function atChainTime(event: DaemonEvent): DaemonEvent {
  if (event.kind !== "outcome-computed") return event;
  return { ...event, computed: { ...event.computed, headAgeSeconds: 4 } };
}

/** Builds blocks one by one, up to this one. */
async function advanceTo(block: number): Promise<void> {
  while (chain.head.number < block) {
    await new Promise((resolve) => setTimeout(resolve, BLOCK_MS));
    chain.advance();
  }
}

async function takePicture(program: string): Promise<Uint8Array> {
  await using browser = await Browser.start(program);
  // Taller than the page: a scroll bar would take its width from the picture.
  await browser.open(`http://127.0.0.1:${port}/`, { width: WIDTH, height: 4000, scheme: "light" });
  await browser.evaluate(showPathsAsInstalled(`${rig.folder}/proxy`, "/etc/ihp"));
  const bottom = await browser.evaluate<number>(
    "document.querySelector('#market').getBoundingClientRect().bottom",
  );
  return await browser.screenshot(Math.ceil(bottom) + MARGIN);
}

/** A script that replaces a folder's name in the page: the rig's is temporary and differs from run to run. */
function showPathsAsInstalled(folder: string, shown: string): string {
  return `for (const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT); walker.nextNode();) {
    walker.currentNode.data = walker.currentNode.data.replaceAll(${JSON.stringify(folder)}, "${shown}");
  }`;
}
