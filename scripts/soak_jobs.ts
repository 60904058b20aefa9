/**
 * `deno task soak:jobs [--runs N]`: runs N auction jobs over 250 hotkeys in one process, each in its own worker, with the
 * program's V8 flags and the units' environment. The resident size, which wobbles as V8 collects, must not grow by more than
 * 10 %: the median of the last third of the runs is held against that of the first third, without the first 50.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { loadConfig } from "../src/config/load.ts";
import { parseArguments } from "../src/lib/args.ts";
import { logger } from "../src/lib/log.ts";
import { startSimulator } from "../src/simulator/mod.ts";
import { launchAuction } from "../src/agent/workers/launch.ts";
import { median } from "./bench/report.ts";
import { say, wholeNumber } from "./command_line.ts";
import { V8_FLAGS } from "./compile/runtime_flags.ts";
import { setUpCompetitors, setUpMarket, START_BLOCK } from "./scene/market.ts";
import { setUpRig } from "./scene/rig.ts";
import { unitEnvironment } from "./scene/unit_environment.ts";

const COMPETITORS = 225;
/** Runs after which the size has settled. */
const SETTLED_AFTER = 50;
/** After so many runs, the size is printed. */
const SHOWN_EACH = 50;
const ALLOWED_GROWTH = 1.1;

const { values } = parseArguments(Deno.args, {
  runs: { type: "string", default: "500" },
  chain: { type: "boolean" },
  jobs: { type: "string" },
});
if (values.chain === true) await serveChain();
else if (typeof values.jobs === "string") await soak(values.jobs, wholeNumber("--runs", values.runs, 3));
else Deno.exitCode = await orchestrate(String(values.runs));

/** Starts this module with the chain, and again with the jobs: neither's memory counts for the other. */
async function orchestrate(runs: string): Promise<number> {
  const module = fileURLToPath(import.meta.url);
  const chain = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", module, "--chain"],
    stdout: "piped",
  }).spawn();
  const lines = chain.stdout.pipeThrough(new TextDecoderStream()).getReader();
  try {
    const url = (await lines.read()).value?.trim() ?? "";
    const jobs = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", V8_FLAGS, module, "--jobs", url, "--runs", runs],
      env: unitEnvironment(),
    }).spawn();
    return (await jobs.status).code;
  } finally {
    await lines.cancel();
    chain.kill();
    await chain.status;
  }
}

/** Serves the chain in a process of its own, so that its memory does not count. */
async function serveChain(): Promise<void> {
  const { chain, url } = await startSimulator({ startBlock: START_BLOCK, timestamps: "clock" });
  setUpMarket(chain, START_BLOCK - 60);
  setUpCompetitors(chain, COMPETITORS, START_BLOCK - 60);
  chain.advance(1);
  say(url);
}

/** Runs the jobs against the chain at this URL. */
async function soak(chainUrl: string, runs: number): Promise<void> {
  const rig = await setUpRig({ chainUrl });
  try {
    const config = await loadConfig(rig.configPath, { HOME: rig.folder });
    const sizesMb: number[] = [];
    for (let run = 1; run <= runs; run++) {
      const job = launchAuction({ config, hotkey: rig.hotkey, log: logger(), known: null });
      await job.result;
      await job.ended;
      sizesMb.push(Deno.memoryUsage().rss / 1e6);
      if (run % SHOWN_EACH === 0) {
        say(`after ${String(run).padStart(4)} runs: ${sizesMb.at(-1)!.toFixed(1)} MB resident`);
      }
    }
    const settled = sizesMb.slice(runs > 2 * SETTLED_AFTER ? SETTLED_AFTER : 0);
    const third = Math.floor(settled.length / 3);
    const [first, last] = [median(settled.slice(0, third)), median(settled.slice(-third))];
    say(`medians: ${first.toFixed(1)} MB at first, ${last.toFixed(1)} MB in the end`);
    if (last <= first * ALLOWED_GROWTH) return;
    say(`it grew by more than ${Math.round((ALLOWED_GROWTH - 1) * 100)} %`);
    Deno.exitCode = 1;
  } finally {
    await Deno.remove(rig.folder, { recursive: true });
  }
}
