/**
 * Runs the commitment job for the service.
 *
 * @module
 */

import type { Logger } from "../lib/log.ts";
import { type JobRunContext, runReported } from "./job_run.ts";
import type { CommitmentResult } from "./jobs/commitment_job.ts";
import type { RunningJob } from "./workers/job_host.ts";
import type { HotkeyLaunchOptions } from "./workers/launch.ts";

/** What a run of {@link keepCommitment} uses. */
export interface CommitmentKeeperContext extends JobRunContext {
  readonly launch: (
    options: HotkeyLaunchOptions & { readonly force: boolean; readonly dryRun: boolean },
  ) => RunningJob<CommitmentResult>;
}

/** Publishes the configured bid if the chain needs it. Never rejects; runs must not overlap. */
export function keepCommitment(log: Logger, context: CommitmentKeeperContext): Promise<void> {
  const { settings, launch, observe, signal } = context;
  const run = async (): Promise<void> => {
    const job = launch({
      ...await settings.read(log),
      log,
      signal,
      onEndpointFailed: (failure) => observe({ kind: "endpoint-failed", failure }),
      force: false,
      dryRun: false,
    });
    observe({ kind: "commitment-checked", result: await job.result });
  };
  return runReported("commitment", run, log, context);
}
