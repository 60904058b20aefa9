/**
 * `deno task bench`: what a window costs: time, memory, and bytes on the line.
 *
 * @module
 */

import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArguments, UsageError } from "../src/lib/args.ts";
import { Runtime } from "../src/simulator/mod.ts";
import { agentEnvironment } from "./e2e/processes.ts";
import {
  measureRun,
  measureService,
  type ProcessFigures,
  type RunFigures,
  runTimed,
  type ServiceFigures,
} from "./bench/measure.ts";
import { median, type Series, tableLines } from "./bench/report.ts";
import { type BenchScene, setBenchScene } from "./bench/scene.ts";
import { complain, say, wholeNumber } from "./command_line.ts";
import { readRuntime } from "./scene/runtime_file.ts";

const HELP = `deno task bench: what a window costs, measured from outside on a simulated chain

For each number of records: \`--once auction\` with an empty state folder (first) and with what that run left there
(second); medians of the runs. Then the service: its memory between jobs, and a tick in a known window. Needs GNU time.

  --program FILE          the build to measure (default: dist/ih-miner, which \`deno task compile\` makes)
  --against FILE          another build; both run in turn, and ratios are printed
  --records LIST          numbers of records (default: 16,64,253,4096)
  --runs N                runs of each kind (default: 5)
  --metadata FILE         metadata of the runtime to serve: V15 SCALE bytes; needs --runtime-version
  --runtime-version FILE  its response to state_getRuntimeVersion (default for both: ../shared/subtensor, if it is
                          there, else the simulator's small runtime)
  --no-service            leave out the service, which takes two minutes a build
  --json FILE             write every run as JSON, too
  -h, --help              this text
`;

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const REAL_RUNTIME = join(ROOT, "../shared/subtensor");
const BARE_CLIENT = fileURLToPath(new URL("bench/bare_client.ts", import.meta.url));
/** Validators and our own hotkey, and one competitor. */
const FEWEST_RECORDS = 5;
const MOST_RECORDS = 65_536;
/** The service is measured with so many records, or as many as there are. */
const SERVICE_RECORDS = 253;
/** With an empty state folder, and with what the run before left there. */
const KINDS = ["first", "second"] as const;

interface Options {
  readonly programs: readonly string[];
  readonly records: readonly number[];
  readonly runs: number;
  readonly runtime: Runtime;
  readonly withService: boolean;
}

async function main(): Promise<void> {
  const { values } = parseArguments(Deno.args, {
    program: { type: "string", default: join(ROOT, "dist/ih-miner") },
    against: { type: "string" },
    records: { type: "string", default: "16,64,253,4096" },
    runs: { type: "string", default: "5" },
    metadata: { type: "string" },
    "runtime-version": { type: "string" },
    "no-service": { type: "boolean" },
    json: { type: "string" },
    help: { type: "boolean", short: "h" },
  });
  if (values.help === true) return say(HELP.trimEnd());
  const paths = [values.program, values.against].filter((path) => typeof path === "string");
  const programs = await Promise.all(paths.map(existing));
  const options: Options = {
    programs,
    records: String(values.records).split(",").map((text) =>
      wholeNumber("--records", text, FEWEST_RECORDS, MOST_RECORDS)
    ),
    runs: wholeNumber("--runs", values.runs, 1),
    runtime: await runtimeOf(values.metadata, values["runtime-version"]),
    withService: values["no-service"] !== true,
  };
  const results = await measureAll(options);
  const [own = [], against = []] = results.series;
  say(`\n${tableLines(own, against).join("\n")}`);
  if (typeof values.json === "string") {
    await Deno.writeTextFile(values.json, `${JSON.stringify(results, null, 2)}\n`);
  }
}

/** Everything that was measured. */
interface Results {
  /** By program, in the order of the command line. */
  readonly series: readonly Series[][];
  readonly floors: readonly (ProcessFigures & { readonly records: number; readonly questions: number })[];
  readonly services: readonly (ServiceFigures & { readonly program: string })[];
}

async function measureAll({ programs, records, runs, runtime, withService }: Options): Promise<Results> {
  const results = { series: programs.map((): Series[] => []), floors: [], services: [] } as {
    series: Series[][];
    floors: Results["floors"][number][];
    services: Results["services"][number][];
  };
  for (const count of records) {
    await using scene = await setBenchScene(count, runtime);
    say(`${count} records, ${runs} runs …`);
    const measured = await measureRuns(scene, programs, runs);
    for (const kind of KINDS) {
      programs.forEach((program, i) =>
        results.series[i]!.push({
          situation: `${count} records, ${kind} run`,
          program: basename(program),
          runs: measured[i]![kind],
        })
      );
    }
    results.floors.push({ records: count, ...await measureFloor(scene, runs) });
    if (!withService || count !== (records.includes(SERVICE_RECORDS) ? SERVICE_RECORDS : records.at(-1))) {
      continue;
    }
    for (const program of programs) {
      results.services.push({ program: basename(program), ...await measureOneService(program, scene) });
    }
  }
  return results;
}

/** Runs of each kind, by program. */
async function measureRuns(
  scene: BenchScene,
  programs: readonly string[],
  runs: number,
): Promise<Record<(typeof KINDS)[number], RunFigures[]>[]> {
  const measured = programs.map(() => ({ first: [] as RunFigures[], second: [] as RunFigures[] }));
  for (let run = 0; run < runs; run++) {
    // Forwards and backwards in turn: neither build always runs first.
    const order = programs.map((_, i) => i);
    for (const i of run % 2 === 0 ? order : order.toReversed()) {
      await scene.forget();
      for (const kind of KINDS) {
        await scene.restorePools();
        measured[i]![kind].push(await measureRun(programs[i]!, scene));
      }
    }
  }
  return measured;
}

/** What a bare client takes to ask the questions of the last run. */
async function measureFloor(
  { relay, rig }: BenchScene,
  runs: number,
): Promise<ProcessFigures & { readonly questions: number }> {
  const questions = relay.recording.messages.filter(({ from }) => from === "client").map(({ text }) => text);
  const path = join(rig.folder, "questions.json");
  await Deno.writeTextFile(path, JSON.stringify(questions));
  const command = [Deno.execPath(), "run", "--quiet", "--no-config", "-A", BARE_CLIENT, relay.url, path];
  const floors: ProcessFigures[] = [];
  for (let run = 0; run < runs; run++) {
    floors.push((await runTimed(command, agentEnvironment(rig), rig.folder)).figures);
  }
  const floor = {
    questions: questions.length,
    wallMs: median(floors.map(({ wallMs }) => wallMs)),
    cpuMs: median(floors.map(({ cpuMs }) => cpuMs)),
    peakMb: median(floors.map(({ peakMb }) => peakMb)),
  };
  say(
    `  floor: a bare client asks the same ${floor.questions} questions in ${
      floor.wallMs.toFixed(0)
    } ms wall, ` +
      `${floor.cpuMs.toFixed(0)} ms CPU, ${floor.peakMb.toFixed(1)} MB peak`,
  );
  return floor;
}

async function measureOneService(program: string, scene: BenchScene): Promise<ServiceFigures> {
  await scene.forget();
  const figures = await measureService(program, scene);
  const { residentMb, tickRequests, tickKb } = figures;
  say(
    `  service, ${basename(program)}: ${
      residentMb.toFixed(1)
    } MB resident between jobs; a tick in a known window: ` +
      `${tickRequests} requests, ${tickKb.toFixed(1)} kB`,
  );
  return figures;
}

async function runtimeOf(metadata: unknown, version: unknown): Promise<Runtime> {
  if ((metadata === undefined) !== (version === undefined)) {
    throw new UsageError("--metadata and --runtime-version go together");
  }
  if (typeof metadata === "string" && typeof version === "string") {
    return await readRuntime(metadata, version);
  }
  try {
    const runtime = await readRuntime(
      join(REAL_RUNTIME, "metadata-v15-318.scale"),
      join(REAL_RUNTIME, "runtime-version-318.json"),
    );
    say("runtime: mainnet's, spec version 318");
    return runtime;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    say("runtime: the simulator's; mainnet's metadata is about seven times as large");
    return Runtime.builtin();
  }
}

/** @throws {UsageError} when there is no such file. */
async function existing(path: string): Promise<string> {
  try {
    return await Deno.realPath(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new UsageError(`There is no ${path}; build it with \`deno task compile\`, or name one`, {
      cause: error,
    });
  }
}

if (import.meta.main) {
  try {
    await main();
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    complain(error.message);
    Deno.exitCode = 2;
  }
}
