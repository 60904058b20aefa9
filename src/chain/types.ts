/**
 * What the chain client offers to the jobs, free of any codec library.
 *
 * @module
 */

import type { AuctionSnapshot, CommitmentRecord } from "../auction/inputs/snapshot.ts";
import type { HotkeySigner } from "./wallet/signer.ts";
import type { ChainError } from "./errors.ts";

/** Options of `connectChain`. */
export interface ConnectChainOptions {
  /** URLs to try in this order; see `resolveEndpoints`. */
  readonly endpoints: readonly string[];
  /**
   * The genesis hash the chain must have: `knownGenesisHash(network)`, or the one an earlier connection of the
   * same configuration had. Without it, the first endpoint that answers sets it for the rest of the list.
   */
  readonly expectedGenesisHash?: string | undefined;
  /** For each WebSocket handshake. @default {10_000} */
  readonly connectTimeoutMs?: number;
  /** For each request. @default {20_000} */
  readonly requestTimeoutMs?: number;
  /** An endpoint whose best head is older is passed over while another one is better. @default {60} */
  readonly maxHeadAgeSeconds?: number;
  /** The host's clock, in milliseconds since 1970. */
  readonly nowMs: () => number;
  /** Ends the attempt, and later the connection. */
  readonly signal?: AbortSignal | undefined;
  /** Called for every endpoint that was passed over, a stale one that is used in the end included. */
  readonly onAttemptFailed?: (endpoint: string, error: ChainError) => void;
  /** Called with things an operator should know that stop nothing; each at most once a connection. */
  readonly onWarning?: (warning: ChainWarning) => void;
}

/** Something odd about the chain that does not stop the work. */
export interface ChainWarning {
  readonly kind: "unknown-extensions";
  /** For people. */
  readonly message: string;
  /** The names of the transaction extensions concerned. */
  readonly extensions: readonly string[];
}

/** A block by number and hash (`0x` and 64 lowercase hex digits). */
export interface BlockRef {
  readonly number: number;
  readonly hash: string;
}

/** One hotkey's record, as `AuctionSnapshot` has it, without what the caller knows already. */
export type OwnCommitment = Pick<CommitmentRecord, "block" | "fieldKind" | "data">;

/** What `ChainConnection.readSnapshot` reads. */
export interface ReadSnapshotOptions {
  readonly netuid: number;
  /** Goes into the snapshot; read with `ChainConnection.tempo`. */
  readonly tempo: number;
  /** The best head of the run. */
  readonly head: BlockRef;
  /** The first block of the window; at most `head.number`. */
  readonly firstBlockNumber: number;
}

/** What `ChainConnection.submitCommitment` publishes. */
export interface SubmitCommitmentOptions {
  readonly netuid: number;
  /** The commitment text in UTF-8, at most 128 bytes. */
  readonly data: Uint8Array;
  readonly signer: HotkeySigner;
  /** How long to wait for finalization. @default {110_000} */
  readonly finalizationTimeoutMs?: number;
  /** Stops waiting; the extrinsic may still be included. */
  readonly signal?: AbortSignal | undefined;
  /** Each step on the way: `ready`, `inBlock`, `retracted`, … */
  readonly onStatus?: (status: string) => void;
}

/** A commitment that is in a finalized block and succeeded. */
export interface SubmittedCommitment {
  /** BLAKE2-256 of the signed extrinsic. */
  readonly extrinsicHash: string;
  readonly blockHash: string;
  readonly blockNumber: number;
}

/**
 * An open connection to one node. It never reconnects: a lost connection fails what is under way, and the job
 * is run again with a new one. Every method throws `ChainError`s.
 */
export interface ChainConnection {
  /** The endpoint as it may be shown: without the places where providers put access keys. */
  readonly endpoint: string;
  /** The endpoint as it was given, which tells it from others of its host. Never to be shown. */
  readonly url: string;
  /** `0x` and 64 lowercase hex digits. */
  readonly genesisHash: string;
  /** The name of the runtime, such as `node-subtensor`. */
  readonly specName: string;
  readonly specVersion: number;
  /** Age of the best head when the connection was made, by the host's clock; `null` without `Timestamp.Now`. */
  readonly headAgeSeconds: number | null;
  /** Whether that was more than `maxHeadAgeSeconds`, and no endpoint of the list was better. */
  readonly isHeadStale: boolean;

  /** The number of the best (not the finalized) head; one request, for polling. */
  bestHeadNumber(): Promise<number>;
  /** The best head; two requests. */
  bestHead(): Promise<BlockRef>;
  /** The hash of a block of the best chain. `missing-state` when there is no such block. */
  blockHash(blockNumber: number): Promise<string>;
  /** `Timestamp.Now` at a block, in milliseconds since 1970; `null` when the chain has none. */
  timestampMs(blockHash: string): Promise<number | null>;
  /** `SubtensorModule.Tempo(netuid)`, in blocks (spec, section 3); at the best head unless told. */
  tempo(netuid: number, atHash?: string): Promise<number>;
  /** `SubtensorModule.MechanismEmissionSplit(netuid)`; `null` when absent. One request. */
  mechanismEmissionSplit(netuid: number, atHash: string): Promise<readonly number[] | null>;
  /** Its storage key; `null` when the chain's metadata has no such item. */
  mechanismEmissionSplitKey(netuid: number): string | null;
  /** Everything an auction needs (spec, section 4), in at most nine requests for 256 hotkeys. */
  readSnapshot(options: ReadSnapshotOptions): Promise<AuctionSnapshot>;
  /** One hotkey's `CommitmentOf`; `null` when there is none. At the best head unless told. */
  readCommitment(netuid: number, hotkey: string, atHash?: string): Promise<OwnCommitment | null>;
  /** The hotkey's UID on the subnet; `null` when it is not registered. At the best head unless told. */
  registeredUid(netuid: number, hotkey: string, atHash?: string): Promise<number | null>;
  /**
   * Publishes a commitment and waits for its finalization (spec, section 7).
   *
   * `DispatchError` when the extrinsic failed on the chain; `ChainError` of kind `rejected` or `dropped` when it
   * never got there.
   */
  submitCommitment(options: SubmitCommitmentOptions): Promise<SubmittedCommitment>;
  /** Closes the connection; safe to call twice. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}
