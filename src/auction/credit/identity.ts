/**
 * Judges the identities under which the subnet's pool is mined: hashrate under a wrong one is credited to nobody
 * (spec, section 10). Pure.
 *
 * @module
 */

import { parseWorkerId } from "./worker_id.ts";

/** An identity in a proxy's file or in a machine's list of pools. */
export interface PoolIdentity {
  /** Where it is: `pools.main[0] "central-proxy"`, `target "T1"`, `ASIC left, pool 1`. */
  readonly place: string;
  /** Its key there. */
  readonly key: "worker_id" | "user_identity" | "User";
  /** `null`: not set, so that the machines' own worker names count. */
  readonly workerId: string | null;
}

/** Whose hashrate it should be. */
export interface IdentityOwner {
  /** The account at the subnet's pool. */
  readonly account: string;
  /** SS58 address; `null` if it is not known, so that it cannot be compared. */
  readonly hotkey: string | null;
}

/** What an identity is worth. */
export type IdentityJudgement =
  /** Credited under this worker name. */
  | { readonly kind: "right"; readonly worker: string }
  /** The machines' names decide. */
  | { readonly kind: "missing"; readonly message: string }
  /** Credited to nobody. */
  | { readonly kind: "wrong"; readonly message: string; readonly fix: string };

const DEFAULT_WORKER = "worker1";

/** Judges one identity. */
export function judgeIdentity(
  { place, key, workerId }: PoolIdentity,
  owner: IdentityOwner,
): IdentityJudgement {
  const { account, hotkey } = owner;
  const wanted = `${account}.${hotkey ?? "<hotkey>"}`;
  if (workerId === null) {
    return {
      kind: "missing",
      message: `${place} has no ${key}: every machine's own worker name must be ${wanted}.<name>`,
    };
  }
  const why = whyWrong(workerId, owner);
  if (why === null) return { kind: "right", worker: parseWorkerId(workerId)!.suffix };
  const line = `${wanted}.${workerOf(workerId, owner)}`;
  return {
    kind: "wrong",
    message: `${place}: ${key} is ${JSON.stringify(workerId)}, ${why}: its hashrate is credited to nobody`,
    fix: key === "User" ? `set the user of that pool to ${line}` : `${key} = ${JSON.stringify(line)}`,
  };
}

function whyWrong(workerId: string, { account, hotkey }: IdentityOwner): string | null {
  const id = parseWorkerId(workerId);
  if (id === null || id.account === null) return "which is not account, hotkey and worker, joined by dots";
  if (id.account !== account) return `whose account is not ${account}`;
  return hotkey === null || id.hotkey === hotkey ? null : "whose hotkey is not ours";
}

/** The operator's own name of the worker, where there is one. */
function workerOf(workerId: string, { account, hotkey }: IdentityOwner): string {
  const id = parseWorkerId(workerId);
  if (id !== null) return id.suffix === hotkey ? DEFAULT_WORKER : id.suffix;
  return /^[^\s.]+$/.test(workerId) && workerId !== account && workerId !== hotkey
    ? workerId
    : DEFAULT_WORKER;
}
