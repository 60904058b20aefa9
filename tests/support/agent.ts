import { fileURLToPath } from "node:url";

const MAIN = fileURLToPath(new URL("../../main.ts", import.meta.url));

/** The agent as a process, with its log lines as they come. */
export class Agent implements AsyncDisposable {
  // deno-lint-ignore no-explicit-any -- log lines are read by name
  readonly lines: any[] = [];
  readonly #child: Deno.ChildProcess;
  readonly #reading: Promise<void>;
  #onLine: () => void = () => {};

  constructor(configPath: string, env: Readonly<Record<string, string>> = {}) {
    this.#child = new Deno.Command(Deno.execPath(), {
      args: ["run", "--quiet", "-A", MAIN, configPath],
      env,
      stdin: "null",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    this.#reading = this.#read();
  }

  /** Waits until so many lines with this event were seen, and gives the last of them. */
  // deno-lint-ignore no-explicit-any -- log lines are read by name
  async seen(event: string, count = 1): Promise<any> {
    for (;;) {
      const found = this.lines.filter((line) => line.event === event);
      if (found.length >= count) return found[count - 1];
      await new Promise<void>((resolve) => this.#onLine = resolve);
    }
  }

  get pid(): number {
    return this.#child.pid;
  }

  signal(name: Deno.Signal): void {
    this.#child.kill(name);
  }

  /** Stops it by a signal; gives the exit code and how long it took. */
  async stop(name: Deno.Signal = "SIGTERM"): Promise<{ code: number; seconds: number }> {
    const start = performance.now();
    this.signal(name);
    return { code: await this.code(), seconds: (performance.now() - start) / 1000 };
  }

  /** Kills it, if a test has not stopped it. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.signal("SIGKILL");
    } catch (error) {
      // It has ended.
      if (!(error instanceof TypeError)) throw error;
    }
    await this.code();
  }

  async code(): Promise<number> {
    const { code } = await this.#child.status;
    await this.#reading;
    return code;
  }

  async #read(): Promise<void> {
    let rest = "";
    for await (const chunk of this.#child.stdout.pipeThrough(new TextDecoderStream())) {
      const parts = (rest + chunk).split("\n");
      rest = parts.pop() ?? "";
      this.lines.push(...parts.map((line) => JSON.parse(line)));
      this.#onLine();
    }
  }
}
