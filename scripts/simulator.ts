/**
 * `deno task simulator`: runs a Subtensor-like chain on 127.0.0.1.
 *
 * @module
 */

import { type OptionSpecs, parseArguments, UsageError } from "../src/lib/args.ts";
import {
  applyScenario,
  controlHelp,
  Runtime,
  type Scenario,
  scenarioSchema,
  type Simulator,
  startSimulator,
} from "../src/simulator/mod.ts";
import { asError } from "../src/lib/errors.ts";
import { complain, say, wholeNumber } from "./command_line.ts";
import { readJsonFile, readRuntime } from "./scene/runtime_file.ts";

const OPTIONS: OptionSpecs = {
  port: { type: "string" },
  "control-port": { type: "string" },
  metadata: { type: "string" },
  "runtime-version": { type: "string" },
  "metadata-versions": { type: "string" },
  scenario: { type: "string" },
  "start-block": { type: "string" },
  "start-timestamp": { type: "string" },
  "block-time": { type: "string" },
  timestamps: { type: "string" },
  "finality-lag": { type: "string" },
  "state-window": { type: "string" },
  seed: { type: "string" },
  "genesis-hash": { type: "string" },
  disable: { type: "string" },
  lifetime: { type: "string" },
  help: { type: "boolean", short: "h" },
};

const HELP = `deno task simulator: a Subtensor-like chain on 127.0.0.1, for tests and demos

Any Substrate client can use it: JSON-RPC over WebSocket, and over HTTP POST on the same port.
At the end of each epoch (tempo) it pays: weights become Incentive and Emission.
When it is ready, it prints one line: READY <ws url> <control url> block=<number>
SIGINT and SIGTERM stop it.

Options:
  --port N                  JSON-RPC port (default 9944; 0: any free port)
  --control-port N          port of the control API (default 9945; 0: any free port)
  --metadata FILE           metadata of the runtime to serve: V15 SCALE bytes; needs --runtime-version
  --runtime-version FILE    its response to state_getRuntimeVersion, as JSON
  --metadata-versions LIST  versions that Metadata_metadata_versions names: 14, 15 or 14,15 (default 14,15)
  --scenario FILE           JSON: startBlock, startTimestampMs, subnets: [{netuid, tempo,
                            mechanismEmissionSplit, mechanismCount, revealPeriodEpochs, ownerHotkey,
                            neurons: [{hotkey, uid, coldkey, stakeRao, validatorPermit}],
                            commitments: [{hotkey, block, text | hex | fields | storage}],
                            weights: [{mechanism, hotkey, weights: [{uid, weight}]}]}],
                            storage: [{key, value}]
  --start-block N           number of the first block (default: the scenario's, else 1)
  --start-timestamp MS      its timestamp, milliseconds since 1970 (default: the scenario's, else now)
  --block-time MS           milliseconds between blocks (default 0: blocks come from the control API, and one
                            for each extrinsic)
  --timestamps MODE         slots: 12 s apart, however fast blocks come (default); clock: the time of building
  --finality-lag N          blocks between the best and the finalized head (default 0)
  --state-window N          blocks that keep their state (default: all; lite nodes keep about 256)
  --seed TEXT               the seed of the block hashes
  --genesis-hash HASH       genesis hash (default: from the seed)
  --disable LIST            RPC and runtime API methods that this node lacks, separated by commas
  --lifetime S              stop after this many seconds (default 0: never)
  -h, --help                this text

Control API: takes JSON, returns the head as JSON; on an error, 400 and {error}
${controlHelp()}
`;

type Values = Readonly<Record<string, string | boolean | undefined>>;

function textOf(values: Values, name: string): string | undefined {
  const value = values[name];
  return typeof value === "string" ? value : undefined;
}

function numberOf(values: Values, name: string): number | undefined {
  const text = textOf(values, name);
  return text === undefined ? undefined : wholeNumber(`--${name}`, text);
}

function listOf(values: Values, name: string): string[] {
  return (textOf(values, name) ?? "").split(",").map((item) => item.trim()).filter((item) => item !== "");
}

/** Drops the properties that are \`undefined\`, which the simulator's options do not take. */
function given<T extends object>(options: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(
    Object.entries(options).filter(([, value]) => value !== undefined),
  ) as { [K in keyof T]: Exclude<T[K], undefined> };
}

async function runtimeOf(values: Values): Promise<Runtime> {
  const metadataPath = textOf(values, "metadata");
  const versionPath = textOf(values, "runtime-version");
  if (metadataPath === undefined && versionPath === undefined) return Runtime.builtin();
  if (metadataPath === undefined || versionPath === undefined) {
    throw new UsageError("--metadata and --runtime-version go together");
  }
  return await readRuntime(metadataPath, versionPath);
}

async function readScenario(values: Values): Promise<Scenario | undefined> {
  const path = textOf(values, "scenario");
  return path === undefined ? undefined : await readJsonFile("--scenario", path, scenarioSchema);
}

function metadataVersionsOf(values: Values): (14 | 15)[] | undefined {
  const list = listOf(values, "metadata-versions");
  if (list.length === 0) return undefined;
  return list.map((text) => {
    if (text !== "14" && text !== "15") {
      throw new UsageError(`--metadata-versions has ${text}; give 14, 15 or both`);
    }
    return text === "14" ? 14 : 15;
  });
}

function timestampsOf(values: Values): "slots" | "clock" {
  const text = textOf(values, "timestamps") ?? "slots";
  if (text !== "slots" && text !== "clock") {
    throw new UsageError(`--timestamps is ${text}; give slots or clock`);
  }
  return text;
}

async function start(values: Values): Promise<Simulator> {
  const scenario = await readScenario(values);
  const simulator = await startSimulator(given({
    port: numberOf(values, "port") ?? 9944,
    controlPort: numberOf(values, "control-port") ?? 9945,
    runtime: await runtimeOf(values),
    metadataVersions: metadataVersionsOf(values),
    startBlock: numberOf(values, "start-block") ?? scenario?.startBlock,
    startTimestampMs: numberOf(values, "start-timestamp") ?? scenario?.startTimestampMs,
    blockTimeMs: numberOf(values, "block-time"),
    timestamps: timestampsOf(values),
    finalityLag: numberOf(values, "finality-lag"),
    stateWindowBlocks: numberOf(values, "state-window"),
    seed: textOf(values, "seed"),
    genesisHash: textOf(values, "genesis-hash"),
    disabledMethods: listOf(values, "disable"),
  }));
  if (scenario !== undefined) applyScenario(simulator.chain, scenario);
  return simulator;
}

/** Runs until a signal or the end of the lifetime. Returns the exit code. */
async function main(args: readonly string[]): Promise<number> {
  const { values } = parseArguments(args, OPTIONS);
  if (values.help === true) {
    say(HELP.trimEnd());
    return 0;
  }
  const lifetimeS = numberOf(values, "lifetime") ?? 0;
  const stopped = Promise.withResolvers<void>();
  const simulator = await start(values);
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    Deno.addSignalListener(signal, () => stopped.resolve());
  }
  const timer = lifetimeS > 0 ? setTimeout(() => stopped.resolve(), lifetimeS * 1_000) : undefined;
  const { url, controlUrl, chain } = simulator;
  say(`READY ${url} ${controlUrl} block=${chain.head.number}`);
  await stopped.promise;
  clearTimeout(timer);
  await simulator.close();
  return 0;
}

if (import.meta.main) {
  try {
    Deno.exit(await main(Deno.args));
  } catch (error) {
    const isUsage = error instanceof UsageError;
    const isTaken = error instanceof Deno.errors.AddrInUse;
    const reason = asError(error).message;
    const message = isTaken ? `${reason}: choose other ports with --port and --control-port` : reason;
    complain(`simulator: ${message}`);
    Deno.exit(isUsage ? 2 : 1);
  }
}
