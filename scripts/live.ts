/**
 * `deno task live [--windows N] [--block-ms MS] [--competitors N] [--cbc PATH [--cbc-delay SECONDS]] [--verbose]`: runs the
 * daemon in accelerated time, checks each window, and measures the delay from a window's first block to the reload signal.
 * With a slow cbc, blocks must be slow enough for its answer to come within the window.
 *
 * @module
 */

import { parseArguments } from "../src/lib/args.ts";
import { logger, startLogging } from "../src/lib/log.ts";
import { say, wholeNumber } from "./command_line.ts";
import { describeLiveWindow, runLive } from "./scene/live_run.ts";

const { values } = parseArguments(Deno.args, {
  windows: { type: "string", default: "30" },
  "block-ms": { type: "string", default: "60" },
  competitors: { type: "string", default: "230" },
  cbc: { type: "string" },
  "cbc-delay": { type: "string", default: "0" },
  verbose: { type: "boolean" },
});

const { cbc } = values;

await startLogging({
  level: values.verbose === true ? "info" : "error",
  format: "pretty",
  stream: Deno.stderr,
});
const windows = await runLive({
  windows: wholeNumber("--windows", values.windows),
  blockTimeMs: wholeNumber("--block-ms", values["block-ms"]),
  minuteMs: 1000,
  competitors: wholeNumber("--competitors", values.competitors),
  ...(typeof cbc === "string"
    ? { program: { path: cbc, delaySeconds: wholeNumber("--cbc-delay", values["cbc-delay"]) } }
    : {}),
  log: logger(),
  onWindow: (window) => say(describeLiveWindow(window)),
});

// A provisional outcome is followed by a final one.
const repeated = windows.filter(({ deliveries }) => deliveries > (cbc === undefined ? 1 : 2)).length;
// In the rest of the first window there may be no time for it.
const provisional = windows.filter(({ outcome, delayMs }) => outcome.stage !== "final" && delayMs !== null);
const missed = windows.slice(1).filter(({ window }, i) =>
  window.firstBlock !== windows[i]!.window.lastBlock + 1
);
const wrong = windows.filter(({ routed, expected }) => routed !== expected);
const delays = windows.flatMap(({ delayMs }) => delayMs ?? []).sort((a, b) => a - b);
const at = (share: number): string => (delays[Math.ceil(share * delays.length) - 1] ?? NaN).toFixed(0);
say(
  `\n${windows.length} windows: ${repeated} processed twice, ${missed.length} missed, ${wrong.length} routed wrongly, ` +
    `${provisional.length} without a final outcome`,
);
say(`from the first block to the reload signal: median ${at(0.5)} ms, p99 ${at(0.99)} ms, max ${at(1)} ms`);
Deno.exit(repeated + missed.length + wrong.length + provisional.length === 0 ? 0 : 1);
