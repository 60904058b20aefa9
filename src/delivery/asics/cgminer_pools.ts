/**
 * A machine's list of pools, and the one it mines at. Pure.
 *
 * @module
 */

import type { CgminerAnswer } from "./cgminer_api.ts";
import { numberOf, objectsOf } from "./cgminer_json.ts";

/** A pool in a machine's list. */
export interface MinerPool {
  readonly number: number;
  /** As the machine reports it. `dead`: no connection. `other`: disabled or rejecting, until a switch to it. */
  readonly state: "alive" | "dead" | "other";
  /** The lowest is preferred; `null` if not reported. */
  readonly priority: number | null;
  /** The login at the pool, as written; `null` if not reported. */
  readonly user: string | null;
  /** Whether the stratum connection is in use; `null` if not reported. */
  readonly isStratumActive: boolean | null;
}

/** Reads the pools of an answer to `pools`. A pool without a number gets that of its position. */
export function poolsOf(answer: CgminerAnswer): readonly MinerPool[] {
  return objectsOf(answer["POOLS"]).map((pool, index) => {
    const status = textOf(pool["Status"]);
    const active = textOf(pool["Stratum Active"]);
    return {
      number: numberOf(pool["POOL"]) ?? index,
      state: status === "alive" || status === "" ? "alive" : status === "dead" ? "dead" : "other",
      priority: numberOf(pool["Priority"]),
      user: userOf(pool["User"]),
      isStratumActive: active === "" ? null : ["true", "1", "y", "yes"].includes(active),
    };
  });
}

/**
 * The pool that a machine mines at; `null` if none is alive. The API does not report it directly:
 *
 * - a pool that is not alive gets no shares, whatever its other fields say;
 * - `Priority` is only a preference: a machine whose first pool has just come back, or that has just been told to switch,
 *   still mines elsewhere. `Stratum Active` is the actual state: false for a pool that is merely ready;
 * - `Stratum Active` does not suffice either: some firmware reports true for every pool, and a machine that is switching has
 *   two open connections. Then it mines at the preferred pool, as it was told;
 * - if no pool is active (getwork, missing fields), the preference decides.
 *
 * A machine that does not report priorities uses its pools in their order.
 */
export function currentPool(pools: readonly MinerPool[]): MinerPool | null {
  const alive = pools.filter(({ state }) => state === "alive");
  const active = alive.filter(({ isStratumActive }) => isStratumActive === true);
  const rank = ({ priority, number }: MinerPool): number => priority ?? number;
  const [current = null] = (active.length > 0 ? active : alive).toSorted((a, b) =>
    rank(a) - rank(b) || a.number - b.number
  );
  return current;
}

function userOf(value: unknown): string | null {
  const text = typeof value === "string" ? value.trim() : "";
  return text === "" ? null : text;
}

/** A field that may be text, a boolean or a number, as text for comparison. */
function textOf(value: unknown): string {
  if (value === undefined || value === null) return "";
  // A list or object is no text that is known, and its conversion to text may fail.
  return typeof value === "object" ? "?" : String(value).trim().toLowerCase();
}
