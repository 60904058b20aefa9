/**
 * `deno task e2e`: tests the whole stack. Runs a chain, the one-file program as a daemon, and what the daemon drives:
 * ASICs, then each of the two proxies with a sidecar. Each window has a new budget and new worker sizes; after it, the
 * routing must match an independent computation of the auction. Then two agents run on one host. Last, what a proxy's workers API says is delivered, what
 * the chain pays, and what the agent says of both.
 *
 * Talks to 127.0.0.1 only, and ends by itself.
 *
 * @module
 */

import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArguments } from "../src/lib/args.ts";
import { say, wholeNumber } from "./command_line.ts";
import { AsicPart } from "./e2e/asic_part.ts";
import { playCredit } from "./e2e/credit_part.ts";
import { playPay } from "./e2e/pay_part.ts";
import { playInstances } from "./e2e/instances_part.ts";
import { playProxy } from "./e2e/proxy_part.ts";
import type { StageOptions } from "./e2e/stage.ts";
import { MODES } from "./e2e/stand_in.ts";
import { Random } from "./random.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

const HELP = `deno task e2e: the whole stack, checked window by window

Takes about four minutes: an alert ends a minute after its cause is gone, and the delivery is read every 20 s.

  --program FILE   the one-file program (default: built for this run)
  --windows N      windows for the ASICs and for each of the two proxies (default: 4)
  --seed N         seed of everything random (default: a random one, which is printed)
  --real-time      a block every 12 s (default: as fast as the agent follows)
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
const program = values.program === undefined
  ? await build()
  : resolve(Deno.env.get("INIT_CWD") ?? "", String(values.program));
const options = (): StageOptions => ({
  program,
  slotMs: values["real-time"] === true ? 12_000 : 0,
  random: new Random(seed),
});

say(`seed ${seed}`);
const count = await play();
say(`\n${count} windows: each was routed as computed independently, and the proxy or the ASICs followed`);
Deno.exit(0);

async function play(): Promise<number> {
  await using asics = await AsicPart.open(options());
  const played = await asics.play(windows);
  // Meanwhile the alerts of the ASIC part end.
  for (const mode of MODES) await playProxy(mode, windows, options());
  await playInstances(program);
  await playCredit(program);
  await playPay(program);
  await asics.finish();
  return played + windows * MODES.length;
}

/** Builds the compiled form or, where Deno's runtime base is not available, the self-extracting one. */
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
