/**
 * `deno task asic-simulator`: miners with the cgminer API on 127.0.0.1, to try `[asic]` with.
 *
 * @module
 */

import { createInterface } from "node:readline/promises";
import { stdin } from "node:process";
import { parseArguments, UsageError } from "../src/lib/args.ts";
import type { MinerFault } from "../src/simulator/asic/mod.ts";
import { Machines, POOLS } from "./scene/machines.ts";

const HELP = `deno task asic-simulator: miners with the cgminer API on 127.0.0.1

Prints the [asic] section for them, then takes commands on stdin, one a line; SIGINT stops it.

Options:
  --count N         miners (default 6)
  --hashrate LIST   TH/s of each in turn, separated by commas (default 200,100)
  --port N          port of the first one, the others follow (default 14028)
  --switch-ms N     how long a miner takes to change its pool (default 1500)
  -h, --help        this text

Commands, N from 1 on:
  show              where each miner is
  stop N | start N  pulls its plug; puts it back
  restart N         it starts anew, at the first pool of its list
  weak N PH         it computes so much from now on
  dead-pool N POOL | live-pool N POOL
  fault N KIND      slow, mute, drop, garbled, denied, refuse, liar, idle, or none
`;

const DIALECTS = ["cgminer", "bmminer", "bosminer"] as const;

const FAULTS: Readonly<Record<string, MinerFault>> = {
  slow: { kind: "slow", delayMs: 60_000 },
  mute: { kind: "mute" },
  drop: { kind: "drop" },
  garbled: { kind: "garbled" },
  denied: { kind: "denied" },
  refuse: { kind: "refuse" },
  liar: { kind: "liar" },
  idle: { kind: "idle" },
};

interface Options {
  readonly count: number;
  readonly hashratesTh: readonly number[];
  readonly port: number;
  readonly switchMs: number;
}

function readOptions(args: readonly string[]): Options | null {
  const { values } = parseArguments(args, {
    count: { type: "string" },
    hashrate: { type: "string" },
    port: { type: "string" },
    "switch-ms": { type: "string" },
    help: { type: "boolean", short: "h" },
  });
  if (values.help === true) return null;
  const whole = (name: string, byDefault: number, least: number, most: number): number => {
    const value = Number(values[name] ?? byDefault);
    if (Number.isInteger(value) && value >= least && value <= most) return value;
    throw new UsageError(`--${name} must be a whole number from ${least} to ${most}; it is ${values[name]}`);
  };
  const hashratesTh = String(values.hashrate ?? "200,100").split(",").map((text) => {
    const hashrateTh = Number(text);
    if (Number.isInteger(hashrateTh) && hashrateTh > 0) return hashrateTh;
    throw new UsageError(`--hashrate must list whole numbers above 0; it has "${text}"`);
  });
  return {
    count: whole("count", 6, 1, 500),
    hashratesTh,
    port: whole("port", 14_028, 1, 65_000),
    switchMs: whole("switch-ms", 1_500, 0, 60_000),
  };
}

function show(machines: Machines): string {
  return machines.all.map(({ name, server: { miner } }) => {
    const pool = miner.currentPool;
    const place = pool === null ? "nowhere" : pool === POOLS.subnet ? "subnet" : "fallback";
    const fault = miner.fault === null ? "" : `, ${miner.fault.kind}`;
    return `${name}: ${miner.hashratePh} PH/s at ${place}${fault}, switched ${miner.switchCount} ×\n`;
  }).join("");
}

/** What a command did, in words. */
async function obey(line: string, machines: Machines): Promise<string> {
  const [command = "", number = "", argument = ""] = line.trim().split(/\s+/);
  if (command === "") return "";
  if (command === "show") return show(machines);
  const machine = machines.all[Number(number) - 1];
  if (machine === undefined) return `Which miner? ${command} 1 … ${machines.all.length}\n`;
  const { miner } = machine.server;
  switch (command) {
    case "stop":
      await machines.unplug(machine);
      break;
    case "start":
      machines.plug(machine);
      break;
    case "restart":
      miner.restart();
      break;
    case "weak":
      if (!(Number(argument) >= 0)) return "How many PH/s? weak 1 0.02\n";
      miner.hashratePh = Number(argument);
      break;
    case "dead-pool":
    case "live-pool":
      if (argument !== "0" && argument !== "1") return `Which pool? ${command} 1 0\n`;
      miner.setPoolAlive(Number(argument), command === "live-pool");
      break;
    case "fault":
      if (argument !== "none" && FAULTS[argument] === undefined) {
        return `Which fault? ${Object.keys(FAULTS).join(", ")}, none\n`;
      }
      miner.fault = FAULTS[argument] ?? null;
      break;
    default:
      return `No such command: ${command}; see --help\n`;
  }
  return "done\n";
}

const print = (text: string): void => {
  Deno.stdout.writeSync(new TextEncoder().encode(text));
};

try {
  const options = readOptions(Deno.args);
  if (options === null) {
    print(HELP);
  } else {
    const { count, hashratesTh, port, switchMs } = options;
    const each = Array.from({ length: count }, (_, i) => hashratesTh[i % hashratesTh.length]!);
    const machines = new Machines(each, { switchMs, firstPort: port, dialects: DIALECTS });
    print(`${machines.configText}\n`);
    for await (const line of createInterface({ input: stdin })) print(await obey(line, machines));
    // Without a terminal there are no commands, and the miners stay.
  }
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  Deno.stderr.writeSync(new TextEncoder().encode(`${error.message}\n`));
  Deno.exitCode = 2;
}
