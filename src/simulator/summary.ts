/**
 * What the control API shows of the chain.
 *
 * @module
 */

import type { Codec } from "@polkadot/types/types";
import { encodeAddress } from "@polkadot/util-crypto";
import type { SimulatedChain } from "./chain.ts";
import { StateDraft } from "./state_draft.ts";
import { mechanismShares, storageIndex } from "./weights.ts";

/** What the last epoch paid. */
export interface EpochSummary {
  readonly revealPeriodEpochs: number;
  readonly ownerHotkey: string;
  /** The block that ended it; 0 before the first, `null` on runtimes that do not tell. */
  readonly lastBlock: number | null;
  /** By mechanism and UID, in shares of 65535. */
  readonly incentive: readonly (readonly number[])[];
  /** By UID, in decimal digits. */
  readonly emissionRao: readonly string[];
}

/** One subnet at the head. */
export interface SubnetSummary {
  readonly netuid: number;
  readonly tempo: number;
  readonly mechanismEmissionSplit: readonly number[] | null;
  /** `null` on runtimes without epochs. */
  readonly epoch: EpochSummary | null;
  readonly neurons: readonly {
    readonly uid: number;
    readonly hotkey: string;
    readonly coldkey: string;
    /** Decimal digits. */
    readonly stakeRao: string;
    readonly validatorPermit: boolean;
  }[];
  /** In the order of the storage keys; `storage` is the record's SCALE bytes. */
  readonly commitments: readonly { readonly hotkey: string; readonly storage: string }[];
}

/** The subnets that exist at the head, ascending. */
export function subnetSummaries(chain: SimulatedChain): SubnetSummary[] {
  const prefix = chain.storageKey("SubtensorModule", "NetworksAdded");
  return Array.from(chain.keysAt(chain.head, prefix), (key) => netuidOf(key.slice(prefix.length)))
    .sort((a, b) => a - b)
    .map((netuid) => subnetSummary(chain, netuid));
}

function subnetSummary(chain: SimulatedChain, netuid: number): SubnetSummary {
  const draft = new StateDraft(chain.runtime, chain.head.state);
  const split = chain.runtime.hasStorage("SubtensorModule", "MechanismEmissionSplit")
    ? draft.get("SubtensorModule", "MechanismEmissionSplit", netuid)
    : null;
  const prefix = chain.storageKey("Commitments", "CommitmentOf", netuid);
  return {
    netuid,
    tempo: Number(draft.get("SubtensorModule", "Tempo", netuid)),
    mechanismEmissionSplit: split === null ? null : split.toJSON() as number[],
    epoch: draft.knows("SubtensorModule", "TimelockedWeightCommits") ? epochSummary(draft, netuid) : null,
    neurons: draft.neurons(netuid).map(({ uid, hotkey, coldkey, stakeRao, validatorPermit }) => ({
      uid,
      hotkey,
      coldkey,
      stakeRao: stakeRao.toString(),
      validatorPermit,
    })),
    commitments: Array.from(chain.keysAt(chain.head, prefix), (key) => ({
      hotkey: encodeAddress(`0x${key.slice(-64)}`, 42),
      storage: `0x${chain.storageAt(chain.head, key)}`,
    })),
  };
}

function epochSummary(draft: StateDraft, netuid: number): EpochSummary {
  const get = (item: string, key = netuid): Codec => draft.get("SubtensorModule", item, key)!;
  return {
    revealPeriodEpochs: Number(get("RevealPeriodEpochs")),
    ownerHotkey: get("SubnetOwnerHotkey").toString(),
    lastBlock: draft.knows("SubtensorModule", "LastMechansimStepBlock")
      ? Number(get("LastMechansimStepBlock"))
      : null,
    incentive: Array.from(
      mechanismShares(draft, netuid).keys(),
      (mechanism) => get("Incentive", storageIndex(netuid, mechanism)).toJSON() as number[],
    ),
    emissionRao: [...get("Emission") as unknown as Iterable<Codec>].map(String),
  };
}

/** `Identity` of a u16, little-endian. */
function netuidOf(hex: string): number {
  return Number.parseInt(hex.slice(2, 4) + hex.slice(0, 2), 16);
}
