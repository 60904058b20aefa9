/**
 * Result documents: what a run found and did, as programs read it.
 *
 * @module
 */

import type { AuctionOutcome } from "../../auction/outcome.ts";
import type { RoutingConfig } from "../../config/routing.ts";
import { describeError } from "../../lib/errors.ts";
import type { ComputedAuction } from "./auction_job.ts";
import { resultsIn } from "./deliver.ts";

/** An outcome as it stands in result documents. */
export function outcomeDocument(outcome: AuctionOutcome): object {
  const { own, reason, ...rest } = outcome;
  return { reason: reason?.code ?? null, reasonText: reason?.message ?? null, ...own, ...rest };
}

/** A window's outcome and what was done about it. */
export interface AuctionRun {
  readonly computed: ComputedAuction;
  readonly routing: RoutingConfig;
  /** What became of each destination. */
  readonly results: readonly unknown[];
  /** Why the run failed; `null`: it did not. */
  readonly error: Error | null;
}

/** The document of an auction run of the daemon, as `--once auction` prints it. */
export function auctionDocument({ computed, routing, results, error }: AuctionRun): object {
  return {
    job: "auction",
    status: error === null ? "done" : "failed",
    dryRun: false,
    ...computedDocument(computed),
    routing: routingDocument(routing, results),
    error: error === null ? undefined : describeError(error),
  };
}

/** A failed run's document, with what became of each destination where it was the routing that failed. */
export function failureDocument(job: string, error: unknown, routing: RoutingConfig): object {
  const results = resultsIn(error);
  return {
    job,
    status: "failed",
    dryRun: false,
    routing: results === null ? undefined : routingDocument(routing, results),
    error: describeError(error),
  };
}

/** What an auction job computed. */
export function computedDocument({ outcome, completed }: ComputedAuction): object {
  return {
    ...outcomeDocument(outcome),
    completed: completed === null ? null : { window: completed, outcome: null },
  };
}

/** One destination's report as it is, those of several as a list. */
export function routingDocument(routing: RoutingConfig, results: readonly unknown[]): unknown {
  if (routing.kind === "off") {
    // ASICs that were removed from the configuration are sent away even then.
    return { mode: "off", reason: routing.reason, targets: results.length === 0 ? undefined : results };
  }
  return results.length === 1 ? results[0] : { mode: "several", targets: results };
}
