/**
 * The end of an epoch: what the validators' weights make of the subnet's emission.
 *
 * The consensus is the pallet's in one respect only, which decides who is paid: a weight counts up to what half of the
 * stake grants. Bonds, trust and the owner's cut are left out, and dividends follow stake.
 *
 * @module
 */

import type { StateDraft } from "./state_draft.ts";
import type { Neuron } from "./subnet.ts";
import { isEpochBlock, mechanismShares, revealWeights, storageIndex, tempoOf, weightsOf } from "./weights.ts";

const PALLET = "SubtensorModule";
const RAO_PER_ALPHA = 1e9;
/** What the subnet emits in each block. */
const ALPHA_PER_BLOCK = 1;
/** The shares of miners and of validators in it; the rest is the owner's cut. */
const MINERS_SHARE = 0.41;
const VALIDATORS_SHARE = 0.41;
/** The share of stake whose weights count: the pallet's kappa. */
const MAJORITY = 0.5;
const U16_MAX = 65_535;

/** A validator's share of the stake, and its weights by UID as shares of 1. */
export interface WeightRow {
  readonly stakeShare: number;
  readonly weights: ReadonlyMap<number, number>;
}

/** What a block does before its extrinsics: reveals weights, and ends the epochs that are due. */
export function runEpochs(draft: StateDraft, block: number): void {
  // Runtimes of before mechanisms keep their commits in another item.
  if (!draft.knows(PALLET, "TimelockedWeightCommits")) return;
  for (const netuid of draft.netuids) {
    revealWeights(draft, netuid, block);
    if (isEpochBlock(netuid, tempoOf(draft, netuid), block)) endEpoch(draft, netuid, block);
  }
}

/**
 * The shares of the miners' emission by UID: weights in the stake-weighted mean, each cut to what a majority of the stake
 * grants at least.
 */
export function incentiveShares(rows: readonly WeightRow[]): Map<number, number> {
  const uids = new Set(rows.flatMap(({ weights }) => [...weights.keys()]));
  const ranks = new Map<number, number>();
  for (const uid of uids) {
    const column = rows.map(({ stakeShare, weights }) => ({ stakeShare, weight: weights.get(uid) ?? 0 }));
    const limit = majorityWeight(column);
    ranks.set(uid, sum(column.map(({ stakeShare, weight }) => stakeShare * Math.min(weight, limit))));
  }
  const total = sum([...ranks.values()]);
  return new Map(Array.from(ranks, ([uid, rank]) => [uid, total > 0 ? rank / total : 0]));
}

/** The greatest weight that validators with a majority of the stake grant, or exceed. */
function majorityWeight(column: readonly { readonly stakeShare: number; readonly weight: number }[]): number {
  let stakeShare = 0;
  for (const entry of column.toSorted((a, b) => b.weight - a.weight)) {
    stakeShare += entry.stakeShare;
    if (stakeShare >= MAJORITY) return entry.weight;
  }
  return 0;
}

function endEpoch(draft: StateDraft, netuid: number, block: number): void {
  const neurons = draft.neurons(netuid);
  const registered = new Set(neurons.map(({ uid }) => uid));
  const length = (neurons.at(-1)?.uid ?? -1) + 1;
  const emissionAlpha = new Array<number>(length).fill(0);
  const epochAlpha = ALPHA_PER_BLOCK * (tempoOf(draft, netuid) + 1);
  for (const [mechanism, share] of mechanismShares(draft, netuid).entries()) {
    const rows = weightRows(draft, netuid, mechanism, neurons);
    const incentive = new Array<number>(length).fill(0);
    for (const [uid, minerShare] of incentiveShares([...rows.values()])) {
      // Whoever has left the subnet since the weights were set is paid no more.
      if (!registered.has(uid)) continue;
      incentive[uid] = Math.floor(minerShare * U16_MAX);
      emissionAlpha[uid]! += epochAlpha * MINERS_SHARE * share * minerShare;
    }
    for (const [uid, { stakeShare }] of rows) {
      emissionAlpha[uid]! += epochAlpha * VALIDATORS_SHARE * share * stakeShare;
    }
    draft.put(incentive, PALLET, "Incentive", storageIndex(netuid, mechanism));
  }
  const emissionRao = emissionAlpha.map((alpha) => Math.round(alpha * RAO_PER_ALPHA));
  draft.put(emissionRao, PALLET, "Emission", netuid);
  draft.putIfKnown(block, PALLET, "LastMechansimStepBlock", netuid);
}

/** The rows of all validators by UID. Their stake counts whether or not they have set weights. */
function weightRows(
  draft: StateDraft,
  netuid: number,
  mechanism: number,
  neurons: readonly Neuron[],
): Map<number, WeightRow> {
  const validators = neurons.filter(({ validatorPermit, stakeRao }) => validatorPermit && stakeRao > 0n);
  const totalRao = validators.reduce((total, { stakeRao }) => total + stakeRao, 0n);
  return new Map(validators.map(({ uid, stakeRao }) => {
    const given = weightsOf(draft, netuid, mechanism, uid);
    const total = sum([...given.values()]);
    const weights = new Map(Array.from(given, ([miner, weight]) => [miner, weight / total]));
    return [uid, { stakeShare: Number(stakeRao) / Number(totalRao), weights }];
  }));
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
