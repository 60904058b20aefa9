/**
 * What several prices do to the credit: validators match worker by worker, and a worker id counts as one (spec, section 10).
 * Pure.
 *
 * @module
 */

import { mostCreditablePh, priceCount, type WonWorker } from "./delivery_credit.ts";
import { type IdentityOwner, judgeIdentity, type PoolIdentity } from "./identity.ts";

/** The rule, in words. */
export const TIER_RULE = "several prices: validators match what wins at several of them worker by worker";
/** What to do where it costs credit. */
export const TIER_REMEDY = "give each machine a worker name of its own, or bid one price";

/** The credit of workers at several prices under known worker ids. */
export interface TierCredit {
  readonly prices: number;
  /** Distinct ids that are credited. */
  readonly workerIds: number;
  readonly wonHashratePh: number;
  /** The most that can be credited, however the hashrate is spread over the ids. */
  readonly creditedAtMostPh: number;
}

/**
 * The credit of workers that win, or may win, at several prices.
 *
 * @param won in the order of the winners.
 * @returns `null` at a single price, or if the worker ids are not all known: then the machines' own names decide.
 */
export function tierCredit(
  won: readonly WonWorker[],
  identities: readonly PoolIdentity[],
  owner: IdentityOwner,
): TierCredit | null {
  const prices = priceCount(won);
  const judgements = identities.map((identity) => judgeIdentity(identity, owner));
  if (prices < 2 || judgements.length === 0 || judgements.some(({ kind }) => kind === "missing")) return null;
  const workers = new Set(
    judgements.flatMap((judgement) => judgement.kind === "right" ? [judgement.worker] : []),
  );
  return {
    prices,
    workerIds: workers.size,
    wonHashratePh: won.reduce((sum, { hashratePh }) => sum + hashratePh, 0),
    creditedAtMostPh: mostCreditablePh(won, workers.size),
  };
}

/** Whether the worker ids do not suffice for all that was won. */
export function isCapped({ wonHashratePh, creditedAtMostPh }: TierCredit): boolean {
  return creditedAtMostPh < wonHashratePh - TOLERANCE_PH;
}

/** More than the noise of sums, and less than any worker. */
const TOLERANCE_PH = 1e-6;
