/**
 * Runs the commitment job for the service.
 *
 * @module
 */

import type { Logger } from "../lib/log.ts";
import { type JobRunContext, runReported } from "./job_run.ts";
import type { CommitmentResult } from "./jobs/commitment_job.ts";
import type { PublishingPause } from "./publishing_pause.ts";
import type { RunningJob } from "./workers/job_host.ts";
import type { HotkeyLaunchOptions } from "./workers/launch.ts";

/** What a run of {@link keepCommitment} uses. */
export interface CommitmentKeeperContext extends JobRunContext {
  readonly launch: (
    options: HotkeyLaunchOptions & { readonly force: boolean; readonly dryRun: boolean },
  ) => RunningJob<CommitmentResult>;
  readonly pause: PublishingPause;
  /** The best head; `null` if it is unknown. */
  readonly headNumber: () => number | null;
}

/** Publishes the configured bid if the chain needs it. Never rejects; runs must not overlap. */
export function keepCommitment(log: Logger, context: CommitmentKeeperContext): Promise<void> {
  const { settings, launch, observe, signal, pause, headNumber } = context;
  const run = async (): Promise<void> => {
    const job = launch({
      ...await settings.read(log),
      log,
      signal,
      onEndpointFailed: (failure) => observe({ kind: "endpoint-failed", failure }),
      force: false,
      dryRun: false,
    });
    try {
      const result = await job.result;
      pause.note(null, headNumber());
      observe({ kind: "commitment-checked", result });
    } catch (error) {
      pause.note(error, headNumber());
      throw error;
    }
  };
  return runReported("commitment", run, log, context);
}

/** Whether a tick is to be left out because the chain would refuse the commitment; logs it. */
export function isPublishingPaused(
  log: Logger,
  { pause, headNumber }: Pick<CommitmentKeeperContext, "pause" | "headNumber">,
): boolean {
  const head = headNumber();
  if (!pause.lasts(head)) return false;
  log.info("Publishing waits for the chain's limit to end", {
    until_block: pause.untilBlock,
    head_block: head,
  });
  return true;
}
