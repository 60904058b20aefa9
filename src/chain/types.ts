/**
 * The interface of the chain client, without any codec library.
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
   * The required genesis hash: `knownGenesisHash(network)`, or that of an earlier connection with the same configuration.
   * Without it, the first endpoint that answers sets it for the rest of the list.
   */
  readonly expectedGenesisHash?: string | undefined;
  /** For each WebSocket handshake. @default {10_000} */
  readonly connectTimeoutMs?: number;
  /** For a small answer since the request or the last answer. @default {20_000} */
  readonly requestTimeoutMs?: number;
  /** For an answer that may be large, which a slow line takes long to carry. @default {110_000} */
  readonly largeRequestTimeoutMs?: number;
  /** An endpoint whose best head is older is passed over if another one is better. @default {60} */
  readonly maxHeadAgeSeconds?: number;
  /** Milliseconds since 1970. */
  readonly nowMs: () => number;
  /** What is known of runtimes from earlier runs. @default nothing, and nothing is kept */
  readonly runtimes?: RuntimeShelf | undefined;
  /** Aborts the attempt, and later the connection. */
  readonly signal?: AbortSignal | undefined;
  /** Called for every endpoint that was passed over, including a stale one that is used in the end. */
  readonly onAttemptFailed?: (endpoint: string, error: ChainError) => void;
  /** Called with oddities that stop nothing; each at most once per connection. */
  readonly onWarning?: (warning: ChainWarning) => void;
}

/** What a node says of a runtime. The same code always says the same. */
export interface RuntimeDescription {
  /** `0x` and 64 lowercase hex digits. */
  readonly genesisHash: string;
  /** The hash of the runtime's code, as `state_getStorageHash` of `:code` gives it; `0x` and 64 lowercase hex digits. */
  readonly codeHash: string;
  /** The answer to `state_getRuntimeVersion`, as JSON. */
  readonly versionJson: string;
  /** SCALE bytes. */
  readonly metadata: Uint8Array<ArrayBuffer>;
}

/**
 * Keeps descriptions of runtimes from run to run. Each is used only for the endpoint that gave it: a node that lies about its
 * metadata spoils nothing but what it says itself.
 */
export interface RuntimeShelf {
  /** @param url the endpoint as configured. */
  find(url: string, genesisHash: string, codeHash: string): RuntimeDescription | null;
  /** @param url the endpoint as configured. */
  keep(url: string, description: RuntimeDescription): void;
}

/** An oddity of the chain that stops nothing. */
export interface ChainWarning {
  readonly kind: "unknown-extensions";
  readonly message: string;
  /** The names of the transaction extensions concerned. */
  readonly extensions: readonly string[];
}

/** A block by number and hash (`0x` and 64 lowercase hex digits). */
export interface BlockRef {
  readonly number: number;
  readonly hash: string;
}

/** One hotkey's record as in `AuctionSnapshot`, without the fields that the caller knows. */
export type OwnCommitment = Pick<CommitmentRecord, "block" | "fieldKind" | "data">;

/** Options of `ChainConnection.readSnapshot`. */
export interface ReadSnapshotOptions {
  readonly netuid: number;
  /** Recorded in the snapshot; read it with `ChainConnection.tempo`. */
  readonly tempo: number;
  /** The best head of the run. */
  readonly head: BlockRef;
  /** The first block of the window; at most `head.number`. */
  readonly firstBlockNumber: number;
}

/** What the chain's last epoch paid a hotkey (spec, section 10). */
export interface PayReading {
  /** `null` if the hotkey is not registered. */
  readonly uid: number | null;
  /** `Incentive` of mechanism 1: the share of its miners' emission × 65535; `null` if the chain has none for the UID. */
  readonly incentive: number | null;
  /** `Emission`: rao of alpha (10^-9) over all mechanisms, dividends included; `null` if the chain has none for the UID. */
  readonly emissionRao: bigint | null;
  /** `RevealPeriodEpochs`; `null` if the chain has none. */
  readonly revealPeriodEpochs: number | null;
  /** The block that ended the last epoch; `null` if the chain does not tell, or none has ended. */
  readonly lastEpochBlock: number | null;
}

/** Options of `ChainConnection.signCommitment`. */
export interface SignCommitmentOptions {
  readonly netuid: number;
  /** The commitment text in UTF-8, at most 128 bytes. */
  readonly data: Uint8Array;
  readonly signer: HotkeySigner;
}

/** A signed extrinsic, ready to be sent. */
export interface SignedExtrinsic {
  /** `0x` and hex. */
  readonly hex: string;
  /** BLAKE2-256 of it, `0x` and hex. */
  readonly hash: string;
}

/** Options of `ChainConnection.submit`. */
export interface SubmitOptions {
  /** How long to wait for finalization. @default {110_000} */
  readonly finalizationTimeoutMs?: number;
  /** Stops waiting; the extrinsic may still be included. */
  readonly signal?: AbortSignal | undefined;
  /** Called with each status: `ready`, `inBlock`, `retracted`, … */
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
 * An open connection to one node. It never reconnects: a lost connection fails all pending requests, and the job continues
 * with a new one. Every method throws `ChainError`s.
 */
export interface ChainConnection {
  /** The endpoint without the parts in which providers put access keys. */
  readonly endpoint: string;
  /** The endpoint as configured; never shown, since it may contain access keys. */
  readonly url: string;
  /** `0x` and 64 lowercase hex digits. */
  readonly genesisHash: string;
  /** The name of the runtime, such as `node-subtensor`. */
  readonly specName: string;
  readonly specVersion: number;
  /** Age of the best head at connection time, by the host's clock; `null` without `Timestamp.Now`. */
  readonly headAgeSeconds: number | null;
  /** Whether it exceeded `maxHeadAgeSeconds` and no endpoint was better. */
  readonly isHeadStale: boolean;

  /** How much the node has sent since the connection was opened. */
  readonly receivedBytes: number;

  /** The number of the best (not the finalized) head; one request, for polling. */
  bestHeadNumber(): Promise<number>;
  /** The best head; two requests. */
  bestHead(): Promise<BlockRef>;
  /** The best head at connection time while that is at most six seconds ago, else as {@linkcode bestHead}. */
  recentHead(): Promise<BlockRef>;
  /** The hash of a block of the best chain; fails with `missing-state` without such a block. */
  blockHash(blockNumber: number): Promise<string>;
  /** `Timestamp.Now` at a block, in milliseconds since 1970; `null` when the chain has none. */
  timestampMs(blockHash: string): Promise<number | null>;
  /** `SubtensorModule.Tempo(netuid)` in blocks (spec, section 3), by default at the best head. */
  tempo(netuid: number, atHash?: string): Promise<number>;
  /** `SubtensorModule.MechanismEmissionSplit(netuid)`; `null` when absent. Requests as {@linkcode readPay}. */
  mechanismEmissionSplit(netuid: number, atHash: string): Promise<readonly number[] | null>;
  /** The storage key of the split; `null` if the metadata lacks the item. */
  mechanismEmissionSplitKey(netuid: number): string | null;
  /** Everything an auction needs (spec, section 4), in at most eight requests for 256 hotkeys. */
  readSnapshot(options: ReadSnapshotOptions): Promise<AuctionSnapshot>;
  /** One hotkey's `CommitmentOf`, by default at the best head; `null` if there is none. */
  readCommitment(netuid: number, hotkey: string, atHash?: string): Promise<OwnCommitment | null>;
  /** The hotkey's UID on the subnet, by default at the best head; `null` if it is not registered. */
  registeredUid(netuid: number, hotkey: string, atHash?: string): Promise<number | null>;
  /** What the last epoch before a block paid a hotkey; one request, and another one if the block is new to the connection. */
  readPay(netuid: number, hotkey: string, atHash: string): Promise<PayReading>;
  /** How many extrinsics of an account wait in the node's pool for a block. */
  pendingExtrinsicCount(address: string): Promise<number>;
  /** Signs a commitment with the hotkey's next nonce (spec, section 7); changes nothing on the chain. */
  signCommitment(options: SignCommitmentOptions): Promise<SignedExtrinsic>;
  /**
   * Submits a signed commitment and waits for its finalization. Not to be repeated at another endpoint: it may have reached
   * the chain although this fails.
   *
   * Throws `ChainError` of kind `rejected` or `dropped` if it was never included.
   *
   * @returns the hash of its block; {@linkcode outcomeOf} tells whether it succeeded there.
   */
  submit(extrinsic: SignedExtrinsic, options?: SubmitOptions): Promise<string>;
  /** What became of a submitted commitment in its block. Throws `DispatchError` if it failed there. */
  outcomeOf(extrinsic: SignedExtrinsic, blockHash: string): Promise<SubmittedCommitment>;
  /**
   * Calls the listener whenever requests wait and no answer has come for two seconds.
   *
   * @returns stops that.
   */
  watchStalls(listener: () => void): () => void;
  /** Closes the connection; safe to call twice. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}
