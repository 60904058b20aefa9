/**
 * The messages between the main thread and a job's worker. All are plain data.
 *
 * The main thread checks what a worker posts: a package in it may be compromised, and then it is not this program that
 * speaks.
 *
 * @module
 */

import * as z from "zod";
import { CHAIN_ERROR_KINDS } from "../../chain/errors.ts";
import { cutText } from "../../lib/cut_text.ts";
import { LOG_LEVELS } from "../../lib/log.ts";
import { keptRuntimeFields } from "./kept_runtime_fields.ts";
import { checkAnswer } from "../jobs/worker_answer.ts";

/** From the main thread to a worker. */
export type ToWorker =
  /** Starts the job. The worker locks `alivePath` until it ends. */
  | { readonly type: "start"; readonly input: unknown; readonly alivePath: string }
  /** The chain has a new head. */
  | { readonly type: "new-head" };

/** Foreign texts may be in it, and of any length. */
const text = z.string().transform(cutText);

const fromWorker = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("log"),
    level: z.enum(LOG_LEVELS),
    event: z.string().regex(/^[\x20-\x7e]{1,100}$/, "must be a line of ASCII"),
    fields: z.record(z.string().regex(/^\w{1,50}$/, "must be a word"), z.unknown()),
  }),
  /** What the job is doing, for the error of a timeout. */
  z.object({ type: z.literal("step"), step: text }),
  /** An endpoint failed; the job may go on with another one. */
  z.object({ type: z.literal("endpoint-failed"), endpoint: z.string(), kind: z.enum(CHAIN_ERROR_KINDS) }),
  /** What an endpoint said of the chain's runtime, for later runs of the same job. */
  z.object({ type: z.literal("runtime"), runtime: z.object({ url: z.string(), ...keptRuntimeFields }) }),
  z.object({ type: z.literal("done"), output: z.unknown() }),
  z.object({
    type: z.literal("failed"),
    name: z.string().transform((name) => name.replace(/\W/g, "").slice(0, 50) || "Error"),
    message: text,
    stack: text.nullable(),
    /** Whether configuration or wallet are wrong, so that a retry would fail again. */
    wrongInput: z.boolean(),
    /** The first block in which a retry can succeed; `null`: at once. */
    notBeforeBlock: z.int().nonnegative().nullable(),
  }),
]);

/** From a worker to the main thread. */
export type FromWorker = z.output<typeof fromWorker>;

/** An error of a worker. */
export type JobFailure = Omit<Extract<FromWorker, { type: "failed" }>, "type">;

/**
 * Checks a message of a worker, and cuts its texts.
 *
 * @throws {import("../jobs/worker_answer.ts").WorkerAnswerError} if it is none.
 */
export function parseFromWorker(job: string, data: unknown): FromWorker {
  return checkAnswer(job, fromWorker, data);
}
