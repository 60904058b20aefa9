/**
 * `deno task asic-simulator`: miners with the cgminer API on 127.0.0.1, to try `[asic]` with.
 *
 * @module
 */

import { createInterface } from "node:readline/promises";
import { stdin } from "node:process";
import { parseArguments, UsageError } from "../src/lib/args.ts";
import {
  type FirmwareDialect,
  type MinerFault,
  type MinerServer,
  startMiner,
} from "../src/simulator/asic/mod.ts";

const HELP = `deno task asic-simulator: miners with the cgminer API on 127.0.0.1

Prints the [asic] section for them, then takes commands on stdin, one a line; SIGINT stops it.

Options:
  --count N         miners (default 6)
  --hashrate LIST   PH/s of each in turn, separated by commas (default 0.2,0.1)
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

const DIALECTS: readonly FirmwareDialect[] = ["cgminer", "bmminer", "bosminer"];

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

/** The fallback is what each miner prefers after a start. */
const POOLS = { fallback: 0, subnet: 1 };

interface Options {
  readonly count: number;
  readonly hashratesPh: readonly string[];
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
  const hashratesPh = String(values.hashrate ?? "0.2,0.1").split(",");
  for (const hashratePh of hashratesPh) {
    if (!(Number(hashratePh) > 0)) {
      throw new UsageError(`--hashrate must list numbers above 0; it has "${hashratePh}"`);
    }
  }
  return {
    count: whole("count", 6, 1, 500),
    hashratesPh,
    port: whole("port", 14_028, 1, 65_000),
    switchMs: whole("switch-ms", 1_500, 0, 60_000),
  };
}

function startMiners({ count, hashratesPh, port, switchMs }: Options): MinerServer[] {
  return Array.from({ length: count }, (_, i) =>
    startMiner({
      port: port + i,
      hashratePh: Number(hashratesPh[i % hashratesPh.length]),
      switchMs,
      dialect: DIALECTS[i % DIALECTS.length]!,
    }));
}

function sectionOf(servers: readonly MinerServer[]): string {
  const miners = servers.map(({ host, port, miner }, i) =>
    `[[asic.miners]]\nname = "miner ${
      i + 1
    }"\naddress = "${host}:${port}"\nhashrate = "${miner.hashratePh}"\n`
  );
  return `[asic]\nsubnet_pool = ${POOLS.subnet}\nfallback_pool = ${POOLS.fallback}\n${miners.join("")}`;
}

function show(servers: readonly MinerServer[]): string {
  return servers.map(({ miner }, i) => {
    const pool = miner.currentPool;
    const place = pool === null ? "nowhere" : pool === POOLS.subnet ? "subnet" : "fallback";
    const fault = miner.fault === null ? "" : `, ${miner.fault.kind}`;
    return `miner ${i + 1}: ${miner.hashratePh} PH/s at ${place}${fault}, switched ${miner.switchCount} ×\n`;
  }).join("");
}

/** What a command did, in words. */
async function obey(line: string, servers: readonly MinerServer[]): Promise<string> {
  const [command = "", number = "", argument = ""] = line.trim().split(/\s+/);
  if (command === "") return "";
  if (command === "show") return show(servers);
  const server = servers[Number(number) - 1];
  if (server === undefined) return `Which miner? ${command} 1 … ${servers.length}\n`;
  const { miner } = server;
  switch (command) {
    case "stop":
      await server.stop();
      break;
    case "start":
      server.resume();
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
    const servers = startMiners(options);
    print(`${sectionOf(servers)}\n`);
    for await (const line of createInterface({ input: stdin })) print(await obey(line, servers));
    // Without a terminal there are no commands, and the miners stay.
  }
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  Deno.stderr.writeSync(new TextEncoder().encode(`${error.message}\n`));
  Deno.exitCode = 2;
}
