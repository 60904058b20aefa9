/**
 * The processes of the end-to-end run: starting them, reading their lines, ending them.
 *
 * @module
 */

import { join } from "node:path";
import type { Rig } from "../scene/rig.ts";

/** A child process that prints JSON lines on stdout. */
export interface LineProcess extends AsyncDisposable {
  readonly pid: number;
  /** Every line so far. */
  readonly lines: readonly Record<string, unknown>[];
  readonly status: Promise<Deno.CommandStatus>;
  kill(signal: Deno.Signal): void;
}

/** The agent's environment: everything that it may write is in the rig's folder. */
export function agentEnvironment({ folder }: Pick<Rig, "folder">): Record<string, string> {
  return { HOME: folder, IH_MINER_CACHE: join(folder, "cache"), NO_COLOR: "1" };
}

/** Starts a process with only the given environment variables. It inherits stderr. */
export function startProcess(
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  folder?: string,
): LineProcess {
  const child = new Deno.Command(command, {
    args: [...args],
    env: { ...env },
    clearEnv: true,
    ...(folder === undefined ? {} : { cwd: folder }),
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const lines: Record<string, unknown>[] = [];
  const reading = (async (): Promise<void> => {
    let rest = "";
    for await (const chunk of child.stdout.pipeThrough(new TextDecoderStream())) {
      const parts = `${rest}${chunk}`.split("\n");
      rest = parts.pop()!;
      lines.push(...parts.map((line) => JSON.parse(line)));
    }
  })();
  const input = child.stdin;
  let ended = false;
  child.status.then(() => ended = true);
  return {
    pid: child.pid,
    lines,
    status: child.status,
    kill: (signal) => child.kill(signal),
    [Symbol.asyncDispose]: async (): Promise<void> => {
      await input.close().catch(() => {});
      if (!ended) child.kill("SIGTERM");
      await child.status;
      await reading;
    },
  };
}

/** Starts a sidecar process, which turns the sentinel file into SIGHUP for the proxy. */
export function startSidecar(sentinelPath: string, proxyPid: number): AsyncDisposable {
  // It ends with the proxy, even when this process is killed.
  const script = 'while kill -0 "$2" 2>/dev/null; do ' +
    'if [ -e "$1" ]; then rm -f -- "$1"; kill -HUP "$2"; fi; sleep 0.05; done';
  const child = new Deno.Command("sh", {
    args: ["-c", script, "sidecar", sentinelPath, String(proxyPid)],
    stdin: "null",
    stdout: "null",
  }).spawn();
  let ended = false;
  child.status.then(() => ended = true);
  return {
    [Symbol.asyncDispose]: async (): Promise<void> => {
      if (!ended) child.kill("SIGTERM");
      await child.status;
    },
  };
}

/** A value once it is there. */
export type Look<T> = () => T | null | undefined | false | Promise<T | null | undefined | false>;

/**
 * Waits until `look` finds something, and returns it.
 *
 * @param what for the error message.
 * @throws when it takes longer than `timeoutMs`.
 */
export async function waitFor<T>(what: string, look: Look<T>, timeoutMs: number): Promise<T> {
  const endMs = performance.now() + timeoutMs;
  for (;;) {
    const found = await look();
    if (found !== null && found !== undefined && found !== false) return found;
    if (performance.now() > endMs) throw new Error(`${what}: not within ${timeoutMs / 1000} s`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
