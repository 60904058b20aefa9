/// <reference lib="deno.unstable" />
/**
 * The main thread's half of a job run: a Web Worker for each run, with only the permissions that the job needs, terminated
 * on timeout.
 *
 * @module
 */

import { join } from "node:path";
import type { EndpointFailure } from "../../chain/errors.ts";
import { cutText } from "../../lib/cut_text.ts";
import { asError } from "../../lib/errors.ts";
import type { Logger } from "../../lib/log.ts";
import { within } from "../../lib/within.ts";
import { BUILD } from "../../version.ts";
import type { KeptRuntime } from "../jobs/kept_runtime.ts";
import { WorkerAnswerError } from "../jobs/worker_answer.ts";
import { type JobFailure, parseFromWorker, type ToWorker } from "./messages.ts";
import { WorkerLog } from "./worker_log.ts";

/** A terminated worker that spins ends after Deno's grace of 2 s. */
const END_PATIENCE_MS = 6_000;
/** The most messages of one run; a job has some dozens. A worker that posts more is terminated. */
export const MAX_WORKER_MESSAGES = 10_000;
/** The most runtimes that one run hands over; it needs two of each endpoint that it tries. */
const MAX_RUNTIMES = 32;
/** How much the process may grow during a run. V8 ends the whole process where a worker's heap has no room left. */
export const MAX_WORKER_GROWTH_BYTES = 512 * 1024 * 1024;
const GROWTH_LOOK_MS = 100;
/** Deno lets any worker change it for the whole process, so each run restores it. */
const UMASK = Deno.umask();

/** The permissions of a job's worker. Everything else is denied. */
export interface JobPermissions {
  /** `host:port`. */
  readonly net: readonly string[];
  readonly read: readonly string[];
}

/** Options of {@link startJob}. */
export interface StartJobOptions<Input, Output> {
  /** For messages: `auction`, `commitment`. */
  readonly name: string;
  /** The worker's module. */
  readonly module: URL;
  /** Creates the job's input. */
  readonly input: () => Input | Promise<Input>;
  /**
   * Checks the worker's answer, which may be anything: a package in the worker may be compromised. What it throws fails the
   * run.
   */
  readonly readAnswer: (answer: unknown) => Output;
  readonly permissions: JobPermissions;
  readonly timeoutMs: number;
  /** How much the process may grow during the run. @default 512 MiB */
  readonly maxGrowthBytes?: number;
  /** Gets the worker's log lines. */
  readonly log: Logger;
  /** The labels of the endpoints that the worker may report as failed. */
  readonly endpoints: readonly string[];
  /** Called for each endpoint that failed; the job may have gone on with another one. */
  readonly onEndpointFailed?: ((failure: EndpointFailure) => void) | undefined;
  /** Called with each runtime that the worker has fetched; throws {@linkcode WorkerAnswerError} if it cannot have. */
  readonly onRuntime?: ((runtime: KeptRuntime) => void) | undefined;
  /** Ends the run. */
  readonly signal?: AbortSignal | undefined;
}

/** A job in progress. */
export interface RunningJob<Output> {
  /**
   * @throws {JobFailedError} {@link JobTimeoutError} {@link WorkerDiedError} {@link WorkerAnswerError}
   *   {@link WorkerGrowthError} or the signal's reason.
   */
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
  /** The first block in which a retry can succeed, as the worker says; `null`: at once. */
  readonly notBeforeBlock: number | null;

  constructor({ name, message, stack, wrongInput, notBeforeBlock }: JobFailure) {
    super(message);
    this.name = name;
    this.wrongInput = wrongInput;
    this.notBeforeBlock = notBeforeBlock;
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

/** The process grew too much while the worker ran, which was terminated. */
export class WorkerGrowthError extends Error {
  override readonly name = "WorkerGrowthError";
  constructor(job: string, step: string, maxGrowthBytes: number) {
    super(
      `Cannot finish the ${job} job: terminated while ${step}, because the process took over ` +
        `${maxGrowthBytes / 1024 ** 2} MiB more memory than before the run`,
    );
  }
}

/** Starts a job run. */
export function startJob<Input, Output>(options: StartJobOptions<Input, Output>): RunningJob<Output> {
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
  readonly #options: StartJobOptions<Input, Output>;
  readonly #answer = Promise.withResolvers<Output>();
  readonly #log: WorkerLog;
  #worker: Worker | null = null;
  #step = "starting";
  #messages = 0;
  #runtimes = 0;

  constructor(options: StartJobOptions<Input, Output>) {
    this.#options = options;
    this.#log = new WorkerLog(options.log);
    this.result = this.#answer.promise;
    this.ended = this.#run();
  }

  announceHead(): void {
    this.#worker?.postMessage({ type: "new-head" } satisfies ToWorker);
  }

  async #run(): Promise<boolean> {
    const { signal, log, name } = this.#options;
    let folder: string | null = null;
    try {
      signal?.throwIfAborted();
      folder = await Deno.makeTempDir({ prefix: "ih-miner-" });
      // Opened before the worker starts: it shows when the worker has ended.
      using alive = await Deno.open(join(folder, "alive"), { write: true, createNew: true, mode: 0o600 });
      await this.#untilAnswered(join(folder, "alive"));
      const isWorkerGone = this.#worker === null || await within(END_PATIENCE_MS, alive.lock(true));
      if (!isWorkerGone) {
        log.error("Worker did not end although it was terminated", { job: name, step: this.#step });
      }
      return isWorkerGone;
    } catch (error) {
      this.#answer.reject(error);
      return true;
    } finally {
      Deno.umask(UMASK);
      if (folder !== null) await Deno.remove(folder, { recursive: true }).catch(() => {});
    }
  }

  /** Runs the worker until the result is settled, then terminates it. */
  async #untilAnswered(alivePath: string): Promise<void> {
    const { name, timeoutMs, maxGrowthBytes = MAX_WORKER_GROWTH_BYTES, signal } = this.#options;
    const limit = setTimeout(
      () => this.#answer.reject(new JobTimeoutError(name, timeoutMs, this.#step)),
      timeoutMs,
    );
    const { rss } = Deno.memoryUsage();
    const look = setInterval(() => {
      if (Deno.memoryUsage().rss - rss <= maxGrowthBytes) return;
      this.#answer.reject(new WorkerGrowthError(name, this.#step, maxGrowthBytes));
    }, GROWTH_LOOK_MS);
    const stop = (): void => this.#answer.reject(signal?.reason);
    signal?.addEventListener("abort", stop, { once: true });
    try {
      signal?.throwIfAborted();
      await this.#startWorker(alivePath);
      await this.result;
    } catch (error) {
      this.#answer.reject(error);
    } finally {
      clearTimeout(limit);
      clearInterval(look);
      signal?.removeEventListener("abort", stop);
      this.#worker?.terminate();
      this.#log.end();
    }
  }

  async #startWorker(alivePath: string): Promise<void> {
    const { name, module, input, permissions } = this.#options;
    const worker = new Worker(module, {
      type: "module",
      name,
      deno: { permissions: grant(permissions, alivePath) },
    });
    this.#worker = worker;
    worker.onmessage = ({ data }: MessageEvent<unknown>) => {
      try {
        this.#receive(data);
      } catch (error) {
        this.#answer.reject(error);
        worker.terminate();
      }
    };
    worker.onmessageerror = () =>
      this.#answer.reject(new WorkerDiedError(name, this.#step, "its message could not be read"));
    worker.onerror = (event) => {
      event.preventDefault();
      this.#answer.reject(new WorkerDiedError(name, this.#step, cutText(event.message)));
    };
    // The worker loads its code meanwhile.
    worker.postMessage({ type: "start", input: await input(), alivePath } satisfies ToWorker);
  }

  /** @throws {WorkerAnswerError} if the message is not one of a job. */
  #receive(data: unknown): void {
    const { name, endpoints, onEndpointFailed, onRuntime, readAnswer } = this.#options;
    if (++this.#messages > MAX_WORKER_MESSAGES) {
      throw new WorkerAnswerError(name, `it posted more than ${MAX_WORKER_MESSAGES} messages`);
    }
    const message = parseFromWorker(name, data);
    switch (message.type) {
      case "log":
        this.#log.add(message);
        break;
      case "step":
        this.#step = message.step;
        break;
      case "endpoint-failed": {
        const { endpoint, kind } = message;
        if (!endpoints.includes(endpoint)) {
          throw new WorkerAnswerError(name, "it reports the failure of an endpoint that is not configured");
        }
        onEndpointFailed?.({ endpoint, kind });
        break;
      }
      case "runtime":
        if (++this.#runtimes > MAX_RUNTIMES) {
          throw new WorkerAnswerError(name, `it hands over more than ${MAX_RUNTIMES} runtimes`);
        }
        onRuntime?.(message.runtime);
        break;
      case "done":
        this.#answer.resolve(answerOf(name, () => readAnswer(message.output)));
        break;
      case "failed":
        this.#answer.reject(new JobFailedError(message));
        break;
    }
  }
}

/** @throws {WorkerAnswerError} also where reading the answer fails in another way: only a false one makes it fail. */
function answerOf<T>(job: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof WorkerAnswerError) throw error;
    throw new WorkerAnswerError(job, cutText(asError(error).message), { cause: error });
  }
}

function grant({ net, read }: JobPermissions, alivePath: string): Deno.PermissionOptionsObject {
  // From source, npm packages read files and the environment when they are loaded.
  const bundled = BUILD !== null;
  return {
    net: [...net],
    read: bundled ? [...read, alivePath] : true,
    write: false,
    run: false,
    env: bundled ? false : true,
    sys: false,
    ffi: false,
    import: false,
  };
}
