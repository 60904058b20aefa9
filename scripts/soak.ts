/**
 * `deno task soak`: the real program against everything at once, in accelerated windows. Each window is held against an
 * independent computation; memory and handles must not grow.
 *
 * Talks to 127.0.0.1 only, and ends by itself.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { join, resolve } from "node:path";
import { parseArguments } from "../src/lib/args.ts";
import { say, wholeNumber } from "./command_line.ts";
import { waitFor } from "./e2e/processes.ts";
import { findReferenceCbc } from "./parity/reference_cbc.ts";
import { Random } from "./random.ts";
import { type Kill, planKills, planWindow, type WindowPlan } from "./soak/plan.ts";
import { SoakScene } from "./soak/scene.ts";
import { failuresOf, type SoakFigures, soakSection } from "./soak/tally.ts";
import { type PlayedWindow, WindowPlayer } from "./soak/window.ts";

const START_PATIENCE_MS = 60_000;
const ROOT = fileURLToPath(new URL("..", import.meta.url));

const HELP = `deno task soak: the real program against everything at once, window by window

Faults of the line, edits of the configuration and of the proxy's file, hooks and ASICs that fail, a slow cbc, SIGHUP,
steps of the clock, and one SIGKILL in each full five minutes. Exits with 1 when a window is missed or routed wrongly,
when the agent ends by itself, or when memory or handles grow. docs/reliability.md says when a window counts as missed.

  --minutes N      how long (default: 30)
  --seed S         seed of everything random (default: a random one, which is printed)
  --program FILE   the one-file program (default: dist/ih-miner, or the agent from source if there is none)
  --report FILE    also write the result to FILE, as Markdown, for docs/reliability.md
`;

const { values } = parseArguments(Deno.args, {
  minutes: { type: "string", default: "30" },
  seed: { type: "string", default: String(Math.floor(Math.random() * 1e6)) },
  program: { type: "string" },
  report: { type: "string" },
  help: { type: "boolean" },
});
if (values.help === true) {
  say(HELP.trimEnd());
  Deno.exit(0);
}
const minutes = wholeNumber("--minutes", values.minutes, 1);
const seed = wholeNumber("--seed", values.seed);
const program = await findProgram(values.program);
const found = await findReferenceCbc();
const cbc = "path" in found ? found.path : null;
const random = new Random(seed);

say(`seed ${seed}; ${program ?? "from source"}; ${cbc === null ? "built-in engine" : `cbc ${cbc}`}`);
const figures = await soak();
const section = soakSection(figures);
say(`\n${section}`);
if (values.report !== undefined) await Deno.writeTextFile(pathOf(values.report), section);
Deno.exit(failuresOf(figures).length === 0 ? 0 : 1);

async function soak(): Promise<SoakFigures> {
  await using scene = await SoakScene.open({ program, cbc, random });
  const { agent, lines } = scene;
  const player = new WindowPlayer(scene);
  const kills = planKills(minutes, random);
  const plans: WindowPlan[] = [];
  const played: PlayedWindow[] = [];
  agent.start();
  // A configuration that is broken at the start ends it, and must.
  await waitFor("the agent's start", () => agent.hasStarted, START_PATIENCE_MS);
  const startMs = performance.now();
  const elapsedMs = (): number => performance.now() - startMs;
  while (elapsedMs() < minutes * 60_000 && agent.deaths.length === 0) {
    const kill: Kill | null = kills[0] !== undefined && kills[0].notBeforeMs <= elapsedMs()
      ? kills.shift()!
      : null;
    const plan = planWindow(random);
    const window = await player.play(plan, kill);
    plans.push(plan);
    played.push(window);
    say(describe(window, elapsedMs()));
    if (window.missed === null && window.wrong === null) continue;
    say(JSON.stringify(plan));
    for (const line of agent.lastLines(15)) say(`  ${JSON.stringify(line).slice(0, 400)}`);
  }
  const code = agent.deaths.length === 0 ? await agent.stop() : 0;
  const lineOf = (text: string, { window }: PlayedWindow): string => `window ${window.firstBlock}: ${text}`;
  return {
    command: `deno task soak --minutes ${minutes} --seed ${seed}`,
    seed,
    minutes,
    program: program === null ? "the agent from source" : "the compiled program",
    solver: cbc === null
      ? "the built-in engine, as the validators' cbc was not found"
      : "the validators' cbc",
    skipped: agent.hasClock ? [] : ["clock steps, as libfaketime is not installed"],
    windows: played.length,
    missed: played.flatMap((window) => window.missed === null ? [] : [lineOf(window.missed, window)]),
    wrong: played.flatMap((window) => window.wrong === null ? [] : [lineOf(window.wrong, window)]),
    tookMs: played.filter(({ wasKilled }) => !wasKilled).map(({ tookMs }) => tookMs),
    faults: lines.struck,
    edits: player.edits,
    mishaps: player.mishaps,
    hooks: countBy(plans.map(({ hook }) => hook).filter((hook) => hook !== "well")),
    slowSolver: cbc === null ? 0 : plans.filter(({ cbcDelaySeconds }) => cbcDelaySeconds > 0).length,
    hangUps: plans.filter(({ hangUpAfterMs }) => hangUpAfterMs !== null).length,
    clockSteps: agent.hasClock
      ? plans.filter(({ clockOffsetSeconds }) => clockOffsetSeconds !== null).length
      : 0,
    reorganisations: plans.filter(({ isReorganised }) => isReorganised).length,
    unproven: played.filter(({ isUnproven }) => isUnproven).length,
    restarts: agent.restarts,
    deaths: [...agent.deaths, ...(code === 0 ? [] : [`it was stopped, and its exit code is ${code}`])],
    samples: agent.samples,
  };
}

function describe(
  { window, missed, wrong, wonTh, tookMs, fault, wasKilled }: PlayedWindow,
  atMs: number,
): string {
  return [
    `${(atMs / 60_000).toFixed(1).padStart(5)} min`,
    `window ${window.firstBlock}`,
    `won ${String(wonTh).padStart(5)} TH/s`,
    `${(tookMs / 1000).toFixed(1).padStart(5)} s`,
    ...(wasKilled ? ["after SIGKILL"] : []),
    ...(fault === null ? [] : [fault]),
    ...(missed === null ? [] : [`MISSED: ${missed}`]),
    ...(wrong === null ? [] : [`WRONG: ${wrong}`]),
  ].join("   ");
}

function countBy(kinds: readonly string[]): Map<string, number> {
  return new Map([...Map.groupBy(kinds, (kind) => kind)].map(([kind, all]) => [kind, all.length]));
}

/** The program that was named or built; `null` when there is none. */
async function findProgram(named: unknown): Promise<string | null> {
  if (named !== undefined) return pathOf(named);
  const built = join(ROOT, "dist", "ih-miner");
  return await Deno.stat(built).then(() => built, () => null);
}

/** A path as typed, relative to the folder in which the task was called. */
function pathOf(typed: unknown): string {
  return resolve(Deno.env.get("INIT_CWD") ?? "", String(typed));
}
