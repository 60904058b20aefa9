/// <reference no-default-lib="true" />
/// <reference lib="deno.unstable" />
/// <reference lib="deno.worker" />
/**
 * The worker's half of a job run: takes one `start`, runs the job, answers once.
 *
 * @module
 */

import { endpointFailureOf } from "../../chain/errors.ts";
import type { LogFields, Logger, LogLevel } from "../../lib/log.ts";
import type { FromWorker, JobFailure, ToWorker } from "./messages.ts";

/** What a job gets from its worker. */
export interface WorkerContext {
  /** Writes through the main thread, which adds the run's id. */
  readonly log: Logger;
  /** Says what the job does now. */
  readonly step: (step: string) => void;
  /** Tells of an error that the job goes on after, if an endpoint is to blame. */
  readonly noteFailure: (error: unknown) => void;
  /** Ends after the time, or when the chain has a new head. */
  readonly sleepOrNewHead: (ms: number) => Promise<void>;
  /** Has the main thread do what a worker may not; one request at a time, of plain data. */
  readonly request: (request: unknown) => Promise<unknown>;
}

/** Serves one job run. Called once by a worker's module. */
export function serveJob<Input, Output>(
  run: (input: Input, context: WorkerContext) => Promise<Output>,
  isWrongInput: (error: unknown) => boolean = () => false,
): void {
  const post = (message: FromWorker): void => self.postMessage(message);
  routeConsole(post);
  // The only endpoint's failure is met twice: when it is passed over, and as the job's.
  const noted = new Set<unknown>();
  const noteFailure = (error: unknown): void => {
    const failure = endpointFailureOf(error);
    if (failure === null || noted.has(error)) return;
    noted.add(error);
    post({ type: "endpoint-failed", ...failure });
  };
  let onNewHead = (): void => {};
  let onResponse = (_response: unknown): void => {};
  const context: WorkerContext = {
    log: postingLogger(post, {}),
    step: (step) => post({ type: "step", step }),
    noteFailure,
    sleepOrNewHead: (ms) =>
      new Promise((resolve) => {
        const timer = setTimeout(resolve, ms);
        onNewHead = () => {
          clearTimeout(timer);
          resolve();
        };
      }),
    request: (request) =>
      new Promise((resolve) => {
        onResponse = resolve;
        post({ type: "request", request });
      }),
  };
  self.onmessage = async ({ data }: MessageEvent<ToWorker>) => {
    if (data.type === "new-head") {
      onNewHead();
      return;
    }
    if (data.type === "response") {
      onResponse(data.response);
      return;
    }
    try {
      await holdAlive(data.alivePath);
      post({ type: "done", output: await run(data.input as Input, context) });
    } catch (error) {
      noteFailure(error);
      post({ type: "failed", ...describe(error, isWrongInput(error)) });
    }
  };
}

/** @polkadot/api writes to the console; a log that is one JSON object a line has no room for that. */
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

/** Locks the file for this worker's life: the kernel lets go of it only when the worker is really gone. */
async function holdAlive(path: string): Promise<void> {
  const file = await Deno.open(path, { write: true });
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

/** Fields without what cannot be sent: errors become their messages. */
function cloneable(fields: LogFields): LogFields {
  return Object.fromEntries(
    Object.entries(fields).map(([key, value]) => [key, value instanceof Error ? value.message : value]),
  );
}

function describe(error: unknown, wrongInput: boolean): JobFailure {
  if (!(error instanceof Error)) return { name: "Error", message: String(error), stack: null, wrongInput };
  return { name: error.name, message: error.message, stack: error.stack ?? null, wrongInput };
}
