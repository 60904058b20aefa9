/**
 * Finds a CBC program, reads which build it is, and runs it within limits.
 *
 * @module
 */

import type { SolverBuild } from "../types.ts";
import { asError } from "../../../lib/errors.ts";
import { ProgramStartError, runProgram } from "../../../lib/program.ts";

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

  constructor(readonly failure: CbcFailure, message: string, options?: ErrorOptions) {
    super(message, options);
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

/** How much of the beginning of the output is kept. */
const OUTPUT_LIMIT_CHARACTERS = 32 * 1024;

/**
 * Runs CBC to its end, with an empty environment, no input and low priority, in a process group of its own: what a wrapper
 * around the program started is killed with it. Needs permission to run and to signal any program, which a
 * job's worker lacks.
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
  if (command.length === 0) {
    throw new CbcError("not-started", "Cannot run cbc: its command is empty; give a path or a list of words");
  }
  signal?.throwIfAborted();
  const output = { stdout: "", stderr: "" };
  const end = await runProgram([...command, ...args], {
    cwd: folder,
    clearEnv: true,
    timeoutMs: timeLimitMs,
    ...(signal === undefined ? {} : { signal }),
    graceMs: 0,
    killBackground: true,
    lowPriority: true,
    onText: (stream, text) => {
      output[stream] = (output[stream] + text).slice(0, OUTPUT_LIMIT_CHARACTERS);
    },
  }).catch((error) => {
    if (!(error instanceof ProgramStartError)) throw error;
    const why = `${error.program} does not start (${asError(error.cause).message})`;
    throw new CbcError("not-started", `Cannot run cbc: ${why}; correct [solver] cbc or IH_MINER_CBC`, {
      cause: error,
    });
  });
  signal?.throwIfAborted();
  if (end.code === null) {
    const limit = `${(timeLimitMs / 1000).toFixed(1)} s`;
    throw new CbcError("timeout", `Cannot use cbc: it took longer than ${limit} and was stopped`);
  }
  if (end.code !== 0) {
    const how = end.signal === null ? `exit code ${end.code}` : `signal ${end.signal}`;
    const said = (output.stderr.trim() || output.stdout.trim()).split("\n").at(-1)?.slice(0, 200);
    throw new CbcError("crashed", `Cannot use cbc: it ended with ${how}${said ? ` ("${said}")` : ""}`);
  }
  return output.stdout;
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
