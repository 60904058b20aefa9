/**
 * `deno task e2e`: the whole stack by hand. A chain, the one-file program as a daemon, and what it drives: ASICs, then
 * each of the two proxies with a sidecar. For several windows new budgets and new worker sizes; after each, what was
 * routed must be what an independent computation of the auction gives.
 *
 * Talks to 127.0.0.1 only, and stops by itself.
 *
 * @module
 */

import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArguments, UsageError } from "../src/lib/args.ts";
import { AsicPart } from "./e2e/asic_part.ts";
import { randomBySeed } from "./e2e/market.ts";
import { MODES, playProxy } from "./e2e/proxy_part.ts";
import { say, type StageOptions } from "./e2e/stage.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

const HELP = `deno task e2e: the whole stack, checked window by window

It takes a little more than a minute, because an alert is over when it was gone for a minute.

  --program FILE   the one-file program (default: built for this run)
  --windows N      windows for the ASICs and for each of the two proxies (default: 4)
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
const program = values.program === undefined
  ? await build()
  : resolve(Deno.env.get("INIT_CWD") ?? "", String(values.program));
const options = (): StageOptions => ({
  program,
  slotMs: values["real-time"] === true ? 12_000 : 0,
  random: randomBySeed(seed),
});

say(`seed ${seed}`);
const count = await play();
say(`\n${count} windows, all as computed apart, all loaded by the proxy or switched by the ASICs`);
Deno.exit(0);

async function play(): Promise<number> {
  await using asics = await AsicPart.open(options());
  const played = await asics.play(windows);
  // Meanwhile the alerts of the ASICs' part come to their end.
  for (const mode of MODES) await playProxy(mode, windows, options());
  await asics.finish();
  return played + windows * MODES.length;
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
