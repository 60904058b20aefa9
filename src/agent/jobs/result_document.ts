/**
 * Result documents: what a run found and did, for programs.
 *
 * @module
 */

import type { AuctionOutcome } from "../../auction/outcome.ts";
import type { RoutingConfig } from "../../config/routing.ts";
import { describeError } from "../../lib/errors.ts";
import type { ComputedAuction } from "./auction_job.ts";
import { resultsIn } from "./deliver.ts";

/** An outcome as part of a result document. */
export function outcomeDocument(outcome: AuctionOutcome): object {
  const { own, reason, ...rest } = outcome;
  return { reason: reason?.code ?? null, reasonText: reason?.message ?? null, ...own, ...rest };
}

/** A window's outcome and its routing. */
export interface AuctionRun {
  readonly computed: ComputedAuction;
  readonly routing: RoutingConfig;
  /** The result of each destination. */
  readonly results: readonly unknown[];
  /** The most that can be credited under the known worker ids; `null` at a single price, or if they are not all known. */
  readonly creditedAtMostPh: number | null;
  /** Why the run failed; `null` if it succeeded. */
  readonly error: Error | null;
}

/** The document of an auction run of the service, in the form that `--once auction` prints. */
export function auctionDocument({ computed, routing, results, creditedAtMostPh, error }: AuctionRun): object {
  return {
    job: "auction",
    status: error === null ? "done" : "failed",
    dryRun: false,
    ...computedDocument(computed),
    creditedAtMostPh,
    routing: routingDocument(routing, results),
    error: error === null ? undefined : describeError(error),
  };
}

/** The document of a failed run, with the result of each destination if the routing failed. */
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

/** The computed outcome as part of a result document. */
export function computedDocument({ outcome, completed }: ComputedAuction): object {
  return {
    ...outcomeDocument(outcome),
    completed: completed === null ? null : { window: completed, outcome: null },
  };
}

/** The report of one destination, or the list of several. */
export function routingDocument(routing: RoutingConfig, results: readonly unknown[]): unknown {
  if (routing.kind === "off") {
    // ASICs that were removed from the configuration are still switched to their fallback pool.
    return { mode: "off", reason: routing.reason, targets: results.length === 0 ? undefined : results };
  }
  return results.length === 1 ? results[0] : { mode: "several", targets: results };
}
