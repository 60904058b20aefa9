/**
 * What can be credited of a window that was won at several prices.
 *
 * @module
 */

import { type AuctionOutcome, wonWorkers } from "../../auction/outcome.ts";
import { minerIdentities } from "../../delivery/asics/fleet_report.ts";
import type { IdentityOwner, PoolIdentity } from "../../auction/credit/identity.ts";
import type { FailedTarget } from "../../delivery/proxies/errors.ts";
import { isCapped, TIER_REMEDY, type TierCredit, tierCredit } from "../../auction/credit/tiers.ts";
import type { Logger } from "../../lib/log.ts";
import type { RouteReport } from "./deliver.ts";

/** Results of routing, of which some may have failed. */
type Results = readonly (RouteReport | FailedTarget)[];

/**
 * The credit of an outcome under the worker ids of its destinations.
 *
 * @returns `null` at a single price, in an ambiguous window, or if not all worker ids are known.
 */
export function outcomeTierCredit(
  outcome: AuctionOutcome,
  results: Results,
  owner: IdentityOwner,
): TierCredit | null {
  return outcome.own.ambiguous ? null : tierCredit(wonWorkers(outcome), identitiesIn(results), owner);
}

/** Logs that less can be credited than was won. */
export function logTierCredit(credit: TierCredit | null, log: Logger): void {
  if (credit === null || !isCapped(credit)) return;
  log.warning("Won at several prices under too few worker ids", {
    won_hashrate_ph: credit.wonHashratePh,
    credited_at_most_ph: credit.creditedAtMostPh,
    prices: credit.prices,
    worker_ids: credit.workerIds,
    hint: `${TIER_REMEDY} (docs/routing.md)`,
  });
}

/** The identities of the proxies, and of the machines at the subnet. */
function identitiesIn(results: Results): PoolIdentity[] {
  return results.flatMap((result) => {
    if ("error" in result) return [];
    if (result.mode !== "asic") return result.identities;
    return minerIdentities(result.miners.filter(({ found }) => found === "subnet"));
  });
}
