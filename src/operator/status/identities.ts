/**
 * The identities under which the subnet's pool is mined, judged for the configured hotkey.
 *
 * @module
 */

import { type IdentityOwner, judgeIdentity, type PoolIdentity } from "../../auction/credit/identity.ts";

/** An identity and what it is worth. */
export interface IdentityStatus extends PoolIdentity {
  readonly kind: "right" | "missing" | "wrong";
  /** What is wrong or missing; `null` if it is right. */
  readonly message: string | null;
  /** The line to write; `null` if it is not wrong. */
  readonly fix: string | null;
}

/** Judges the identities of proxies and machines, in their order. */
export function judgeIdentities(
  identities: readonly PoolIdentity[],
  owner: IdentityOwner,
): IdentityStatus[] {
  return identities.map((identity) => {
    const judgement = judgeIdentity(identity, owner);
    return {
      ...identity,
      kind: judgement.kind,
      message: judgement.kind === "right" ? null : judgement.message,
      fix: judgement.kind === "wrong" ? judgement.fix : null,
    };
  });
}

/** What to do about wrong identities, in one sentence each; many machines share one. */
export function wrongTexts(identities: readonly IdentityStatus[]): string[] {
  const wrong = identities.filter(({ kind }) => kind === "wrong");
  const shown = wrong.slice(0, SHOWN).map(({ key, message, fix }) =>
    `${message}; ${key === "User" ? fix : `write ${fix}`}`
  );
  return wrong.length <= SHOWN ? shown : [...shown, `and ${wrong.length - SHOWN} more like these`];
}

const SHOWN = 3;
