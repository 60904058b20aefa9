/**
 * What to deliver when several outcomes are equally good and it is not known which one validators get (spec, section 10).
 *
 * @module
 */

import type { OwnPreference } from "./solver/types.ts";

/**
 * - `deliver-safe`: what is certain, but enough to stay clear of a ban whichever outcome counts
 * - `deliver-possible`: everything that may have won
 * - `deliver-certain`: only what wins in every one of them
 */
export const AMBIGUITY_POLICIES = ["deliver-safe", "deliver-possible", "deliver-certain"] as const;
/** One of {@linkcode AMBIGUITY_POLICIES}. */
export type AmbiguityPolicy = (typeof AMBIGUITY_POLICIES)[number];

/** The policy without a setting. */
export const DEFAULT_AMBIGUITY_POLICY: AmbiguityPolicy = "deliver-safe";

/**
 * The share of the possible hashrate that is safe to deliver: above the {@link import("./protocol/constants.ts").BAN_SHARE},
 * with room for hashing that is a little slow.
 */
export const SAFE_SHARE = 0.12;

/** The hashrates of one miner's ranges. */
export interface OwnRange {
  readonly ambiguous: boolean;
  /** Of the outcome that the solver names. */
  readonly wonHashratePh: number;
  readonly certainHashratePh: number;
  readonly possibleHashratePh: number;
}

/** The hashrate to route to the subnet. */
export interface RoutedHashrate {
  readonly routedHashratePh: number;
  /** Why that much, with the arithmetic. */
  readonly routedBecause: string;
}

/** Which of several equally good outcomes the built-in engine should name. */
export function preferenceOf(policy: AmbiguityPolicy): OwnPreference {
  return policy === "deliver-possible" ? "most-own" : "fewest-own";
}

/** Decides how much to route: what was won, or what a policy makes of an ambiguous outcome. */
export function routedHashrate(own: OwnRange, policy: AmbiguityPolicy): RoutedHashrate {
  const { ambiguous, wonHashratePh, certainHashratePh, possibleHashratePh } = own;
  if (!ambiguous) return { routedHashratePh: wonHashratePh, routedBecause: "what was won" };
  const [certain, possible] = [text(certainHashratePh), text(possibleHashratePh)];
  const because = (what: string): string => `${what} ([routing] on_ambiguous = "${policy}")`;
  switch (policy) {
    case "deliver-possible":
      return {
        routedHashratePh: wonHashratePh,
        routedBecause: because(`all that may have won of ${possible} PH/s`),
      };
    case "deliver-certain":
      return {
        routedHashratePh: wonHashratePh,
        routedBecause: because(`only what is certain, ${certain} PH/s`),
      };
    case "deliver-safe": {
      const routedHashratePh = Math.max(certainHashratePh, millionths(possibleHashratePh * SAFE_SHARE));
      const sum = `max(${certain} certain, ${SAFE_SHARE * 100} % of ${possible} possible) = ${
        text(routedHashratePh)
      } PH/s`;
      return { routedHashratePh, routedBecause: because(sum) };
    }
  }
}

/** In millionths of a PH, without the noise of doubles. */
function millionths(hashratePh: number): number {
  return Math.round(hashratePh * 1e6) / 1e6;
}

function text(hashratePh: number): string {
  return String(millionths(hashratePh));
}
