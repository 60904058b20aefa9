/**
 * The messages between the main thread and a job's worker. All are plain data.
 *
 * @module
 */

import type { EndpointFailure } from "../../chain/errors.ts";
import type { LogFields, LogLevel } from "../../lib/log.ts";

/** From the main thread to a worker. */
export type ToWorker =
  /** Starts the job. The worker locks `alivePath` until it ends. */
  | { readonly type: "start"; readonly input: unknown; readonly alivePath: string }
  /** The chain has a new head. */
  | { readonly type: "new-head" };

/** From a worker to the main thread. */
export type FromWorker =
  | { readonly type: "log"; readonly level: LogLevel; readonly event: string; readonly fields: LogFields }
  /** What the job is doing, for the error of a timeout. */
  | { readonly type: "step"; readonly step: string }
  /** An endpoint failed; the job may go on with another one. */
  | ({ readonly type: "endpoint-failed" } & EndpointFailure)
  | { readonly type: "done"; readonly output: unknown }
  | ({ readonly type: "failed" } & JobFailure);

/** An error of a worker. */
export interface JobFailure {
  readonly name: string;
  readonly message: string;
  readonly stack: string | null;
  /** Whether configuration or wallet are wrong, so that a retry would fail again. */
  readonly wrongInput: boolean;
}
