/**
 * Other processes as routing uses them, behind one small interface, so that tests can stand in for a proxy.
 *
 * @module
 */

/** How a program ended. */
export interface ProgramEnd {
  /** The exit code; `null` when it was ended for taking too long. */
  readonly code: number | null;
  /** The end of what it wrote to stderr. */
  readonly stderr: string;
}

/** The calls routing makes. Errors are those of `Deno.errors`. */
export interface Processes {
  /** The agent's own process id. */
  readonly ownPid: number;
  signal(pid: number, signal: Deno.Signal): void;
  /** Runs a program without a shell; it is ended when it takes too long. */
  run(words: readonly string[], options: { readonly timeoutMs: number }): Promise<ProgramEnd>;
}

/** So much of a program's stderr is kept. */
const STDERR_BYTES = 2_000;

/** A program that has ended may have left its stderr open to a child. */
const STDERR_PATIENCE_MS = 200;

/** The real thing. */
export const osProcesses: Processes = {
  ownPid: Deno.pid,
  signal: (pid, signal) => Deno.kill(pid, signal),
  async run([program = "", ...args], { timeoutMs }): Promise<ProgramEnd> {
    const child = new Deno.Command(program, { args, stdin: "null", stdout: "null", stderr: "piped" }).spawn();
    const tail = new StderrTail(child.stderr);
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      child.kill("SIGKILL");
    }, timeoutMs);
    const { code } = await child.status;
    clearTimeout(timer);
    return { code: timedOut ? null : code, stderr: await tail.finish() };
  },
};

/** Reads a stream and keeps its end. */
class StderrTail {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>;
  readonly #done: Promise<void>;
  #bytes = new Uint8Array();

  constructor(stream: ReadableStream<Uint8Array<ArrayBuffer>>) {
    this.#reader = stream.getReader();
    this.#done = this.#read();
  }

  async finish(): Promise<string> {
    let timer: number | undefined;
    const patience = new Promise<void>((resolve) => timer = setTimeout(resolve, STDERR_PATIENCE_MS));
    await Promise.race([this.#done, patience]);
    clearTimeout(timer);
    await this.#reader.cancel();
    return new TextDecoder().decode(this.#bytes).trim();
  }

  async #read(): Promise<void> {
    for (;;) {
      const { value, done } = await this.#reader.read();
      if (done) return;
      const joined = new Uint8Array(this.#bytes.length + value.length);
      joined.set(this.#bytes);
      joined.set(value, this.#bytes.length);
      this.#bytes = joined.slice(-STDERR_BYTES);
    }
  }
}
