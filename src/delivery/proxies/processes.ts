/**
 * The process calls of routing behind a small interface, so that tests can stand in for a proxy.
 *
 * @module
 */

import { type ProgramEnd, ProgramStartError, runProgram } from "../../lib/program.ts";

/** How a reload command ended; `code` is `null` if it timed out. */
export type CommandEnd = Pick<ProgramEnd, "code" | "stderr">;

/** Other processes. */
export interface Processes {
  /** The agent's own PID. */
  readonly ownPid: number;
  /** @throws errors of `Deno.errors`. */
  signal(pid: number, signal: Deno.Signal): void;
  /** The ages of processes; `null` if unknown. */
  ageSeconds(pids: readonly number[]): Promise<readonly number[] | null>;
  /**
   * Runs a program without a shell, and terminates it on timeout.
   *
   * @throws {import("../../lib/program.ts").ProgramStartError} if it cannot be started.
   */
  run(words: readonly string[], options: { readonly timeoutMs: number }): Promise<CommandEnd>;
}

const PS_TIMEOUT_MS = 2_000;

/** The real processes. */
export const osProcesses: Processes = {
  ownPid: Deno.pid,
  signal: (pid, signal) => Deno.kill(pid, signal),
  ageSeconds,
  async run(words, { timeoutMs }): Promise<CommandEnd> {
    const { code, stderr } = await runProgram(words, { timeoutMs });
    return { code, stderr };
  },
};

/** Asks `ps`, since Deno allows reading /proc only with all permissions. Not every `ps` can tell. */
async function ageSeconds(pids: readonly number[]): Promise<readonly number[] | null> {
  const ages = new Map<number, number>();
  try {
    await runProgram(["ps", "-o", "pid=,etimes=", "-p", pids.join(",")], {
      timeoutMs: PS_TIMEOUT_MS,
      onLine: (stream, line) => {
        const [, pid, age] = /^\s*(\d+)\s+(\d+)\s*$/.exec(line) ?? [];
        if (stream === "stdout" && pid !== undefined) ages.set(Number(pid), Number(age));
      },
    });
  } catch (error) {
    if (!(error instanceof ProgramStartError)) throw error;
  }
  const found = pids.flatMap((pid) => ages.get(pid) ?? []);
  return found.length === pids.length ? found : null;
}
