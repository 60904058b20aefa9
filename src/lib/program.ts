/**
 * Finding programs and running them: without a shell, for a limited time, reading the output as it arrives.
 *
 * @module
 */

import { constants, setPriority } from "node:os";
import { asError } from "./errors.ts";

/** The pipe that a program wrote a line to. */
export type OutputStream = "stdout" | "stderr";

/** Options of {@link runProgram}; `env` is added to the inherited variables unless `clearEnv` is set. */
export interface ProgramOptions extends Pick<Deno.CommandOptions, "cwd" | "env" | "clearEnv"> {
  /** A program that runs longer is killed. */
  readonly timeoutMs: number;
  /** Text for the program's stdin, which it need not read; by default stdin is empty. */
  readonly stdin?: string;
  /** Called with each line, without its line feed, cut after 2,000 characters. Must not throw. */
  readonly onLine?: (stream: OutputStream, line: string) => void;
  /** Called with all output, in pieces as it arrives. Must not throw. */
  readonly onText?: (stream: OutputStream, text: string) => void;
  /** Kills the program as the timeout does. */
  readonly signal?: AbortSignal;
  /**
   * Time between SIGTERM and SIGKILL, and from SIGKILL until an unkillable program is abandoned. 0 sends
   * SIGKILL at once.
   *
   * @default 2_000
   */
  readonly graceMs?: number;
  /** Whether to run it when nothing else wants the processor. @default false */
  readonly lowPriority?: boolean;
  /** Whether to kill what the program leaves running in its process group when it exits. @default false */
  readonly killBackground?: boolean;
  /** Sends a signal; a negative id means the process group. @default Deno.kill */
  readonly kill?: (pid: number, signal: Deno.Signal) => void;
}

/** How a program ended. */
export interface ProgramEnd {
  /** The exit code, 128 + n after signal n; `null` when {@link runProgram} killed it. */
  readonly code: number | null;
  /** The signal that killed the program; `null` when it exited. */
  readonly signal: Deno.Signal | null;
  /** The end of what it wrote to stderr. */
  readonly stderr: string;
}

/** A program could not be started. The message names the program but none of its arguments. */
export class ProgramStartError extends Error {
  override readonly name = "ProgramStartError";

  constructor(readonly program: string, message: string, options?: ErrorOptions) {
    super(message, options);
  }
}

/** How much of the end of stderr is kept. */
export const MAX_OUTPUT_TAIL_CHARACTERS = 2_000;
/** Longer lines are cut: a program may write forever without a line feed. */
export const MAX_OUTPUT_LINE_CHARACTERS = 2_000;
/** How long to read on after the program ended: a child of it may keep the pipes open. */
const OUTPUT_PATIENCE_MS = 200;
const GRACE_MS = 2_000;

/**
 * The full path of a program, so that it can run without an environment: a word with a slash is relative to
 * the working directory, any other is searched for in `searchPath`.
 *
 * @param searchPath the value of `PATH`; empty when unset.
 * @returns `null` when there is no such executable file.
 */
export async function locateProgram(program: string, searchPath: string): Promise<string | null> {
  const candidates = program.startsWith("/")
    ? [program]
    : program.includes("/")
    ? [`${Deno.cwd()}/${program}`]
    : searchPath.split(":").filter((folder) => folder !== "").map((folder) => `${folder}/${program}`);
  for (const candidate of candidates) {
    try {
      const { isFile, mode } = await Deno.stat(candidate);
      if (isFile && (mode === null || (mode & 0o111) !== 0)) return candidate;
    } catch (error) {
      const isAbsent = error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory ||
        error instanceof Deno.errors.PermissionDenied;
      if (!isAbsent) throw error;
    }
  }
  return null;
}

/**
 * Runs a program to its end, in a process group of its own. After `timeoutMs`, or when `signal` aborts, the
 * whole group receives SIGTERM, and SIGKILL after `graceMs`.
 *
 * @param words the program and its arguments; a name without a slash is searched for in `PATH`.
 * @throws {ProgramStartError} when the program is missing or cannot be executed.
 */
export async function runProgram(words: readonly string[], options: ProgramOptions): Promise<ProgramEnd> {
  const { timeoutMs, stdin, signal, graceMs = GRACE_MS, killBackground = false, kill = Deno.kill } = options;
  const child = await start(words, options);
  const stderr = new Output("stderr", child, options);
  const outputs = wantsStdout(options) ? [stderr, new Output("stdout", child, options)] : [stderr];
  if (stdin !== undefined) feed(child.stdin, stdin);

  const send = (name: Deno.Signal): void => {
    try {
      kill(-child.pid, name);
    } catch {
      // The group is gone already, or belongs to another user; either way there is nothing else to try.
    }
  };
  const abandoned = Promise.withResolvers<null>();
  let isKilled = false;
  let timer: number;
  const killAtOnce = (): void => {
    send("SIGKILL");
    // The program belongs to another user or is stuck in the kernel.
    timer = setTimeout(() => abandoned.resolve(null), graceMs || GRACE_MS);
  };
  const stop = (): void => {
    if (isKilled) return;
    isKilled = true;
    clearTimeout(timer);
    if (graceMs === 0) return killAtOnce();
    send("SIGTERM");
    timer = setTimeout(killAtOnce, graceMs);
  };
  timer = setTimeout(stop, timeoutMs);
  signal?.addEventListener("abort", stop, { once: true });
  if (signal?.aborted === true) stop();
  const status = await Promise.race([child.status, abandoned.promise]);
  clearTimeout(timer);
  signal?.removeEventListener("abort", stop);
  // The program may have ended before its children did.
  if (isKilled || killBackground) send("SIGKILL");
  if (status === null) child.unref();
  await Promise.all(outputs.map((output) => output.finish()));
  return {
    code: isKilled || status === null ? null : status.code,
    signal: status?.signal ?? null,
    stderr: stderr.tail.trim(),
  };
}

async function start(words: readonly string[], options: ProgramOptions): Promise<Deno.ChildProcess> {
  const [program = "", ...args] = words;
  const { stdin, cwd, env = {}, clearEnv = false, lowPriority = false } = options;
  try {
    const child = new Deno.Command(program, {
      args,
      env,
      clearEnv,
      ...(cwd === undefined ? {} : { cwd }),
      detached: true,
      stdin: stdin === undefined ? "null" : "piped",
      stdout: wantsStdout(options) ? "piped" : "null",
      stderr: "piped",
    }).spawn();
    if (lowPriority) lowerPriority(child.pid);
    return child;
  } catch (cause) {
    const reason = await whyNotStarted(program, cause);
    throw new ProgramStartError(program, `Cannot run ${program}: ${reason}`, { cause });
  }
}

/** Children inherit it. */
function lowerPriority(pid: number): void {
  try {
    setPriority(pid, constants.priority.PRIORITY_LOW);
  } catch {
    // The program has ended already, or this process may not: then it runs with the ordinary priority.
  }
}

function wantsStdout({ onLine, onText }: ProgramOptions): boolean {
  return onLine !== undefined || onText !== undefined;
}

async function whyNotStarted(program: string, error: unknown): Promise<string> {
  if (error instanceof Deno.errors.NotFound) {
    // The system reports a missing interpreter with the same error.
    const isThere = program.includes("/") && await Deno.stat(program).then(() => true, () => false);
    return isThere
      ? "the interpreter that its first line names is missing; correct that line or install it"
      : "there is no such program; correct its name, or give its full path";
  }
  if (error instanceof Deno.errors.PermissionDenied) {
    return "it may not be executed; make it a file that this user can read and execute (chmod +rx)";
  }
  return asError(error).message;
}

/** Writes `text` and closes the pipe, without waiting: a child may keep it open and never read it. */
function feed(stdin: WritableStream<Uint8Array<ArrayBuffer>>, text: string): void {
  const writer = stdin.getWriter();
  writer.write(new TextEncoder().encode(text)).then(() => writer.close()).catch(() => {});
}

/** Reads one of a program's pipes. */
class Output {
  /** The last {@link MAX_OUTPUT_TAIL_CHARACTERS} characters. */
  tail = "";
  readonly #reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>;
  readonly #done: Promise<void>;
  #line = "";
  #isCut = false;

  constructor(
    private readonly stream: OutputStream,
    child: Deno.ChildProcess,
    private readonly options: ProgramOptions,
  ) {
    this.#reader = child[stream].getReader();
    this.#done = this.#read();
  }

  /** Resolves at the end of the pipe, or after {@link OUTPUT_PATIENCE_MS}. */
  async finish(): Promise<void> {
    const timer = setTimeout(() => this.#reader.cancel(), OUTPUT_PATIENCE_MS);
    await this.#done;
    clearTimeout(timer);
  }

  async #read(): Promise<void> {
    const decoder = new TextDecoder();
    for (let isDone = false; !isDone;) {
      const { value, done } = await this.#reader.read();
      this.#take(decoder.decode(value, { stream: !done }));
      isDone = done;
    }
    if (this.#line !== "") this.#emit();
  }

  #take(text: string): void {
    this.options.onText?.(this.stream, text);
    this.tail = (this.tail + text).slice(-MAX_OUTPUT_TAIL_CHARACTERS);
    const [first = "", ...further] = text.split("\n");
    this.#append(first);
    for (const part of further) {
      this.#emit();
      this.#append(part);
    }
  }

  #append(part: string): void {
    const room = MAX_OUTPUT_LINE_CHARACTERS - this.#line.length;
    this.#line += part.slice(0, room);
    this.#isCut ||= part.length > room;
  }

  #emit(): void {
    const line = this.#isCut ? `${this.#line}…` : this.#line.replace(/\r$/, "");
    this.#line = "";
    this.#isCut = false;
    this.options.onLine?.(this.stream, line);
  }
}
