/**
 * Bans by strict majority of stake (spec, section 4.4; `vectors/ban-consensus.json`).
 *
 * @module
 */

import type { Validator } from "./validators.ts";

/** A ban and the stake behind it. */
export interface Ban {
  readonly uid: number;
  /** The stake of the validators that mark the UID. */
  readonly markingStake: bigint;
  /** The stake of all validators. */
  readonly totalStake: bigint;
}

/**
 * The banned hotkeys. A UID is banned when more than half (integer division) of all validators' stake marks it.
 *
 * @param neurons the hotkey of each UID; the last of several entries counts.
 */
export function bannedHotkeys(
  validators: readonly Pick<Validator, "stakeWeight" | "bannedUids">[],
  neurons: readonly { readonly uid: number; readonly hotkey: string }[],
): ReadonlyMap<string, Ban> {
  let totalStake = 0n;
  const markingStakes = new Map<number, bigint>();
  for (const { stakeWeight, bannedUids } of validators) {
    totalStake += stakeWeight;
    for (const uid of bannedUids) markingStakes.set(uid, (markingStakes.get(uid) ?? 0n) + stakeWeight);
  }
  const hotkeyOfUid = new Map(neurons.map(({ uid, hotkey }) => [uid, hotkey]));
  const banned = new Map<string, Ban>();
  for (const [uid, markingStake] of markingStakes) {
    const hotkey = hotkeyOfUid.get(uid);
    if (hotkey !== undefined && markingStake > totalStake / 2n) {
      banned.set(hotkey, { uid, markingStake, totalStake });
    }
  }
  return banned;
}
