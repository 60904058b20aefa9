/**
 * `deno task soak:jobs [--runs N]`: runs N auction jobs over 250 hotkeys in one process, each in its own worker. The
 * resident size after the last run must not exceed that after the 50th by more than 20 %.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { loadConfig } from "../src/config/load.ts";
import { parseArguments } from "../src/lib/args.ts";
import { logger } from "../src/lib/log.ts";
import { startSimulator } from "../src/simulator/mod.ts";
import { launchAuction } from "../src/agent/workers/launch.ts";
import { say, wholeNumber } from "./command_line.ts";
import { setUpCompetitors, setUpMarket, START_BLOCK } from "./scene/market.ts";
import { setUpRig } from "./scene/rig.ts";

const COMPETITORS = 225;
/** Runs after which the size has settled. */
const SETTLED_AFTER = 50;
const ALLOWED_GROWTH = 1.2;

const { values } = parseArguments(Deno.args, {
  runs: { type: "string", default: "500" },
  chain: { type: "boolean" },
});
if (values.chain === true) await serveChain();
else await soak(wholeNumber("--runs", values.runs));

/** Serves the chain in a process of its own, so that its memory does not count. */
async function serveChain(): Promise<void> {
  const { chain, url } = await startSimulator({ startBlock: START_BLOCK, timestamps: "clock" });
  setUpMarket(chain, START_BLOCK - 60);
  setUpCompetitors(chain, COMPETITORS, START_BLOCK - 60);
  chain.advance(1);
  say(url);
}

async function soak(runs: number): Promise<void> {
  const chain = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", fileURLToPath(import.meta.url), "--chain"],
    stdout: "piped",
  }).spawn();
  const lines = chain.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const rig = await setUpRig({ chainUrl: (await lines.read()).value?.trim() ?? "" });
  try {
    const config = await loadConfig(rig.configPath, { HOME: rig.folder });
    let settledMb = Number.POSITIVE_INFINITY;
    for (let run = 1; run <= runs; run++) {
      const job = launchAuction({ config, hotkey: rig.hotkey, log: logger(), known: null });
      await job.result;
      await job.ended;
      if (run % SETTLED_AFTER !== 0 && run !== runs) continue;
      const rssMb = Deno.memoryUsage().rss / 1e6;
      if (run === SETTLED_AFTER) settledMb = rssMb;
      say(`after ${String(run).padStart(4)} runs: ${rssMb.toFixed(1)} MB resident`);
      if (run !== runs || rssMb <= settledMb * ALLOWED_GROWTH) continue;
      say(`grew by more than 20 % since run ${SETTLED_AFTER}`);
      Deno.exitCode = 1;
    }
  } finally {
    chain.kill("SIGTERM");
    await lines.cancel();
    await chain.status;
    await Deno.remove(rig.folder, { recursive: true });
  }
}
