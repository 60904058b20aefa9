/**
 * The exit codes, and the mapping of errors to them.
 *
 * @module
 */

import { SnapshotError } from "../auction/protocol/errors.ts";
import { ConfigError } from "../config/errors.ts";
import { UsageError } from "../lib/args.ts";
import { WalletError } from "../chain/wallet/errors.ts";
import { JobFailedError } from "../agent/workers/job_host.ts";
import { InterruptedError } from "./interruption.ts";

/** Success, even without a bid or a win. */
export const EXIT_DONE = 0;
/** The job failed: chain, dispatch error, proxy file, no solver result. */
export const EXIT_JOB_FAILED = 1;
/** Invalid usage, configuration, wallet or snapshot: a retry would fail again. */
export const EXIT_WRONG_INPUT = 2;

const WRONG_INPUT = [UsageError, ConfigError, WalletError, SnapshotError] as const;

/** The exit code for an error. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof InterruptedError) return error.exitCode;
  if (error instanceof JobFailedError) return error.wrongInput ? EXIT_WRONG_INPUT : EXIT_JOB_FAILED;
  return WRONG_INPUT.some((errorClass) => error instanceof errorClass) ? EXIT_WRONG_INPUT : EXIT_JOB_FAILED;
}
