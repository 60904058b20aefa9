/**
 * `deno task demo [--keep] [--live]`: shows the main job.
 *
 * Starts a chain simulator with validators and competing miners, and makes a wallet, a configuration and a proxy file
 * in a temporary folder. Then runs the agent as a user does: it publishes the bid, in the next window computes the
 * auction and rewrites the proxy's file, checks what the proxy says is delivered, and shows what the window earns and what
 * it would have earned at other prices. `--keep` keeps the folder. `--live` runs the daemon instead, for a few windows in
 * accelerated time.
 *
 * @module
 */

import { parseArguments } from "../src/lib/args.ts";
import { SUBNET_ACCOUNT } from "../src/auction/protocol/constants.ts";
import { logger, startLogging } from "../src/lib/log.ts";
import { startSimulator } from "../src/simulator/mod.ts";
import { say, sayTitle } from "./command_line.ts";
import { NETUID, publishPrices, setUpMarket, START_BLOCK, windowOf } from "./scene/market.ts";
import { describeLiveWindow, runLive } from "./scene/live_run.ts";
import { type AgentRun, type Rig, runAgent, runLook, setUpRig } from "./scene/rig.ts";
import { WorkersApi } from "./scene/workers_api.ts";

const { values } = parseArguments(Deno.args, { keep: { type: "boolean" }, live: { type: "boolean" } });
if (values.live === true) {
  await showLive();
  Deno.exit();
}

await using simulator = await startSimulator({ startBlock: START_BLOCK, timestamps: "clock" });
const { chain } = simulator;
const market = setUpMarket(chain, chain.head.number - 20);
const rig = await setUpRig({ chainUrl: simulator.url });
let failed = true;
try {
  chain.registerNeuron(NETUID, { hotkey: rig.hotkey });
  await tellTheStory(rig);
  failed = false;
} finally {
  if (values.keep === true || failed) say(`\nThe folder was kept: ${rig.folder}`);
  else await Deno.remove(rig.folder, { recursive: true });
}

async function tellTheStory(rig: Rig): Promise<void> {
  sayTitle("A chain");
  say(`${simulator.url}, subnet ${NETUID}, block ${chain.head.number}`);
  say(
    `${market.validators} validators (prices, a ban, a budget cap), ${market.miners.length} competing miners`,
  );
  say(`and our hotkey, ${rig.hotkey}, just registered`);

  sayTitle("1. Publish our bid: ih-miner config.toml --once commitment");
  const published = await agent(rig, ["--once", "commitment"]);
  say(published.log.trimEnd());
  say(`\nOn the chain: ${published.document.text}   (${published.document.text_bytes} of 128 bytes)`);

  const firstBlock = windowOf(chain.head.number).lastBlock + 1;
  publishPrices(chain, "0.5", chain.head.number);
  chain.setHead(firstBlock + 2);
  sayTitle("2. The next window begins");
  say(`Its first block is ${firstBlock}; the head is ${chain.head.number}.`);

  sayTitle("3. This window's auction: ih-miner config.toml --once auction");
  const before = await Deno.readTextFile(rig.poolsPath);
  const auction = await agent(rig, ["--once", "auction"]);
  say(auction.log.trimEnd());
  report(auction.document);

  sayTitle("4. What changed in the proxy's file");
  const after = await Deno.readTextFile(rig.poolsPath);
  if (after === before) throw new Error("pools.toml did not change");
  say(auction.document.routing.diff.replaceAll(rig.folder, "").trimEnd());
  const sentinel = await Deno.stat(rig.sentinelPath);
  const sentinelName = rig.sentinelPath.slice(rig.folder.length);
  say(`\nReload signal: ${sentinelName} touched at ${sentinel.mtime?.toISOString()}`);

  sayTitle("5. Whose hashrate it is, and what is credited: ih-miner check config.toml");
  await using api = new WorkersApi();
  const won = Number(auction.document.won_hashrate_ph);
  api.deliver(`${SUBNET_ACCOUNT}.${rig.hotkey}.worker1`, won, 0);
  await Deno.writeTextFile(rig.configPath, `\n[[delivery.sources]]\nworkers_api = "${api.url}"\n`, {
    append: true,
  });
  const findings = (await runLook("check", rig)).split("\n").filter((line) =>
    /^\w+ +(identity|delivery) /.test(line)
  );
  if (findings.length !== 2) throw new Error("the check says nothing about identity and delivery");
  say(findings.join("\n"));

  sayTitle("6. What this window earns, and what other prices would earn: ih-miner advise config.toml");
  reportWorth(auction.document);
  const advice = await runLook("advise", rig);
  if (!advice.includes("on chain")) throw new Error(`the advice knows no bid of ours:\n${advice}`);
  say(advice.trimEnd());
}

// deno-lint-ignore no-explicit-any -- the printed document, read by name
function reportWorth({ worth: { won, alternative } }: any): void {
  const amount = (value: number): string => value.toFixed(3);
  say(
    `If all that was won is delivered: ${amount(won.window.alpha)} alpha, ${amount(won.window.tao)} TAO, ` +
      `${amount(won.window.usdc)} USDC in this window`,
  );
  say(
    `At this rate: ${won.per_day.usdc.toFixed(2)} USDC a day, ${
      won.advantage.per_day_usdc.toFixed(2)
    } more than ` +
      `${alternative} × the hashprice elsewhere\n`,
  );
}

async function showLive(): Promise<void> {
  sayTitle("The daemon over six windows in accelerated time (60 ms a block instead of 12 s)");
  say("The validators publish another budget in the last block of each window.\n");
  await startLogging({ level: "error", format: "pretty", stream: Deno.stderr });
  const windows = await runLive({
    windows: 6,
    blockTimeMs: 60,
    minuteMs: 1000,
    patient: true,
    log: logger(),
    onWindow: (window) => say(describeLiveWindow(window)),
  });
  const wrong = windows.filter(({ routed, expected }) => routed !== expected);
  if (wrong.length > 0) throw new Error(`${wrong.length} windows were routed wrongly`);
}

/** Runs the agent. When it fails, the demo ends with its log. */
async function agent(rig: Rig, args: readonly string[]): Promise<AgentRun> {
  const run = await runAgent(rig, args);
  if (run.exitCode !== 0) {
    throw new Error(`ih-miner ${args.join(" ")} ended with ${run.exitCode}:\n${run.log}`);
  }
  return run;
}

// deno-lint-ignore no-explicit-any -- the printed document, read by name
function report(document: any): void {
  const { prices, commitments, solver } = document;
  const dropped = Object.entries(commitments.dropped).map(([why, n]) => `${n} ${why}`).join(", ");
  say("");
  say(
    `Consensus    TAO ${prices.tao_usdc} USDC, alpha ${prices.alpha_tao} TAO, hashprice ${prices.hashp_usdc} USDC/PH/day`,
  );
  say(`Budget       ${document.budget_ph.toFixed(3)} PH (cap factor ${prices.cap})`);
  say(
    `Commitments  ${commitments.records} on the chain; ${commitments.bidders} bidders with ${commitments.workers} workers;`,
  );
  say(`             left out: ${dropped}`);
  say(
    `Solver       ${solver.engine}, ${solver.workers} workers could win, ` +
      `${solver.total_value / 1e6} PH won, in ${solver.duration_ms} ms`,
  );
  say("Our bids");
  for (const [what, runs] of [["won", document.won], ["lost", document.lost]]) {
    for (const { hashrate_ph, price, count } of runs) {
      say(`  ${what.padEnd(5)} ${count} × ${hashrate_ph} PH at ${price}`);
    }
  }
  say(`  sum   ${document.won_hashrate_ph} PH won, ${document.lost_hashrate_ph} PH lost`);
  if (document.ambiguous) {
    say(
      `  Other outcomes are equally good: we can win ${document.certain_hashrate_ph} to ${document.possible_hashrate_ph} PH.`,
    );
  }
}
