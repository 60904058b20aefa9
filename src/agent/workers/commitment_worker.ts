/// <reference no-default-lib="true" />
/// <reference lib="deno.unstable" />
/// <reference lib="deno.worker" />
/**
 * The worker of the commitment job: the only job that signs with the hotkey.
 *
 * @module
 */

import "./seal.ts";
import { type CommitmentJobInput, type CommitmentResult, runCommitmentJob } from "../jobs/commitment_job.ts";
import { connectorFor, type JobNetwork } from "../jobs/connect.ts";
import { openSigningApi } from "../../chain/signing_api.ts";
import { WalletError } from "../../chain/wallet/errors.ts";
import { openHotkeySigner } from "../../chain/wallet/signer.ts";
import { type KeptRuntime, shelfOf } from "../jobs/kept_runtime.ts";
import { serveJob } from "./worker_side.ts";

/** Input of the worker. */
export interface CommitmentWorkerInput extends CommitmentJobInput {
  readonly network: JobNetwork;
  /** Known from earlier runs. */
  readonly runtimes: readonly KeptRuntime[];
  readonly hotkeyPath: string;
  /** The time of the run. */
  readonly timeoutMs: number;
}

serveJob<CommitmentWorkerInput, CommitmentResult>(
  (input, { log, step, noteFailure, keepRuntime, sleepOrNewHead }) => {
    const endMs = performance.now() + input.timeoutMs;
    return runCommitmentJob(input, {
      connect: connectorFor(input.network, log, noteFailure, {
        runtimes: shelfOf(input.runtimes, keepRuntime),
        openSigningApi,
      }),
      openSigner: () => openHotkeySigner(input.hotkeyPath),
      sleep: sleepOrNewHead,
      remainingMs: () => endMs - performance.now(),
      step,
      noteFailure,
      log,
    });
  },
  (error) => error instanceof WalletError,
);
