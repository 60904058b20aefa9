/**
 * Running somebody else's program: without a shell, for a bounded time, with its output read as it comes.
 *
 * @module
 */

import { asError } from "./errors.ts";

/** Where a program wrote a line. */
export type OutputStream = "stdout" | "stderr";

/** How a program is run. */
export interface ProgramOptions {
  /** After so long it is ended. */
  readonly timeoutMs: number;
  /** What it can read on its stdin; nothing when absent. It need not read it. */
  readonly stdin?: string;
  /** Variables beside the inherited ones. */
  readonly env?: Readonly<Record<string, string>>;
  /** Is told each line, without its line feed, cut behind 2,000 characters. Must not throw. */
  readonly onLine?: (stream: OutputStream, line: string) => void;
  /** Ends it as well. */
  readonly signal?: AbortSignal;
  /** Between SIGTERM and SIGKILL, and once more before a program is left to itself. @default 2_000 */
  readonly graceMs?: number;
  /** Sends a signal; a negative id means the whole process group. @default Deno.kill */
  readonly kill?: (pid: number, signal: Deno.Signal) => void;
}

/** How a program ended. */
export interface ProgramEnd {
  /** The exit code, 128 + n after signal n; `null` when we ended it, by `timeoutMs` or `signal`. */
  readonly code: number | null;
  /** The signal that it died of; `null` when it exited. */
  readonly signal: Deno.Signal | null;
  /** The end of what it wrote to stderr. */
  readonly stderr: string;
}

/** A program could not be started at all. The message names it, and no argument of it. */
export class ProgramStartError extends Error {
  override readonly name = "ProgramStartError";
  /** The program, as it was given. */
  readonly program: string;

  constructor(program: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.program = program;
  }
}

/** So much of a program's stderr is kept. */
const STDERR_BYTES = 2_000;
/** A line that is longer is cut: a program may write for ever without a line feed. */
const LINE_CHARACTERS = 2_000;
/** A program that has ended may have left its pipes open to a child. */
const OUTPUT_PATIENCE_MS = 200;
const GRACE_MS = 2_000;

/**
 * Runs a program to its end, in a process group of its own. When it takes too long, or `signal` says so, the whole
 * group gets SIGTERM, and SIGKILL after `graceMs`. What a program that ends by itself leaves in the background is
 * left alone and not waited for.
 *
 * @param words the program and its arguments; a name without a slash is looked for on `PATH`.
 * @throws {ProgramStartError} when it is missing or cannot be executed.
 */
export async function runProgram(words: readonly string[], options: ProgramOptions): Promise<ProgramEnd> {
  const { timeoutMs, stdin, onLine, signal, graceMs = GRACE_MS, kill = Deno.kill } = options;
  const child = await start(words, options);
  const tail = new Tail(STDERR_BYTES);
  const readers = [new PipeReader(child.stderr, [tail, ...linesTo("stderr", onLine)])];
  if (onLine !== undefined) readers.push(new PipeReader(child.stdout, linesTo("stdout", onLine)));
  if (stdin !== undefined) feed(child.stdin, stdin);

  const ending = new GroupEnding((signal) => kill(-child.pid, signal), graceMs);
  const end = (): void => ending.begin();
  const timer = setTimeout(end, timeoutMs);
  signal?.addEventListener("abort", end, { once: true });
  if (signal?.aborted === true) end();
  const status = await Promise.race([child.status, ending.givenUp]);
  clearTimeout(timer);
  signal?.removeEventListener("abort", end);
  ending.finish();
  if (status === null) child.unref();
  await Promise.all(readers.map((reader) => reader.finish()));
  const isOurs = status === null || ending.hasBegun;
  return { code: isOurs ? null : status.code, signal: status?.signal ?? null, stderr: tail.text() };
}

async function start(
  words: readonly string[],
  { stdin, env = {}, onLine }: ProgramOptions,
): Promise<Deno.ChildProcess> {
  const [program = "", ...args] = words;
  try {
    return new Deno.Command(program, {
      args,
      env,
      detached: true,
      stdin: stdin === undefined ? "null" : "piped",
      stdout: onLine === undefined ? "null" : "piped",
      stderr: "piped",
    }).spawn();
  } catch (cause) {
    throw new ProgramStartError(program, `Cannot run ${program}: ${await whyNotStarted(program, cause)}`, {
      cause,
    });
  }
}

async function whyNotStarted(program: string, error: unknown): Promise<string> {
  if (error instanceof Deno.errors.NotFound) {
    // The system says the same of a missing interpreter.
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

/** Writes all at once and hangs up. */
function feed(stdin: WritableStream<Uint8Array<ArrayBuffer>>, text: string): void {
  const writer = stdin.getWriter();
  // Whether it is read is the program's affair; nobody waits for a child that keeps it open unread.
  writer.write(new TextEncoder().encode(text)).then(() => writer.close()).catch(() => {});
}

/** Ends a process group, step by step. */
class GroupEnding {
  hasBegun = false;
  /** Resolves when even SIGKILL did not help: the program is another user's, or stuck in the kernel. */
  readonly givenUp: Promise<null>;
  readonly #kill: (signal: Deno.Signal) => void;
  readonly #graceMs: number;
  readonly #giveUp: () => void;
  #timer: number | undefined;

  constructor(kill: (signal: Deno.Signal) => void, graceMs: number) {
    const { promise, resolve } = Promise.withResolvers<null>();
    this.givenUp = promise;
    this.#giveUp = () => resolve(null);
    this.#kill = kill;
    this.#graceMs = graceMs;
  }

  begin(): void {
    if (this.hasBegun) return;
    this.hasBegun = true;
    this.#send("SIGTERM");
    this.#timer = setTimeout(() => {
      this.#send("SIGKILL");
      this.#timer = setTimeout(this.#giveUp, this.#graceMs);
    }, this.#graceMs);
  }

  /** The program is gone: the rest of a group that was to end goes with it. */
  finish(): void {
    clearTimeout(this.#timer);
    if (this.hasBegun) this.#send("SIGKILL");
  }

  #send(signal: Deno.Signal): void {
    try {
      this.#kill(signal);
    } catch {
      // It is gone already, or not ours to end; in either case there is nothing else to try.
    }
  }
}

/** Takes what a program writes. */
interface Sink {
  add(bytes: Uint8Array): void;
  /** There is no more. */
  end(): void;
}

/** Reads a pipe to its end, or until nobody waits for it any longer. */
class PipeReader {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>;
  readonly #sinks: readonly Sink[];
  readonly #done: Promise<void>;

  constructor(stream: ReadableStream<Uint8Array<ArrayBuffer>>, sinks: readonly Sink[]) {
    this.#reader = stream.getReader();
    this.#sinks = sinks;
    this.#done = this.#read();
  }

  async finish(): Promise<void> {
    let timer: number | undefined;
    const patience = new Promise<void>((resolve) => timer = setTimeout(resolve, OUTPUT_PATIENCE_MS));
    await Promise.race([this.#done, patience]);
    clearTimeout(timer);
    await this.#reader.cancel();
    await this.#done;
  }

  async #read(): Promise<void> {
    for (;;) {
      const { value, done } = await this.#reader.read();
      for (const sink of this.#sinks) {
        if (done) sink.end();
        else sink.add(value);
      }
      if (done) return;
    }
  }
}

/** Keeps the end. */
class Tail implements Sink {
  #bytes = new Uint8Array();

  constructor(private readonly limit: number) {}

  add(bytes: Uint8Array): void {
    const joined = new Uint8Array(this.#bytes.length + bytes.length);
    joined.set(this.#bytes);
    joined.set(bytes, this.#bytes.length);
    this.#bytes = joined.slice(-this.limit);
  }

  end(): void {}

  text(): string {
    return new TextDecoder().decode(this.#bytes).trim();
  }
}

function linesTo(stream: OutputStream, onLine: ProgramOptions["onLine"]): Sink[] {
  return onLine === undefined ? [] : [new LineSplitter((line) => onLine(stream, line))];
}

/** Makes lines of bytes. */
class LineSplitter implements Sink {
  readonly #decoder = new TextDecoder();
  #line = "";
  #isCut = false;

  constructor(private readonly onLine: (line: string) => void) {}

  add(bytes: Uint8Array): void {
    this.#take(this.#decoder.decode(bytes, { stream: true }));
  }

  end(): void {
    this.#take(this.#decoder.decode());
    if (this.#line !== "") this.#emit();
  }

  #take(text: string): void {
    const [first = "", ...further] = text.split("\n");
    this.#append(first);
    for (const part of further) {
      this.#emit();
      this.#append(part);
    }
  }

  #append(part: string): void {
    const room = LINE_CHARACTERS - this.#line.length;
    this.#line += part.slice(0, room);
    this.#isCut ||= part.length > room;
  }

  #emit(): void {
    const line = this.#isCut ? `${this.#line}…` : this.#line.replace(/\r$/, "");
    this.#line = "";
    this.#isCut = false;
    this.onLine(line);
  }
}
