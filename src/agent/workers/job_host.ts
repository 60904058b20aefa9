/// <reference lib="deno.unstable" />
/**
 * The main thread's half of a job run: a Web Worker for each run, with only the permissions that the job needs, terminated
 * on timeout.
 *
 * @module
 */

import { join } from "node:path";
import type { EndpointFailure } from "../../chain/errors.ts";
import type { Logger } from "../../lib/log.ts";
import { within } from "../../lib/within.ts";
import { BUILD } from "../../version.ts";
import type { FromWorker, JobFailure, ToWorker } from "./messages.ts";

/** A terminated worker that spins ends after Deno's grace of 2 s. */
const END_PATIENCE_MS = 6_000;

/** The permissions of a job's worker. Everything else is denied. */
export interface JobPermissions {
  /** `host:port`. */
  readonly net: readonly string[];
  readonly read: readonly string[];
  readonly write: readonly string[];
}

/** Options of {@link startJob}. */
export interface StartJobOptions<Input> {
  /** For messages: `auction`, `commitment`. */
  readonly name: string;
  /** The worker's module. */
  readonly module: URL;
  /** Creates the job's input. */
  readonly input: () => Input;
  readonly permissions: JobPermissions;
  readonly timeoutMs: number;
  /** Gets the worker's log lines. */
  readonly log: Logger;
  /** Called for each endpoint that failed; the job may have gone on with another one. */
  readonly onEndpointFailed?: ((failure: EndpointFailure) => void) | undefined;
  /** Ends the run. */
  readonly signal?: AbortSignal | undefined;
}

/** A job in progress. */
export interface RunningJob<Output> {
  /** @throws {JobFailedError} {@link JobTimeoutError} {@link WorkerDiedError} or the signal's reason. */
  readonly result: Promise<Output>;
  /** Whether the worker ended; `false` if it did not although it was terminated. Never rejects. */
  readonly ended: Promise<boolean>;
  /** Announces a new head to a waiting job. */
  announceHead(): void;
}

/** The job failed; carries its error's name, message and stack. */
export class JobFailedError extends Error {
  override readonly name: string;
  readonly wrongInput: boolean;

  constructor({ name, message, stack, wrongInput }: JobFailure) {
    super(message);
    this.name = name;
    this.wrongInput = wrongInput;
    if (stack !== null) this.stack = stack;
  }
}

/** The job took too long and was terminated. */
export class JobTimeoutError extends Error {
  override readonly name = "JobTimeoutError";
  constructor(job: string, timeoutMs: number, readonly step: string) {
    super(`Cannot finish the ${job} job: terminated after ${timeoutMs / 1000} s while ${step}`);
  }
}

/** The worker ended without a result. */
export class WorkerDiedError extends Error {
  override readonly name = "WorkerDiedError";
  constructor(job: string, step: string, why: string) {
    super(`Cannot finish the ${job} job: its worker died while ${step}: ${why}`);
  }
}

/** Starts a job run. */
export function startJob<Input, Output>(options: StartJobOptions<Input>): RunningJob<Output> {
  const run = new JobRun<Input, Output>(options);
  return { result: run.result, ended: run.ended, announceHead: () => run.announceHead() };
}

/**
 * A job's result, after its worker has ended.
 *
 * @throws as {@link RunningJob.result}.
 */
export async function finished<T>(job: RunningJob<T>): Promise<T> {
  try {
    return await job.result;
  } finally {
    await job.ended;
  }
}

class JobRun<Input, Output> {
  readonly result: Promise<Output>;
  readonly ended: Promise<boolean>;
  readonly #options: StartJobOptions<Input>;
  readonly #answer = Promise.withResolvers<Output>();
  #worker: Worker | null = null;
  #step = "starting";

  constructor(options: StartJobOptions<Input>) {
    this.#options = options;
    this.result = this.#answer.promise;
    this.ended = this.#run();
  }

  announceHead(): void {
    this.#worker?.postMessage({ type: "new-head" } satisfies ToWorker);
  }

  async #run(): Promise<boolean> {
    const { name, timeoutMs, signal, log } = this.#options;
    let folder: string;
    try {
      signal?.throwIfAborted();
      folder = await Deno.makeTempDir({ prefix: "ih-miner-" });
    } catch (error) {
      this.#answer.reject(error);
      return true;
    }
    const alivePath = join(folder, "alive");
    const timer = setTimeout(
      () => this.#answer.reject(new JobTimeoutError(name, timeoutMs, this.#step)),
      timeoutMs,
    );
    const stop = (): void => this.#answer.reject(signal?.reason);
    signal?.addEventListener("abort", stop, { once: true });
    try {
      signal?.throwIfAborted();
      await Deno.writeTextFile(alivePath, "");
      this.#startWorker(folder, alivePath);
      await this.result;
    } catch (error) {
      this.#answer.reject(error);
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", stop);
      this.#worker?.terminate();
    }
    const isWorkerGone = this.#worker === null || await isReleased(alivePath);
    if (!isWorkerGone) {
      log.error("Worker did not end although it was terminated", { job: name, step: this.#step });
    }
    await Deno.remove(folder, { recursive: true }).catch(() => {});
    return isWorkerGone;
  }

  #startWorker(folder: string, alivePath: string): void {
    const { name, module, input, permissions } = this.#options;
    const worker = new Worker(module, {
      type: "module",
      name,
      deno: { permissions: grant(permissions, folder) },
    });
    this.#worker = worker;
    worker.onmessage = ({ data }: MessageEvent<FromWorker>) => this.#receive(data);
    worker.onmessageerror = () =>
      this.#answer.reject(new WorkerDiedError(name, this.#step, "its message could not be read"));
    worker.onerror = (event) => {
      event.preventDefault();
      this.#answer.reject(new WorkerDiedError(name, this.#step, event.message));
    };
    worker.postMessage({ type: "start", input: input(), alivePath } satisfies ToWorker);
  }

  #receive(message: FromWorker): void {
    switch (message.type) {
      case "log":
        this.#options.log[message.level](message.event, message.fields);
        break;
      case "step":
        this.#step = message.step;
        break;
      case "endpoint-failed":
        this.#options.onEndpointFailed?.({ endpoint: message.endpoint, kind: message.kind });
        break;
      case "done":
        this.#answer.resolve(message.output as Output);
        break;
      case "failed":
        this.#answer.reject(new JobFailedError(message));
        break;
    }
  }
}

function grant(permissions: JobPermissions, folder: string): Deno.PermissionOptionsObject {
  // From source, npm packages read files and the environment when they are loaded.
  const bundled = BUILD !== null;
  const { net, read, write } = permissions;
  return {
    net: [...net],
    read: bundled ? [...read, folder] : true,
    write: [...write, folder],
    run: false,
    env: bundled ? false : true,
    sys: false,
    ffi: false,
    import: false,
  };
}

/** Whether the worker released its lock in the time that a terminated worker may take to end. */
async function isReleased(alivePath: string): Promise<boolean> {
  const file = await Deno.open(alivePath, { write: true });
  try {
    return await within(END_PATIENCE_MS, file.lock(true));
  } finally {
    file.close();
  }
}
