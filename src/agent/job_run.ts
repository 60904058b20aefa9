/**
 * One run of a job in the service: reports its start and end, logs a failure once, and calls the `on_error` hook.
 *
 * @module
 */

import { asError } from "../lib/errors.ts";
import type { FailureLog } from "../lib/failure_log.ts";
import type { Logger } from "../lib/log.ts";
import type { DaemonJob, DaemonObserver } from "./events.ts";
import type { Hooks } from "./hooks/hooks.ts";
import { failureDocument } from "./jobs/result_document.ts";
import type { SettingsSource } from "./settings.ts";

/** What all runs share. */
export interface JobRunContext {
  readonly settings: SettingsSource;
  readonly failures: FailureLog;
  readonly hooks: Hooks;
  /** Milliseconds on a clock that never goes back. */
  readonly monotonicMs: () => number;
  readonly observe: DaemonObserver;
  /** Ends the run; a run that it ended is not reported as failed. */
  readonly signal: AbortSignal;
}

const LOG_EVENTS = {
  auction: { failed: "Auction failed", succeeded: "Auction works again" },
  commitment: { failed: "Commitment failed", succeeded: "Commitment works again" },
} as const;

/** Runs a job and reports how it went. Never rejects. */
export async function runReported(
  job: DaemonJob,
  run: () => Promise<void>,
  log: Logger,
  { settings, failures, hooks, monotonicMs, observe, signal }: JobRunContext,
): Promise<void> {
  const startMs = monotonicMs();
  const end = (error: Error | null): void =>
    observe({ kind: "run-ended", job, durationMs: monotonicMs() - startMs, error });
  observe({ kind: "run-started", job });
  try {
    await run();
    end(null);
    failures.succeeded(log, job, LOG_EVENTS[job].succeeded);
  } catch (thrown) {
    if (signal.aborted) return;
    const error = asError(thrown);
    end(error);
    const isNew = failures.failed(log, job, LOG_EVENTS[job].failed, error.message, {
      error_name: error.name,
    });
    const config = settings.last?.config;
    if (isNew && config !== undefined) {
      hooks.call("on_error", failureDocument(job, error, config.routing), config.hooks);
    }
  }
}
