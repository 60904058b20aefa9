/**
 * A machine's list of pools, and which of them it mines at. Pure.
 *
 * @module
 */

import type { CgminerAnswer } from "./cgminer_api.ts";
import { numberOf, objectsOf } from "./cgminer_json.ts";

/** A pool of a machine's own list. */
export interface MinerPool {
  readonly number: number;
  /** As the machine says it. `dead`: no connection. `other`: disabled or rejecting, which a switch to it ends. */
  readonly state: "alive" | "dead" | "other";
  /** The lowest is preferred; `null` when the machine does not say. */
  readonly priority: number | null;
  /** Whether the stratum connection is in use; `null` when the machine does not say. */
  readonly isStratumActive: boolean | null;
}

/** The pools of an answer to `pools`. Missing fields are tolerated: a pool without number has that of its place. */
export function poolsOf(answer: CgminerAnswer): readonly MinerPool[] {
  return objectsOf(answer["POOLS"]).map((pool, index) => {
    const status = textOf(pool["Status"]);
    const active = textOf(pool["Stratum Active"]);
    return {
      number: numberOf(pool["POOL"]) ?? index,
      state: status === "alive" || status === "" ? "alive" : status === "dead" ? "dead" : "other",
      priority: numberOf(pool["Priority"]),
      isStratumActive: active === "" ? null : ["true", "1", "y", "yes"].includes(active),
    };
  });
}

/**
 * The pool a machine mines at, `null` when none is alive. The API does not say it outright:
 *
 * - a pool that is not alive gets no shares, whatever else is said of it;
 * - `Priority` alone is a wish: a machine whose first pool has just come back, or that was told a moment ago to switch,
 *   still mines elsewhere. `Stratum Active` is what is: false for a pool that is merely ready;
 * - `Stratum Active` alone does not decide either: some firmware says true of every pool, and while it switches a
 *   machine has two open. Then it mines at the preferred one, which is what it was told;
 * - a machine that says true of none (getwork, missing fields) is taken by its wish.
 *
 * A machine that does not tell its priorities uses its pools in their order.
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

/** A field that may be text, a boolean or a number, for comparison. */
function textOf(value: unknown): string {
  return value === undefined || value === null ? "" : String(value).trim().toLowerCase();
}
