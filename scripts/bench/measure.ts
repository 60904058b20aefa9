/**
 * Measures a build from outside: one run of `--once auction`, and the service between two jobs.
 *
 * @module
 */

import { join } from "node:path";
import { z } from "zod";
import { agentEnvironment, type LineProcess, startProcess, waitFor } from "../e2e/processes.ts";
import { unitEnvironment } from "../scene/unit_environment.ts";
import type { BenchScene } from "./scene.ts";
import type { Recording } from "./recording_relay.ts";
import { stagesOf, type StageTimes } from "./stages.ts";

/** GNU time: the operating system's own account of a finished process. */
const TIME = "/usr/bin/time";
/** How long the service may settle after its first jobs: threads of Deno's that are out of work end after ten seconds. */
const SETTLE_MS = 20_000;
/** Ticks come each minute. */
const TICK_LIMIT_MS = 75_000;
/** A tick's questions come within so long before its log line. */
const TICK_MS = 1_000;

/** Whole-process figures. */
export interface ProcessFigures {
  readonly wallMs: number;
  readonly cpuMs: number;
  /** Peak of the resident memory. */
  readonly peakMb: number;
}

/** What went over the line. */
export interface LineFigures {
  readonly requests: number;
  readonly sentKb: number;
  readonly receivedKb: number;
}

/** One run of `--once auction`. */
export interface RunFigures extends ProcessFigures, LineFigures {
  readonly stages: StageTimes;
}

/** The service in a window that it has computed. */
export interface ServiceFigures {
  /** Resident memory some seconds after the first job. */
  readonly residentMb: number;
  /** The questions and bytes (both ways) of a tick. */
  readonly tickRequests: number;
  readonly tickKb: number;
}

const logLineSchema = z.object({ event: z.string(), timestamp: z.string() });
const documentSchema = z.object({ solver: z.object({ duration_ms: z.number() }) });

/**
 * Runs `--once auction`.
 *
 * @throws {Error} when the program fails, with what it said.
 */
export async function measureRun(program: string, { rig, relay }: BenchScene): Promise<RunFigures> {
  relay.begin();
  const startedAtMs = performance.timeOrigin + performance.now();
  const { output, figures } = await runTimed(
    [program, rig.configPath, "--once", "auction", "--log-format", "json"],
    agentEnvironment(rig),
    rig.folder,
  );
  const lines = output.stderr.trim().split("\n").map((line) => logLineSchema.parse(JSON.parse(line)));
  const computed = lines.find(({ event }) => event === "Auction results computed");
  if (computed === undefined) throw new Error(`${program} computed no auction:\n${output.stderr}`);
  const stages = stagesOf({
    startedAtMs,
    endedAtMs: startedAtMs + figures.wallMs,
    recording: relay.recording,
    computedAtMs: Date.parse(computed.timestamp),
    solveMs: documentSchema.parse(JSON.parse(output.stdout)).solver.duration_ms,
  });
  return { ...figures, ...lineFigures(relay.recording), stages };
}

/**
 * Runs a command under GNU time.
 *
 * @throws {Error} when it fails, with what it said on stderr.
 */
export async function runTimed(
  command: readonly string[],
  env: Readonly<Record<string, string>>,
  folder: string,
): Promise<{ output: { stdout: string; stderr: string }; figures: ProcessFigures }> {
  const accountPath = join(folder, "account");
  const startMs = performance.now();
  const { code, stdout, stderr } = await new Deno.Command(TIME, {
    args: ["-q", "-f", "%U %S %M", "-o", accountPath, ...command],
    env: { ...env },
    clearEnv: true,
    stdin: "null",
  }).output();
  const wallMs = performance.now() - startMs;
  const text = new TextDecoder();
  const output = { stdout: text.decode(stdout), stderr: text.decode(stderr) };
  if (code !== 0) throw new Error(`${command.join(" ")} ended with ${code}:\n${output.stderr}`);
  const [userS, systemS, peakKb] = (await Deno.readTextFile(accountPath)).trim().split(" ").map(Number);
  return { output, figures: { wallMs, cpuMs: (userS! + systemS!) * 1000, peakMb: peakKb! / 1024 } };
}

/** Runs the service with the unit's environment until its second tick. */
export async function measureService(
  program: string,
  { rig, relay }: BenchScene,
): Promise<ServiceFigures> {
  relay.begin();
  await using agent = startProcess(
    program,
    [rig.configPath, "--log-format", "json", "--log-level", "debug"],
    { ...unitEnvironment(), ...agentEnvironment(rig) },
  );
  await waitFor(
    "the service's first auction",
    () => timeOf(agent, "Auction results computed"),
    TICK_LIMIT_MS,
  );
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  const residentMb = await residentMegabytes(agent.pid);
  const tickAtMs = await waitFor(
    "a tick in a known window",
    () => timeOf(agent, "Routing already right"),
    TICK_LIMIT_MS,
  );
  const messages = relay.recording.messages
    .filter(({ atMs }) => atMs >= tickAtMs - TICK_MS && atMs <= tickAtMs);
  const { requests, sentKb, receivedKb } = lineFigures({ ...relay.recording, messages });
  agent.kill("SIGTERM");
  await agent.status;
  return { residentMb, tickRequests: requests, tickKb: sentKb + receivedKb };
}

/** When the first such line was logged, in milliseconds since 1970. */
function timeOf({ lines }: LineProcess, event: string): number | null {
  const line = lines.find((line) => line["event"] === event);
  return line === undefined ? null : Date.parse(logLineSchema.parse(line).timestamp);
}

function lineFigures({ messages }: Recording): LineFigures {
  const kilobytes = (from: string): number =>
    messages.filter((message) => message.from === from).reduce((sum, { bytes }) => sum + bytes, 0) / 1000;
  return {
    requests: messages.filter(({ from }) => from === "client").length,
    sentKb: kilobytes("client"),
    receivedKb: kilobytes("node"),
  };
}

async function residentMegabytes(pid: number): Promise<number> {
  const status = await Deno.readTextFile(`/proc/${pid}/status`);
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)![1]) / 1024;
}
