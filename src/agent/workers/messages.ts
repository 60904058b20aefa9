/**
 * What the main thread and a job's worker say to each other. Everything is plain data.
 *
 * @module
 */

import type { EndpointFailure } from "../../chain/errors.ts";
import type { LogFields, LogLevel } from "../../lib/log.ts";

/** From the main thread to a worker. */
export type ToWorker =
  /** Begin. The worker holds a lock on `alivePath` for as long as it lives. */
  | { readonly type: "start"; readonly input: unknown; readonly alivePath: string }
  /** The chain has a new head: whoever waits for one should look. */
  | { readonly type: "new-head" }
  /** What came of the worker's last request. */
  | { readonly type: "response"; readonly response: unknown };

/** From a worker to the main thread. */
export type FromWorker =
  | { readonly type: "log"; readonly level: LogLevel; readonly event: string; readonly fields: LogFields }
  /** What the job does now, for the report of a timeout. */
  | { readonly type: "step"; readonly step: string }
  /** Something only the main thread may do; the next one may be sent when this one has its response. */
  | { readonly type: "request"; readonly request: unknown }
  /** An endpoint failed, which need not fail the job. */
  | ({ readonly type: "endpoint-failed" } & EndpointFailure)
  | { readonly type: "done"; readonly output: unknown }
  | ({ readonly type: "failed" } & JobFailure);

/** An error that crossed from a worker. */
export interface JobFailure {
  readonly name: string;
  readonly message: string;
  readonly stack: string | null;
  /** Whether configuration or wallet are wrong, so that running again changes nothing. */
  readonly wrongInput: boolean;
}
