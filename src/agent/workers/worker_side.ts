/// <reference no-default-lib="true" />
/// <reference lib="deno.unstable" />
/// <reference lib="deno.worker" />
/**
 * The worker's half of a job run: receives `start`, runs the job, answers once.
 *
 * @module
 */

import { ChainError, endpointFailureOf } from "../../chain/errors.ts";
import type { LogFields, Logger, LogLevel } from "../../lib/log.ts";
import type { KeptRuntime } from "../jobs/kept_runtime.ts";
import type { FromWorker, JobFailure, ToWorker } from "./messages.ts";

/** What a job uses of its worker. */
export interface WorkerContext<Output = unknown> {
  /** Logs through the main thread, which adds the run's id. */
  readonly log: Logger;
  /** Reports what the job is doing. */
  readonly step: (step: string) => void;
  /** Reports an error that does not end the job, if it is an endpoint's failure. */
  readonly noteFailure: (error: unknown) => void;
  /**
   * Gives the answer at once. A job that would answer when it returns calls this before it closes what it has opened, which
   * takes a round trip or more.
   */
  readonly answer: (output: Output) => void;
  /** Hands a runtime over for later runs. */
  readonly keepRuntime: (runtime: KeptRuntime) => void;
  /** Resolves after this time, or when the chain has a new head. */
  readonly sleepOrNewHead: (ms: number) => Promise<void>;
}

/** Serves one job run; called once by a worker's module. */
export function serveJob<Input, Output>(
  run: (input: Input, context: WorkerContext<Output>) => Promise<Output>,
  isWrongInput: (error: unknown) => boolean = () => false,
): void {
  const post = (message: FromWorker): void => self.postMessage(message);
  routeConsole(post);
  // The failure of an only endpoint arrives twice: when it is passed over, and as the job's error.
  const noted = new Set<unknown>();
  const noteFailure = (error: unknown): void => {
    const failure = endpointFailureOf(error);
    if (failure === null || noted.has(error)) return;
    noted.add(error);
    post({ type: "endpoint-failed", ...failure });
  };
  let onNewHead = (): void => {};
  let hasAnswered = false;
  const answer = (output: Output): void => {
    if (!hasAnswered) post({ type: "done", output });
    hasAnswered = true;
  };
  const context: WorkerContext<Output> = {
    answer,
    log: postingLogger(post, {}),
    step: (step) => post({ type: "step", step }),
    noteFailure,
    keepRuntime: (runtime) => post({ type: "runtime", runtime }),
    sleepOrNewHead: (ms) =>
      new Promise((resolve) => {
        const timer = setTimeout(resolve, ms);
        onNewHead = () => {
          clearTimeout(timer);
          resolve();
        };
      }),
  };
  self.onmessage = async ({ data }: MessageEvent<ToWorker>) => {
    if (data.type === "new-head") {
      onNewHead();
      return;
    }
    try {
      await holdAlive(data.alivePath);
      answer(await run(data.input as Input, context));
    } catch (error) {
      noteFailure(error);
      post({ type: "failed", ...describe(error, isWrongInput(error)) });
    }
  };
}

/** Redirects the console, which @polkadot/api writes to, into the log of one JSON object per line. */
function routeConsole(post: (message: FromWorker) => void): void {
  const at = (level: LogLevel) => (...values: unknown[]): void => {
    const text = values.map((value) => (typeof value === "string" ? value : Deno.inspect(value))).join(" ");
    post({ type: "log", level, event: "Message of a library", fields: { text } });
  };
  Object.assign(globalThis.console, {
    debug: at("debug"),
    log: at("debug"),
    info: at("debug"),
    warn: at("debug"),
    error: at("warning"),
  });
}

/** Locks the file until this worker ends: the kernel releases the lock only then. */
async function holdAlive(path: string): Promise<void> {
  const file = await Deno.open(path);
  await file.lock(true);
}

function postingLogger(post: (message: FromWorker) => void, common: LogFields): Logger {
  const at = (level: LogLevel) => (event: string, fields: LogFields = {}): void =>
    post({ type: "log", level, event, fields: cloneable({ ...common, ...fields }) });
  return {
    debug: at("debug"),
    info: at("info"),
    warning: at("warning"),
    error: at("error"),
    with: (fields) => postingLogger(post, { ...common, ...fields }),
  };
}

/** Replaces errors, which cannot be posted, by their messages. */
function cloneable(fields: LogFields): LogFields {
  return Object.fromEntries(
    Object.entries(fields).map(([key, value]) => [key, value instanceof Error ? value.message : value]),
  );
}

function describe(error: unknown, wrongInput: boolean): JobFailure {
  const notBeforeBlock = error instanceof ChainError ? error.notBeforeBlock : null;
  const common = { wrongInput, notBeforeBlock };
  if (!(error instanceof Error)) return { name: "Error", message: String(error), stack: null, ...common };
  return { name: error.name, message: error.message, stack: error.stack ?? null, ...common };
}
