/**
 * What the control API shows of the chain.
 *
 * @module
 */

import { encodeAddress } from "@polkadot/util-crypto";
import type { SimulatedChain } from "./chain.ts";
import { StateDraft } from "./state_draft.ts";

/** One subnet at the head. */
export interface SubnetSummary {
  readonly netuid: number;
  readonly tempo: number;
  readonly mechanismEmissionSplit: readonly number[] | null;
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

/** `Identity` of a u16, little-endian. */
function netuidOf(hex: string): number {
  return Number.parseInt(hex.slice(2, 4) + hex.slice(0, 2), 16);
}
