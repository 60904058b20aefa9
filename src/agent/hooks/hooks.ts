/**
 * Runs the programs of `[hooks]` with a result document on stdin.
 *
 * @module
 */

import type { AuctionOutcome } from "../../auction/outcome.ts";
import type { HooksConfig } from "../../config/hooks.ts";
import type { HookName } from "../../config/schema.ts";
import { documentText } from "../../lib/document.ts";
import { asError } from "../../lib/errors.ts";
import type { LogFields, Logger } from "../../lib/log.ts";
import { type ProgramEnd, runProgram } from "../../lib/program.ts";
import { HookOutput } from "./output.ts";
import { WorkQueue } from "../../lib/work_queue.ts";

/** Constructor options of {@link HookRunner}. */
export interface HookRunnerParts {
  readonly log: Logger;
  /** Called when a program has ended, with the reason if it failed, else `null`. Must not throw. */
  readonly onEnded?: (hook: HookName, error: string | null) => void;
  /** @default runProgram */
  readonly run?: typeof runProgram;
}

/** The environment variable with the hook's name. */
const HOOK_VARIABLE = "IH_MINER_HOOK";
/** How long a stop waits for the running program. Ending it then takes up to two seconds more. */
export const HOOK_PATIENCE_MS = 1_500;
/** How many calls may wait. When programs are slower than the windows, the newest calls matter most. */
export const MAX_WAITING_HOOKS = 32;

interface Call {
  readonly hook: HookName;
  readonly words: readonly string[];
  readonly stdin: string;
  readonly timeoutMs: number;
}

/** The calling side of {@link HookRunner}; a dry run has none. */
export type Hooks = Pick<HookRunner, "call">;

/** Runs programs one at a time, in the order of the calls. Failures are logged, never thrown. */
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
      maxWaiting: MAX_WAITING_HOOKS,
      onDropped: ({ hook }) =>
        log.warning("Hook dropped: too many wait", {
          hook,
          waiting: MAX_WAITING_HOOKS,
          hint: "the programs of [hooks] take longer than the runs that call them",
        }),
    });
  }

  /**
   * Queues a call if the hook has a program. When 32 calls wait, the oldest of them is dropped.
   *
   * @param document the program's stdin, serialised now.
   */
  call(name: HookName, document: unknown, { programs, timeoutMs }: HooksConfig): void {
    const words = programs[name];
    if (words === undefined || this.#isStopped) return;
    let stdin: string;
    try {
      stdin = documentText(document);
    } catch (error) {
      this.#failed(name, { error });
      return;
    }
    this.#queue.add({ hook: name, words, stdin, timeoutMs });
  }

  /** Resolves when all called programs have ended. */
  settled(): Promise<void> {
    return this.#queue.settled();
  }

  /**
   * Accepts no more calls, drops those that wait, and gives the running program this long to end. Then it is
   * terminated, which takes up to two seconds more if it ignores SIGTERM.
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
    // Arguments may be secret.
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

  /** @param fields `error` holds neither arguments nor output, which may be secret. */
  #failed(hook: HookName, fields: LogFields & { readonly error: unknown }): void {
    this.#log.error("Hook failed", { hook, ...fields });
    this.#onEnded(hook, asError(fields.error).message);
  }
}

function describeEnd({ code, signal }: ProgramEnd, timeoutMs: number): string {
  if (code === null) return `took longer than ${timeoutMs / 1000} s and was ended ([hooks] timeout)`;
  return signal === null ? `ended with exit code ${code}` : `was ended by ${signal}`;
}

/** Calls the hooks of a routed window: `on_result` always, `on_won` and `on_lost` if workers won or lost. */
export function callResultHooks(
  hooks: Hooks,
  config: HooksConfig,
  { own }: AuctionOutcome,
  document: unknown,
): void {
  hooks.call("on_result", document, config);
  if (own.wonCount > 0) hooks.call("on_won", document, config);
  if (own.lostCount > 0) hooks.call("on_lost", document, config);
}
