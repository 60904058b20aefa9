/**
 * The processes of the stack, as the script sees them: started, listened to line by line, ended.
 *
 * @module
 */

/** A child process whose lines on stdout are JSON. */
export interface LineProcess extends AsyncDisposable {
  readonly pid: number;
  /** Every line so far. */
  readonly lines: readonly Record<string, unknown>[];
  /** Ends when the process does. */
  readonly status: Promise<Deno.CommandStatus>;
  kill(signal: Deno.Signal): void;
}

/** Starts a process, in a folder, with nothing of this environment but what is given. Its stderr is this process's. */
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

/** Turns a sentinel into SIGHUP until it is disposed of: the sidecar, in a process of its own. */
export function startSidecar(sentinelPath: string, proxyPid: number): AsyncDisposable {
  // It ends with the proxy, whatever becomes of us.
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

/** Waits until something holds. */
export async function waitFor<T>(
  what: string,
  look: () => T | null | undefined | false,
  timeoutMs: number,
): Promise<T> {
  const endMs = performance.now() + timeoutMs;
  for (;;) {
    const found = look();
    if (found !== null && found !== undefined && found !== false) return found;
    if (performance.now() > endMs) throw new Error(`${what}: not within ${timeoutMs / 1000} s`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
