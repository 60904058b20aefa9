/**
 * Keeps the bid on the chain in step with the configuration.
 *
 * @module
 */

import type { CommitmentResult } from "./jobs/commitment_job.ts";
import type { Hooks } from "./jobs/hook_calls.ts";
import { failureDocument } from "./jobs/result_document.ts";
import type { Logger } from "../lib/log.ts";
import type { RunningJob } from "./workers/job_host.ts";
import type { HotkeyLaunchOptions } from "./workers/launch.ts";
import { asError } from "../lib/errors.ts";
import type { DaemonObserver } from "./events.ts";
import type { FailureLog } from "../lib/failure_log.ts";
import type { SettingsSource } from "./settings.ts";

/** What {@link CommitmentKeeper} works with. */
export interface CommitmentKeeperContext {
  readonly settings: SettingsSource;
  readonly launch: (
    options: HotkeyLaunchOptions & { readonly force: boolean; readonly dryRun: boolean },
  ) => RunningJob<CommitmentResult>;
  readonly failures: FailureLog;
  readonly hooks: Hooks;
  /** Milliseconds on a clock that never goes back. */
  readonly monotonicMs: () => number;
  readonly observe: DaemonObserver;
  readonly signal: AbortSignal;
}

/** The commitment's side of the daemon. Its runs never overlap: whoever calls {@link run} sees to that. */
export class CommitmentKeeper {
  readonly #context: CommitmentKeeperContext;

  constructor(context: CommitmentKeeperContext) {
    this.#context = context;
  }

  /** One run. Never rejects: what goes wrong is logged. */
  async run(log: Logger): Promise<void> {
    const { settings, launch, failures, hooks, monotonicMs, observe, signal } = this.#context;
    const startMs = monotonicMs();
    const ended = (error: Error | null): void =>
      observe({ kind: "run-ended", job: "commitment", durationMs: monotonicMs() - startMs, error });
    observe({ kind: "run-started", job: "commitment" });
    try {
      const job = launch({
        ...await settings.read(log),
        log,
        signal,
        onEndpointFailed: (failure) => observe({ kind: "endpoint-failed", failure }),
        force: false,
        dryRun: false,
      });
      observe({ kind: "commitment-checked", result: await job.result });
      ended(null);
      failures.succeeded(log, "commitment", "Commitment works again");
    } catch (error) {
      if (signal.aborted) return;
      ended(asError(error));
      const { name, message } = asError(error);
      const isNews = failures.failed(log, "commitment", "Commitment failed", message, { error_name: name });
      const config = settings.last?.config;
      if (isNews && config !== undefined) {
        hooks.call("on_error", failureDocument("commitment", error, config.routing), config.hooks);
      }
    }
  }
}
