/**
 * Weights that validators commit, and that the chain reveals `RevealPeriodEpochs` epochs later.
 *
 * A real validator encrypts them for a time to come. Here the commit holds them as they are, and nobody looks.
 *
 * @module
 */

import type { StateDraft } from "./state_draft.ts";

const PALLET = "SubtensorModule";
/** How far the storage indices of two mechanisms of a subnet are apart. */
const MECHANISM_STRIDE = 4096;

/** What a validator gives a neuron; only proportions count. */
export interface Weight {
  readonly uid: number;
  /** 0 to 65535. */
  readonly weight: number;
}

/** The weights of a validator for one mechanism. */
export interface WeightsInit {
  readonly netuid: number;
  /** @default 0 */
  readonly mechanism?: number;
  /** SS58 address of a neuron with a validator permit. */
  readonly hotkey: string;
  readonly weights: readonly Weight[];
}

/** The pallet's `NetUidStorageIndex`: the key of the items that each mechanism has of its own. */
export function storageIndex(netuid: number, mechanism: number): number {
  return netuid + mechanism * MECHANISM_STRIDE;
}

/** The number of the epoch that a block belongs to. An epoch begins after the block that runs the one before. */
export function epochIndex(netuid: number, tempo: number, block: number): number {
  return Math.floor((block + netuid + 1) / (tempo + 1));
}

/** Whether the epoch ends with this block, which computes incentives and emissions. */
export function isEpochBlock(netuid: number, tempo: number, block: number): boolean {
  return epochIndex(netuid, tempo, block + 1) > epochIndex(netuid, tempo, block);
}

/** `Tempo` of a subnet. */
export function tempoOf(draft: StateDraft, netuid: number): number {
  return Number(draft.get(PALLET, "Tempo", netuid));
}

/** The share of each mechanism in the subnet's emission: `MechanismEmissionSplit`, else equal shares. */
export function mechanismShares(draft: StateDraft, netuid: number): number[] {
  const split = draft.knows(PALLET, "MechanismEmissionSplit")
    ? draft.get(PALLET, "MechanismEmissionSplit", netuid)
    : null;
  if (split !== null) return (split.toJSON() as number[]).map((share) => share / 65_535);
  const count = draft.knows(PALLET, "MechanismCountCurrent")
    ? Number(draft.get(PALLET, "MechanismCountCurrent", netuid))
    : 1;
  return Array.from({ length: count }, () => 1 / count);
}

/**
 * Commits weights at a block.
 *
 * @throws {RangeError} if the hotkey may not set weights, or a UID is not registered.
 */
export function commitWeights(draft: StateDraft, init: WeightsInit, block: number): void {
  const { netuid, mechanism = 0, hotkey, weights } = init;
  const neurons = draft.neurons(netuid);
  const refuse = (why: string): RangeError => new RangeError(`Cannot set weights of ${hotkey}: ${why}`);
  if (neurons.find((neuron) => neuron.hotkey === hotkey)?.validatorPermit !== true) {
    throw refuse(`it has no validator permit on subnet ${netuid}; register it with validatorPermit`);
  }
  for (const { uid, weight } of weights) {
    if (!neurons.some((neuron) => neuron.uid === uid)) throw refuse(`UID ${uid} is not registered`);
    if (!Number.isInteger(weight) || weight < 0 || weight > 65_535) {
      throw refuse(`the weight of UID ${uid} is ${weight}; give a whole number from 0 to 65535`);
    }
  }
  const key = [storageIndex(netuid, mechanism), epochIndex(netuid, tempoOf(draft, netuid), block)];
  const commits = draft.get(PALLET, "TimelockedWeightCommits", ...key)!.toJSON() as unknown[];
  const pairs = weights.map(({ uid, weight }) => [uid, weight]);
  const commit = [hotkey, block, `0x${draft.encode(PALLET, "Weights", pairs)}`, 0];
  draft.put([...commits, commit], PALLET, "TimelockedWeightCommits", ...key);
}

/** Reveals what was committed `RevealPeriodEpochs` epochs ago, in the first block of an epoch. */
export function revealWeights(draft: StateDraft, netuid: number, block: number): void {
  const tempo = tempoOf(draft, netuid);
  if (!isEpochBlock(netuid, tempo, block - 1)) return;
  const committedIn = epochIndex(netuid, tempo, block) -
    Number(draft.get(PALLET, "RevealPeriodEpochs", netuid));
  for (const mechanism of mechanismShares(draft, netuid).keys()) {
    const index = storageIndex(netuid, mechanism);
    if (!draft.has(PALLET, "TimelockedWeightCommits", index, committedIn)) continue;
    const commits = draft.get(PALLET, "TimelockedWeightCommits", index, committedIn)!;
    for (const [hotkey, , bytes] of commits.toJSON() as [string, number, string, number][]) {
      const uid = draft.neurons(netuid).find((neuron) => neuron.hotkey === hotkey)?.uid;
      // Whoever has left the subnet since has no row any more.
      if (uid === undefined) continue;
      draft.putRaw(draft.key(PALLET, "Weights", index, uid), bytes.slice(2));
    }
    draft.put(null, PALLET, "TimelockedWeightCommits", index, committedIn);
  }
}

/** The revealed weights of a validator by UID. */
export function weightsOf(
  draft: StateDraft,
  netuid: number,
  mechanism: number,
  uid: number,
): Map<number, number> {
  const row = draft.get(PALLET, "Weights", storageIndex(netuid, mechanism), uid)!;
  return new Map(row.toJSON() as [number, number][]);
}
