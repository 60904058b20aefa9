/// <reference no-default-lib="true" />
/// <reference lib="deno.unstable" />
/// <reference lib="deno.worker" />
/**
 * The worker of the auction job. It gets the hotkey's address, but no wallet.
 *
 * @module
 */

import "./seal.ts";
import { type AuctionAnswer, type AuctionJobInput, runAuctionJob } from "../jobs/auction_job.ts";
import { connectorFor, type JobNetwork } from "../jobs/connect.ts";
import { type KeptRuntime, shelfOf } from "../jobs/kept_runtime.ts";
import { serveJob } from "./worker_side.ts";

/** Input of the worker. */
export interface AuctionWorkerInput extends AuctionJobInput {
  readonly network: JobNetwork;
  /** Known from earlier runs. */
  readonly runtimes: readonly KeptRuntime[];
  /** Time for solving, in milliseconds. */
  readonly solveLimitMs: number;
  readonly timeoutMs: number;
}

/** Time reserved for what follows the solver. */
const REST_OF_JOB_MS = 3_000;

serveJob<AuctionWorkerInput, AuctionAnswer>((input, context) => {
  const { log, step, answer, noteFailure, keepRuntime, sleepOrNewHead } = context;
  // A worker's clock starts with the worker.
  const restMs = (): number => Math.max(0, input.timeoutMs - REST_OF_JOB_MS - performance.now());
  return runAuctionJob(input, {
    connect: connectorFor(input.network, log, noteFailure, {
      runtimes: shelfOf(input.runtimes, keepRuntime),
    }),
    remainingMs: () => Math.min(input.solveLimitMs, restMs()),
    sleep: sleepOrNewHead,
    monotonicMs: () => performance.now(),
    step,
    answer,
    noteFailure,
    log,
  });
});
