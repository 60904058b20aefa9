/**
 * `deno task asic-simulator`: runs miners with the cgminer API on 127.0.0.1, to try `[asic]` with.
 *
 * @module
 */

import { createInterface } from "node:readline/promises";
import { stdin } from "node:process";
import { parseArguments, UsageError } from "../src/lib/args.ts";
import { FIRMWARE_DIALECTS, type MinerFault } from "../src/simulator/asic/mod.ts";
import { complain, say, wholeNumber } from "./command_line.ts";
import { Machines, POOLS } from "./scene/machines.ts";

const HELP = `deno task asic-simulator: miners with the cgminer API on 127.0.0.1

Prints the [asic] section for them, then reads commands from stdin, one per line. SIGINT stops it.
Their firmware is in turn: ${FIRMWARE_DIALECTS.join(", ")}; the last three write broken JSON.

Options:
  --count N         miners (default 6)
  --hashrate LIST   TH/s of the miners in turn, separated by commas (default 200,100)
  --port N          port of the first miner; the others follow (default 14028)
  --user TEXT       login of the miners at their pools (default account.worker)
  --switch-ms N     milliseconds that a miner takes to change its pool (default 1500)
  -h, --help        this text

Commands; N is the number of a miner, from 1:
  show              print the pool of each miner
  stop N | start N  unplug the miner; plug it in again
  restart N         restart the miner, at the first pool of its list
  weak N PH         set its hashrate
  dead-pool N POOL | live-pool N POOL
                    take one of its pools down; bring it back up
  fault N KIND      slow, mute, drop, garbled, denied, refuse, liar, idle, or none
`;

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
  readonly user: string;
}

function readOptions(args: readonly string[]): Options | null {
  const { values } = parseArguments(args, {
    count: { type: "string", default: "6" },
    hashrate: { type: "string", default: "200,100" },
    port: { type: "string", default: "14028" },
    "switch-ms": { type: "string", default: "1500" },
    user: { type: "string", default: "account.worker" },
    help: { type: "boolean", short: "h" },
  });
  if (values.help === true) return null;
  return {
    count: wholeNumber("--count", values.count, 1, 500),
    hashratesTh: String(values.hashrate).split(",").map((text) =>
      wholeNumber("each value of --hashrate", text, 1)
    ),
    port: wholeNumber("--port", values.port, 1, 65_000),
    switchMs: wholeNumber("--switch-ms", values["switch-ms"], 0, 60_000),
    user: String(values.user),
  };
}

function show(machines: Machines): string {
  return machines.all.map(({ name, server: { miner } }) => {
    const pool = miner.currentPool;
    const place = pool === null ? "nowhere" : pool === POOLS.subnet ? "subnet" : "fallback";
    const fault = miner.fault === null ? "" : `, ${miner.fault.kind}`;
    return `${name}: ${miner.hashratePh} PH/s at ${place}${fault}, switched ${miner.switchCount} ×`;
  }).join("\n");
}

/** Executes a command. Returns the line to print. */
async function obey(line: string, machines: Machines): Promise<string> {
  const [command = "", number = "", argument = ""] = line.trim().split(/\s+/);
  if (command === "show") return show(machines);
  const machine = machines.all[Number(number) - 1];
  if (machine === undefined) return `Which miner? ${command} 1 … ${machines.all.length}`;
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
      if (argument === "" || !(Number(argument) >= 0)) return "How many PH/s? weak 1 0.02";
      miner.hashratePh = Number(argument);
      break;
    case "dead-pool":
    case "live-pool":
      if (argument !== "0" && argument !== "1") return `Which pool? ${command} 1 0`;
      miner.setPoolAlive(Number(argument), command === "live-pool");
      break;
    case "fault":
      if (argument !== "none" && FAULTS[argument] === undefined) {
        return `Which fault? ${Object.keys(FAULTS).join(", ")}, none`;
      }
      miner.fault = FAULTS[argument] ?? null;
      break;
    default:
      return `No such command: ${command}; see --help`;
  }
  return "done";
}

try {
  const options = readOptions(Deno.args);
  if (options === null) {
    say(HELP.trimEnd());
  } else {
    const { count, hashratesTh, port, switchMs, user } = options;
    const each = Array.from({ length: count }, (_, i) => hashratesTh[i % hashratesTh.length]!);
    const machines = new Machines(each, { switchMs, firstPort: port, dialects: FIRMWARE_DIALECTS });
    for (const { server } of machines.all) server.miner.user = user;
    say(machines.configText);
    for await (const line of createInterface({ input: stdin })) {
      if (line.trim() !== "") say(await obey(line, machines));
    }
    // The miners keep running when stdin ends.
  }
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  complain(error.message);
  Deno.exitCode = 2;
}
