/// <reference no-default-lib="true" />
/// <reference lib="deno.unstable" />
/// <reference lib="deno.worker" />
/**
 * The worker of the auction job. It gets no wallet, only an address.
 *
 * @module
 */

import { type AuctionJobInput, type AuctionJobResult, runAuctionJob } from "../jobs/auction_job.ts";
import { connectForJob, type JobNetwork } from "../jobs/connect.ts";
import { solverFor, type SolverSettings } from "../jobs/solver.ts";
import { serveJob } from "./worker_side.ts";

/** What the worker is started with. */
export interface AuctionWorkerInput extends AuctionJobInput {
  readonly network: JobNetwork;
  readonly solver: SolverSettings;
}

serveJob<AuctionWorkerInput, AuctionJobResult>((input, { log, step, sleepOrNewHead }) =>
  runAuctionJob(input, {
    connect: () => connectForJob(input.network, log),
    solve: solverFor(input.solver, log),
    sleep: sleepOrNewHead,
    monotonicMs: () => performance.now(),
    step,
    log,
  })
);
