/**
 * Running a CBC program: finding it, telling its build, and one bounded run.
 *
 * @module
 */

import type { SolverBuild } from "../types.ts";
import { asError } from "../../../lib/errors.ts";

/** What went wrong with an external solver. */
export type CbcFailure =
  /** The program could not be started. */
  | "not-started"
  /** It ran out of time and was killed. */
  | "timeout"
  /** It ended with an error or by a signal. */
  | "crashed"
  /** It ended well and left no solution file. */
  | "no-solution"
  /** Its solution file is not one. */
  | "unreadable-solution"
  /** The auction cannot be written as an MPS file. */
  | "unwritable-problem";

/** The external solver gave no outcome. Validators have none either when this happens to them. */
export class CbcError extends Error {
  override readonly name = "CbcError";
  /** What went wrong, for programs. */
  readonly failure: CbcFailure;

  constructor(failure: CbcFailure, message: string, options?: ErrorOptions) {
    super(message, options);
    this.failure = failure;
  }
}

/** The build whose outcomes are the validators' own: the program inside the PuLP 3.3 wheel. */
export const VALIDATOR_BUILD: SolverBuild = { version: "2.10.3", buildDate: "Dec 15 2019" };

/** Whether this is the validators' build. */
export function isValidatorBuild(build: SolverBuild | null): boolean {
  return build?.version === VALIDATOR_BUILD.version && build.buildDate === VALIDATOR_BUILD.buildDate;
}

/** The build in what CBC prints when it starts (`Version: 2.10.3`, `Build Date: Dec 15 2019`), or `null`. */
export function parseBuild(output: string): SolverBuild | null {
  const version = /^Version: +(\S+)/m.exec(output)?.[1];
  const buildDate = /^Build Date: +(.*\S)/m.exec(output)?.[1];
  return version === undefined || buildDate === undefined
    ? null
    : { version, buildDate: buildDate.replace(/ +/g, " ") };
}

/** Limits of one run of an external program. */
export interface RunLimits {
  /** The folder it runs in. */
  readonly folder: string;
  /** After this it is killed, in milliseconds. */
  readonly timeLimitMs: number;
  /** Kills it as well; `run` then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** Runs CBC as {@linkcode runCbc} does, be it in another thread. */
export type RunCbc = (
  command: readonly string[],
  args: readonly string[],
  limits: RunLimits,
) => Promise<string>;

/** So much of what a program prints is kept. */
const OUTPUT_LIMIT_BYTES = 32 * 1024;
/** How long output is waited for when the program has ended and something else keeps the pipe open. */
const OUTPUT_GRACE_MS = 500;

/**
 * Runs CBC to its end, with an empty environment and no input, in a process group of its own: what a wrapper around
 * the program started ends with it. Needs the right to run and to signal any program, which a job's worker has not.
 *
 * @param command the program and its leading arguments, e.g. `["qemu-x86_64-static", "-L", root, path]`
 * @returns the beginning of what it printed
 * @throws {CbcError} when it cannot be started, ends with an error, or takes too long
 */
export async function runCbc(
  command: readonly string[],
  args: readonly string[],
  { folder, timeLimitMs, signal }: RunLimits,
): Promise<string> {
  const [program, ...leading] = command;
  if (program === undefined) {
    throw new CbcError("not-started", "Cannot run cbc: its command is empty; give a path or a list of words");
  }
  signal?.throwIfAborted();
  let child: Deno.ChildProcess;
  try {
    child = new Deno.Command(program, {
      args: [...leading, ...args],
      cwd: folder,
      clearEnv: true,
      detached: true,
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
  } catch (error) {
    throw new CbcError(
      "not-started",
      `Cannot run cbc: ${program} does not start (${
        asError(error).message
      }); correct [solver] cbc or IH_MINER_CBC`,
      {
        cause: error,
      },
    );
  }
  let isTimedOut = false;
  const kill = (): void => {
    try {
      Deno.kill(-child.pid, "SIGKILL");
    } catch {
      // All of it has ended by itself.
    }
  };
  const timer = setTimeout(() => {
    isTimedOut = true;
    kill();
  }, timeLimitMs);
  signal?.addEventListener("abort", kill, { once: true });
  const output = collect(child.stdout);
  const errors = collect(child.stderr);
  try {
    const status = await child.status;
    const [printed, complaint] = await Promise.all([output.text(), errors.text()]);
    signal?.throwIfAborted();
    if (isTimedOut) {
      throw new CbcError(
        "timeout",
        `Cannot use cbc: it took longer than ${Math.round(timeLimitMs)} ms and was stopped`,
      );
    }
    if (!status.success) {
      const how = status.signal === null ? `exit code ${status.code}` : `signal ${status.signal}`;
      const last = (complaint.trim() || printed.trim()).split("\n").at(-1)?.slice(0, 200);
      throw new CbcError("crashed", `Cannot use cbc: it ended with ${how}${last ? ` ("${last}")` : ""}`);
    }
    return printed;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", kill);
    kill();
  }
}

/**
 * Asks a program for its build without solving anything.
 *
 * @returns `null` when it does not print one
 * @throws {CbcError} when it cannot be run
 */
export async function identifyCbc(
  command: readonly string[],
  limits: RunLimits,
): Promise<SolverBuild | null> {
  return parseBuild(await runCbc(command, ["-quit"], limits));
}

/** Reads a pipe to its end and keeps the beginning. */
function collect(stream: ReadableStream<Uint8Array>): { text: () => Promise<string> } {
  const reader = stream.getReader();
  const chunks: Uint8Array[] = [];
  let kept = 0;
  const finished = (async (): Promise<void> => {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      if (kept < OUTPUT_LIMIT_BYTES) chunks.push(value.subarray(0, OUTPUT_LIMIT_BYTES - kept));
      kept += value.length;
    }
  })();
  return {
    text: async (): Promise<string> => {
      let timer: ReturnType<typeof setTimeout> | undefined;
      const grace = new Promise<void>((resolve) => timer = setTimeout(resolve, OUTPUT_GRACE_MS));
      await Promise.race([finished, grace]);
      clearTimeout(timer);
      await reader.cancel();
      await finished;
      const decoder = new TextDecoder();
      return chunks.map((chunk) => decoder.decode(chunk, { stream: true })).join("");
    },
  };
}
