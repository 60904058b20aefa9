/**
 * Other processes as routing uses them, behind one small interface, so that tests can stand in for a proxy.
 *
 * @module
 */

import { type ProgramEnd, runProgram } from "../lib/program.ts";

/** How a reload command ended; its `code` is `null` when it was ended for taking too long. */
export type CommandEnd = Pick<ProgramEnd, "code" | "stderr">;

/** The calls routing makes. */
export interface Processes {
  /** The agent's own process id. */
  readonly ownPid: number;
  /** @throws errors of `Deno.errors`. */
  signal(pid: number, signal: Deno.Signal): void;
  /**
   * Runs a program without a shell; it is ended when it takes too long.
   *
   * @throws {import("../lib/program.ts").ProgramStartError} when it cannot be started.
   */
  run(words: readonly string[], options: { readonly timeoutMs: number }): Promise<CommandEnd>;
}

/** The real thing. */
export const osProcesses: Processes = {
  ownPid: Deno.pid,
  signal: (pid, signal) => Deno.kill(pid, signal),
  async run(words, { timeoutMs }): Promise<CommandEnd> {
    const { code, stderr } = await runProgram(words, { timeoutMs });
    return { code, stderr };
  },
};
