/**
 * The operator's own programs, called after a run with its result document on stdin.
 *
 * @module
 */

import type { HooksConfig } from "../../config/hooks.ts";
import type { HookName } from "../../config/schema.ts";
import { toDocument } from "../../lib/document.ts";
import { asError } from "../../lib/errors.ts";
import type { LogFields, Logger } from "../../lib/log.ts";
import { type ProgramEnd, runProgram } from "../../lib/program.ts";
import { HookOutput } from "./output.ts";
import { WorkQueue } from "../../lib/work_queue.ts";

/** What {@link HookRunner} is made with. */
export interface HookRunnerParts {
  readonly log: Logger;
  /** Is told of each program that has ended: why it failed, `null`: it did not. Must not throw. */
  readonly onEnded?: (hook: HookName, error: string | null) => void;
  /** @default runProgram */
  readonly run?: typeof runProgram;
}

/** The variable that tells a program which hook it is called for. */
const HOOK_VARIABLE = "IH_MINER_HOOK";
/** A program that runs when the process is to end is given so long; ending it takes up to two seconds more. */
export const HOOK_PATIENCE_MS = 1_500;
/** Calls that wait; where a program is slower than the windows, the newest count. */
const MAX_WAITING = 32;

/** One call. */
interface Call {
  readonly hook: HookName;
  readonly words: readonly string[];
  readonly stdin: string;
  readonly timeoutMs: number;
}

/** Calls the programs one at a time, in the order they were asked for. What goes wrong is logged, never thrown. */
export class HookRunner {
  readonly #log: Logger;
  readonly #onEnded: NonNullable<HookRunnerParts["onEnded"]>;
  readonly #run: typeof runProgram;
  readonly #queue: WorkQueue<Call>;
  readonly #stop = new AbortController();
  #isStopped = false;

  constructor({ log, onEnded = () => {}, run = runProgram }: HookRunnerParts) {
    this.#log = log;
    this.#onEnded = onEnded;
    this.#run = run;
    this.#queue = new WorkQueue({
      work: (call) => this.#runOne(call),
      maxWaiting: MAX_WAITING,
      onDropped: ({ hook }) =>
        log.warning("Hook dropped: too many wait", {
          hook,
          waiting: MAX_WAITING,
          hint: "the programs of [hooks] take longer than the runs that call them",
        }),
    });
  }

  /**
   * Queues a hook when it has a program. With 32 waiting, the oldest of them is dropped.
   *
   * @param document given on stdin, in the form of result documents; as it is now.
   */
  call(name: HookName, document: unknown, { programs, timeoutMs }: HooksConfig): void {
    const words = programs[name];
    if (words === undefined || this.#isStopped) return;
    let stdin: string;
    try {
      stdin = `${JSON.stringify(toDocument(document), null, 2)}\n`;
    } catch (error) {
      this.#failed(name, { error });
      return;
    }
    this.#queue.add({ hook: name, words, stdin, timeoutMs });
  }

  /** Resolves when all that was called has ended. */
  settled(): Promise<void> {
    return this.#queue.settled();
  }

  /**
   * No more calls: what waits is dropped, what runs is given so long to end. Then it is ended, which takes up to two
   * seconds more when it ignores SIGTERM.
   */
  async stop(patienceMs: number): Promise<void> {
    this.#isStopped = true;
    const dropped = this.#queue.clear();
    if (dropped.length > 0) {
      this.#log.warning("Hooks dropped: the agent stops", { hooks: dropped.map(({ hook }) => hook) });
    }
    const timer = setTimeout(() => this.#stop.abort(), patienceMs);
    await this.#queue.settled();
    clearTimeout(timer);
  }

  async #runOne({ hook, words, stdin, timeoutMs }: Call): Promise<void> {
    // Arguments may hold what is nobody else's.
    const fields = { hook, program: words[0] };
    const output = new HookOutput(this.#log, hook);
    const startMs = performance.now();
    let end: ProgramEnd;
    try {
      end = await this.#run(words, {
        timeoutMs,
        stdin,
        env: { [HOOK_VARIABLE]: hook },
        onLine: output.add,
        signal: this.#stop.signal,
      });
    } catch (error) {
      this.#failed(hook, { ...fields, error });
      return;
    }
    output.end();
    const seconds = Math.round(performance.now() - startMs) / 1000;
    if (end.code === 0) {
      this.#log.debug("Hook done", { ...fields, seconds });
      this.#onEnded(hook, null);
    } else if (this.#stop.signal.aborted) {
      this.#log.warning("Hook ended: the agent stops", { ...fields, seconds });
    } else {
      this.#failed(hook, {
        ...fields,
        seconds,
        error: describeEnd(end, timeoutMs),
        stderr: output.lastError,
      });
    }
  }

  /** @param fields `error`: why, without arguments and output, which may hold secrets. */
  #failed(hook: HookName, fields: LogFields & { readonly error: unknown }): void {
    this.#log.error("Hook failed", { hook, ...fields });
    this.#onEnded(hook, asError(fields.error).message);
  }
}

function describeEnd({ code, signal }: ProgramEnd, timeoutMs: number): string {
  if (code === null) return `took longer than ${timeoutMs / 1000} s and was ended ([hooks] timeout)`;
  return signal === null ? `ended with exit code ${code}` : `was ended by ${signal}`;
}
