/**
 * The chain data that an auction is computed from; nothing in it is derived.
 *
 * The chain client produces it, the pure auction consumes it, `--save-snapshot` writes it as JSON and `ih-miner replay` reads
 * it. All values survive `JSON.stringify` and `structuredClone`.
 *
 * @module
 */

/** The `format` of snapshots written by this version. */
export const SNAPSHOT_FORMAT = "ih-miner/snapshot/1";

/** The most commitment records. A subnet has 256 neurons, and those that have left leave their records behind. */
export const MAX_RECORDS = 4096;
/** The largest record as the chain stores it: some times the 512 bytes of `BigRaw` or the 1024 of a timelocked field. */
export const MAX_RECORD_BYTES = 16 * 1024;
/** The most neurons. */
export const MAX_NEURONS = 4096;

/** A block of the snapshot. */
export interface SnapshotBlock {
  readonly number: number;
  /** `0x` + 64 lowercase hex digits. */
  readonly hash: string;
  /** `Timestamp.Now` at this block; `null` if the chain has none. */
  readonly timestampMs: number | null;
}

/** One `Commitments.CommitmentOf(netuid, *)` record (spec, sections 2 and 4.1). */
export interface CommitmentRecord {
  /** The full storage key, `0x` and lowercase hex; its ascending order is that of the auction. */
  readonly storageKey: string;
  /** SS58 address, prefix 42. */
  readonly hotkey: string;
  /** The block of the commitment; `null` if unreadable. */
  readonly block: number | null;
  /**
   * The name of field 0's variant in the chain's metadata (`Raw15`, `BigRaw`, `None`, `TimelockEncrypted`, …);
   * `Empty` if the record has no fields, `Undecodable` if the value cannot be decoded.
   */
  readonly fieldKind: string;
  /** Field 0's bytes, `0x` and hex; `null` for variants without bytes. */
  readonly data: string | null;
}

/** One entry of `NeuronInfoRuntimeApi.get_neurons_lite` (spec, section 4.2). */
export interface NeuronRecord {
  readonly uid: number;
  readonly hotkey: string;
  /** Stake in rao (10^-9 alpha), the sum over the entry's list, as decimal digits. */
  readonly stakeRao: string;
}

/** The inputs of one auction. */
export interface AuctionSnapshot {
  readonly format: typeof SNAPSHOT_FORMAT;
  readonly chain: {
    readonly endpoint: string;
    readonly genesisHash: string;
    readonly specName: string;
    readonly specVersion: number;
  };
  readonly netuid: number;
  /** `SubtensorModule.Tempo(netuid)` at the head. */
  readonly tempo: number;
  /** The best head of the run. */
  readonly head: SnapshotBlock;
  /** The first block of the processed window; bids, prices, bans and stakes are of this block. */
  readonly firstBlock: SnapshotBlock;
  /** `SubtensorModule.MechanismEmissionSplit(netuid)` at the head; `null` when absent. */
  readonly mechanismEmissionSplit: readonly number[] | null;
  /** Ascending by `storageKey`. */
  readonly commitments: readonly CommitmentRecord[];
  readonly neurons: readonly NeuronRecord[];
}
