/**
 * Result documents: what a run found and did, for programs.
 *
 * @module
 */

import type { AuctionOutcome } from "../../auction/outcome.ts";
import { windowWorth } from "../../auction/worth.ts";
import type { RoutingConfig } from "../../config/routing.ts";
import { describeError } from "../../lib/errors.ts";
import type { ComputedAuction } from "./auction_result.ts";
import { resultsIn } from "./deliver.ts";

/**
 * An outcome and its worth as part of a result document.
 *
 * @param alternativeFp18 what the same hashrate earns elsewhere, as a multiple of the hashprice × 10^18.
 */
export function outcomeDocument(outcome: AuctionOutcome, alternativeFp18: bigint): object {
  const { own, reason, ...rest } = outcome;
  const worth = windowWorth(outcome, alternativeFp18);
  return { reason: reason?.code ?? null, reasonText: reason?.message ?? null, ...own, ...rest, worth };
}

/** A window's outcome and its routing. */
export interface AuctionRun {
  readonly computed: ComputedAuction;
  readonly routing: RoutingConfig;
  /** The result of each destination. */
  readonly results: readonly unknown[];
  /** The most that can be credited under the known worker ids; `null` at a single price, or if they are not all known. */
  readonly creditedAtMostPh: number | null;
  /** What the same hashrate earns elsewhere, as a multiple of the hashprice × 10^18. */
  readonly alternativeFp18: bigint;
  /** Why the run failed; `null` if it succeeded. */
  readonly error: Error | null;
}

/** The document of an auction run of the service, in the form that `--once auction` prints. */
export function auctionDocument(run: AuctionRun): object {
  const { computed, routing, results, creditedAtMostPh, alternativeFp18, error } = run;
  return {
    job: "auction",
    status: error === null ? "done" : "failed",
    dryRun: false,
    ...computedDocument(computed, alternativeFp18),
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

/** The computed outcome as part of a result document; the alternative as in {@link outcomeDocument}. */
export function computedDocument({ outcome, completed }: ComputedAuction, alternativeFp18: bigint): object {
  return {
    ...outcomeDocument(outcome, alternativeFp18),
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
