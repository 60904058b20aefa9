/**
 * `ih-miner replay SNAPSHOT`: computes a saved auction again, without network and configuration.
 *
 * @module
 */

import { DEFAULT_ALTERNATIVE_FP18 } from "../auction/credit/payment.ts";
import { computeOutcome } from "../agent/jobs/compute_outcome.ts";
import { logOutcome } from "../agent/jobs/log_outcome.ts";
import { outcomeDocument } from "../agent/jobs/result_document.ts";
import { readSavedAuction } from "../agent/jobs/saved_auction.ts";
import type { Logger } from "../lib/log.ts";
import { describeError } from "../lib/errors.ts";
import type { Command } from "./arguments.ts";
import { EXIT_DONE, exitCodeOf } from "./exit_codes.ts";
import type { CommandResult } from "./once.ts";

const SOLVE_LIMIT_MS = 60_000;

/** Computes a saved auction again, with the engine that is built in. */
export async function runReplay(
  { snapshotPath }: Extract<Command, { name: "replay" }>,
  log: Logger,
): Promise<CommandResult> {
  const document: Record<string, unknown> = { job: "replay", status: "failed" };
  try {
    const auction = await readSavedAuction(snapshotPath);
    const { outcome } = await computeOutcome({ ...auction, remainingMs: () => SOLVE_LIMIT_MS });
    logOutcome(outcome, log, DEFAULT_ALTERNATIVE_FP18);
    const computed = outcomeDocument(outcome, DEFAULT_ALTERNATIVE_FP18);
    return { exitCode: EXIT_DONE, document: { ...document, status: "done", ...computed } };
  } catch (error) {
    const described = describeError(error);
    log.error("Replay failed", { error_name: described.name, error: described.message });
    return { exitCode: exitCodeOf(error), document: { ...document, error: described } };
  }
}
