/**
 * The simulated chain: blocks with their whole state, the transaction pool, finality, and everything a test
 * or a demo may set.
 *
 * Edits (neurons, tempo, commitments, raw storage …) change the state of the head, as if the head block had
 * executed them: older blocks keep what they had.
 *
 * @module
 */

import { hexToU8a, u8aToHex } from "@polkadot/util";
import { type Block, type BlockInfo, type ChainState, seededHash } from "./block.ts";
import { BlockStore, NO_STATE, SLOT_MS } from "./block_store.ts";
import { type CommitmentData, fieldValues, hexText } from "./commitment.ts";
import { applyExtrinsic, INHERENT_SUCCESS } from "./dispatch.ts";
import { runEpochs } from "./epoch.ts";
import { Runtime, type RuntimeEvent } from "./runtime.ts";
import { clientError } from "./rpc_error.ts";
import { StateDraft } from "./state_draft.ts";
import { type NeuronInit, type Neurons, withNeuron } from "./subnet.ts";
import { type ExtrinsicWatcher, TransactionPool } from "./transaction_pool.ts";
import { commitWeights, type WeightsInit } from "./weights.ts";

/** A jump over more blocks than this does not build them one by one. */
const MAX_BUILT_JUMP = 10_000;

/** How a chain begins and behaves. */
export interface ChainOptions {
  /** @default the built-in runtime */
  readonly runtime?: Runtime;
  /** Number of the first block that is really built, at least 1. @default 1 */
  readonly startBlock?: number;
  /** `Timestamp.Now` of the start block, in milliseconds. @default the clock */
  readonly startTimestampMs?: number;
  /**
   * `slots`: each block is 12 s after the one before, regardless of how fast blocks are made; `clock`: the time of making.
   * @default "slots"
   */
  readonly timestamps?: "slots" | "clock";
  /** Block hashes follow from it. @default "ih-miner" */
  readonly seed?: string;
  /** `0x` + 64 hex digits. @default from the seed */
  readonly genesisHash?: string;
  /** How far the finalized head is behind the best one, in blocks. @default 0 */
  readonly finalityLag?: number;
  /** How many blocks below the head keep their state; `null`: all. @default null */
  readonly stateWindowBlocks?: number | null;
  /** The clock, milliseconds since 1970. @default Date.now */
  readonly nowMs?: () => number;
}

/** A commitment to store. */
export interface CommitmentInit {
  readonly netuid: number;
  /** SS58 address; it need not be registered. */
  readonly hotkey: string;
  readonly data: CommitmentData;
  /** The `block` of the record. @default the head */
  readonly block?: number;
}

/** What happened on the chain. */
export type ChainEvent =
  | { readonly kind: "best" | "finalized" | "retracted"; readonly block: Block }
  | { readonly kind: "edited" };

/** A Subtensor-like chain. */
export class SimulatedChain {
  readonly runtime: Runtime;
  readonly genesisHash: string;
  /** The extrinsics that wait for a block or for finality. */
  readonly pool: TransactionPool;
  readonly #blocks: BlockStore;
  readonly #timestamps: "slots" | "clock";
  readonly #stateWindowBlocks: number | null;
  readonly #nowMs: () => number;
  readonly #listeners = new Set<(event: ChainEvent) => void>();
  readonly #blockItems = new Map<string, (block: Block) => string>();
  #finalityLag: number;
  #finalizedNumber: number;
  #oldestStateNumber = 0;

  constructor(options: ChainOptions = {}) {
    const { runtime = Runtime.builtin(), startBlock = 1, seed = "ih-miner", finalityLag = 0 } = options;
    const { stateWindowBlocks = null, nowMs = Date.now, timestamps = "slots" } = options;
    requireNumber("startBlock", startBlock, 1);
    requireNumber("finalityLag", finalityLag, 0);
    if (stateWindowBlocks !== null) requireNumber("stateWindowBlocks", stateWindowBlocks, 1);
    this.runtime = runtime;
    this.#nowMs = nowMs;
    this.#timestamps = timestamps;
    this.#stateWindowBlocks = stateWindowBlocks;
    this.#finalityLag = finalityLag;
    this.genesisHash = options.genesisHash === undefined
      ? seededHash(`${seed}/genesis`)
      : blockHashText(options.genesisHash);
    this.#defineBlockItems();
    this.#blocks = new BlockStore({
      seed,
      genesisHash: this.genesisHash,
      startBlock,
      start: {
        timestampMs: options.startTimestampMs ?? nowMs(),
        extrinsics: [],
        events: [{ ...INHERENT_SUCCESS, extrinsicIndex: 0 }],
        state: NO_STATE,
      },
    });
    this.#finalizedNumber = Math.max(0, startBlock - finalityLag);
    this.#prune();
    this.pool = new TransactionPool(this);
  }

  // Blocks -----------------------------------------------------------------------------------------------

  /** The best block. */
  get head(): Block {
    return this.#blocks.head;
  }

  /** The last final block. */
  get finalizedHead(): Block {
    return this.#blocks.at(this.#finalizedNumber)!;
  }

  /** The hash of a block of the best chain, `null` above the head. */
  blockHash(number: number): string | null {
    return this.blockAt(number)?.hash ?? null;
  }

  /** A block of the best chain, `null` above the head. */
  blockAt(number: number): Block | null {
    return this.#blocks.at(number);
  }

  /** Any block that was ever handed out, retracted ones included. */
  blockByHash(hash: string): Block | null {
    return this.#blocks.byHash(hash);
  }

  /**
   * Gives a block of the best chain, now or when it is built, a hash of the caller's choice. Its header then no
   * longer hashes to it, so only clients that ask for hashes will see it.
   */
  setBlockHash(number: number, hash: string): void {
    requireNumber("number", number, 1);
    this.#blocks.setHash(number, blockHashText(hash));
  }

  /** Builds blocks on top of the head; the first takes what the pool has. */
  advance(count = 1): BlockInfo {
    requireNumber("count", count, 1);
    for (let i = 0; i < count; i++) this.#build(this.#nextTimestamp(1));
    return this.head;
  }

  /**
   * Moves the head forward to a number (clients hear of the last block only) or back to it. A jump over more than 10,000
   * blocks skips their epochs.
   */
  setHead(number: number): BlockInfo {
    requireNumber("number", number, 1);
    const distance = number - this.head.number;
    if (distance <= 0) return distance < 0 ? this.rewind(-distance) : this.head;
    if (distance <= MAX_BUILT_JUMP) {
      for (let i = 1; i < distance; i++) this.#build(this.#nextTimestamp(1), { quiet: true });
      this.#build(this.#nextTimestamp(1));
    } else {
      this.#build(this.#nextTimestamp(distance), { number });
    }
    return this.head;
  }

  /**
   * Takes blocks off the head, as when a public endpoint hands over to a node that is behind, or a fork loses.
   * Their extrinsics wait again; blocks built from here have other hashes. Final blocks are not spared.
   */
  rewind(count = 1): BlockInfo {
    this.#retract(count);
    this.#emit({ kind: "best", block: this.head });
    return this.head;
  }

  /** Replaces the last `depth` blocks by as many others and one more; clients hear of the last one only. */
  reorganise(depth = 1): BlockInfo {
    const { number } = this.head;
    this.#retract(depth);
    return this.setHead(number + 1);
  }

  /** How far finality is behind from now on. */
  setFinalityLag(blocks: number): void {
    requireNumber("finalityLag", blocks, 0);
    this.#finalityLag = blocks;
    this.#finalize();
  }

  /** Sets the head's `Timestamp.Now`; later blocks count from it. */
  setTimestamp(timestampMs: number): void {
    requireNumber("timestampMs", timestampMs, 0);
    this.#blocks.setHeadTimestamp(timestampMs);
    this.#emit({ kind: "edited" });
  }

  // State ------------------------------------------------------------------------------------------------

  /**
   * The state at a block.
   *
   * @throws {RpcError} 4003, as a pruning node does, below the state window.
   */
  stateAt(block: Block): ChainState {
    if (block.number < this.#oldestStateNumber) {
      throw clientError(`UnknownBlock: State already discarded for ${block.hash}`);
    }
    return block.state;
  }

  /** A raw value (lowercase hex without `0x`) at a block. @throws {RpcError} 4003 below the state window. */
  storageAt(block: Block, key: string): string | undefined {
    const { storage } = this.stateAt(block);
    return this.#blockItems.get(key)?.(block) ?? storage.get(key);
  }

  /** The keys under a prefix at a block, ascending, after `startKey`. All lowercase hex without `0x`. */
  *keysAt(block: Block, prefix: string, startKey = ""): Generator<string> {
    const { storage } = this.stateAt(block);
    const own = [...this.#blockItems.keys()]
      .filter((key) => key.startsWith(prefix) && key > startKey && storage.get(key) === undefined)
      .sort();
    for (const key of storage.keys(prefix, startKey)) {
      while (own.length > 0 && own[0]! < key) yield own.shift()!;
      yield key;
    }
    yield* own;
  }

  /** The neurons of a subnet at a block. @throws {RpcError} 4003 below the state window. */
  neuronsAt(block: Block, netuid: number): Neurons {
    return this.stateAt(block).neurons.get(netuid) ?? [];
  }

  /** Changes the head's state. */
  edit(change: (draft: StateDraft) => void): void {
    const draft = new StateDraft(this.runtime, this.head.state);
    change(draft);
    this.#blocks.setHeadState(draft.finish());
    this.#emit({ kind: "edited" });
  }

  /** A storage key: lowercase hex without `0x`; with fewer keys than the item has, a prefix. */
  storageKey(pallet: string, item: string, ...keys: readonly unknown[]): string {
    return this.runtime.storageKey(pallet, item, ...keys);
  }

  /** Sets raw storage at the head, hex with or without `0x`; `null` deletes. */
  setStorage(key: string, value: string | null): void {
    const name = hexText(key).slice(2);
    if (this.#blockItems.has(name)) {
      throw new RangeError(
        `Cannot set storage 0x${name}: every block makes its own; for the time use setTimestamp`,
      );
    }
    this.edit((draft) => draft.putRaw(name, value === null ? null : hexText(value).slice(2)));
  }

  /** Registers a neuron, or changes the one that has its hotkey or UID. */
  registerNeuron(netuid: number, neuron: NeuronInit): void {
    this.edit((draft) =>
      draft.putNeurons(netuid, withNeuron(draft.neurons(netuid), neuron, this.head.number))
    );
  }

  /** Takes a hotkey off the subnet. What it has committed stays, as on the real chain. */
  deregisterNeuron(netuid: number, hotkey: string): void {
    this.edit((draft) =>
      draft.putNeurons(netuid, draft.neurons(netuid).filter((neuron) => neuron.hotkey !== hotkey))
    );
  }

  /** Replaces all neurons of a subnet; UIDs that are not given count from 0. */
  setNeurons(netuid: number, neurons: readonly NeuronInit[]): void {
    this.edit((draft) => {
      const empty: Neurons = [];
      draft.putNeurons(
        netuid,
        neurons.reduce((all, neuron) => withNeuron(all, neuron, this.head.number), empty),
      );
    });
  }

  /** Sets `SubtensorModule.Tempo`. */
  setTempo(netuid: number, tempo: number): void {
    requireNumber("tempo", tempo, 1, 65_534);
    this.edit((draft) => {
      draft.addNetwork(netuid);
      draft.put(tempo, "SubtensorModule", "Tempo", netuid);
    });
  }

  /** Sets `SubtensorModule.MechanismEmissionSplit` (u16 shares of 65535), or removes it. */
  setMechanismEmissionSplit(netuid: number, split: readonly number[] | null): void {
    for (const share of split ?? []) requireNumber("share", share, 0, 65_535);
    this.edit((draft) => draft.put(split, "SubtensorModule", "MechanismEmissionSplit", netuid));
  }

  /** Sets `SubtensorModule.MechanismCountCurrent`, or removes it. */
  setMechanismCount(netuid: number, count: number | null): void {
    this.edit((draft) => draft.put(count, "SubtensorModule", "MechanismCountCurrent", netuid));
  }

  /** Sets `SubtensorModule.RevealPeriodEpochs`. */
  setRevealPeriodEpochs(netuid: number, epochs: number): void {
    requireNumber("revealPeriodEpochs", epochs, 1, 100);
    this.edit((draft) => draft.put(epochs, "SubtensorModule", "RevealPeriodEpochs", netuid));
  }

  /** Sets `SubtensorModule.SubnetOwnerHotkey`, to whom validators give what they do not pay. */
  setSubnetOwner(netuid: number, hotkey: string): void {
    this.edit((draft) => draft.put(hotkey, "SubtensorModule", "SubnetOwnerHotkey", netuid));
  }

  /** `SubtensorModule.SubnetOwnerHotkey` at the head; the account of zeros if it was not set. */
  subnetOwner(netuid: number): string {
    const draft = new StateDraft(this.runtime, this.head.state);
    return draft.get("SubtensorModule", "SubnetOwnerHotkey", netuid)!.toString();
  }

  /**
   * Commits a validator's weights at the head; they are revealed `RevealPeriodEpochs` epochs later, and pay from the end of
   * that epoch on.
   *
   * @throws {RangeError} if the hotkey has no validator permit, or a UID is not registered.
   */
  commitWeights(weights: WeightsInit): void {
    this.edit((draft) => commitWeights(draft, weights, this.head.number));
  }

  /** Stores a commitment at the head, even one that no extrinsic could make. */
  setCommitment({ netuid, hotkey, data, block = this.head.number }: CommitmentInit): void {
    requireNumber("block", block, 0, 0xffff_ffff);
    this.edit((draft) => {
      if (typeof data === "object" && "storage" in data) {
        const key = this.storageKey("Commitments", "CommitmentOf", netuid, hotkey);
        draft.putRaw(key, hexText(data.storage).slice(2));
      } else {
        const value = { deposit: 0, block, info: { fields: fieldValues(data) } };
        draft.put(value, "Commitments", "CommitmentOf", netuid, hotkey);
      }
    });
  }

  /** Removes a commitment at the head. */
  removeCommitment(netuid: number, hotkey: string): void {
    this.edit((draft) => draft.put(null, "Commitments", "CommitmentOf", netuid, hotkey));
  }

  // Extrinsics and events --------------------------------------------------------------------------------

  /**
   * Hands an extrinsic to the pool.
   *
   * @returns its hash.
   * @throws {RpcError} as a real node refuses it.
   */
  submitExtrinsic(bytes: Uint8Array, watcher: ExtrinsicWatcher | null = null): string {
    return this.pool.submit(bytes, watcher);
  }

  /** Calls `listener` for what happens from now on. @returns a function that ends it. */
  subscribe(listener: (event: ChainEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #retract(count: number): void {
    requireNumber("count", count, 1);
    const retracted = this.#blocks.retract(count);
    this.#finalizedNumber = Math.min(
      this.#finalizedNumber,
      Math.max(0, this.head.number - this.#finalityLag),
    );
    this.pool.retracted(retracted);
    for (const block of retracted) this.#emit({ kind: "retracted", block });
  }

  #build(timestampMs: number, { number = this.head.number + 1, quiet = false } = {}): void {
    const extrinsics = this.pool.takeable();
    const draft = new StateDraft(this.runtime, this.head.state);
    runEpochs(draft, number);
    const events: RuntimeEvent[] = [{ ...INHERENT_SUCCESS, extrinsicIndex: 0 }];
    extrinsics.forEach((extrinsic, i) => {
      for (const event of applyExtrinsic(this.runtime, draft, extrinsic, number)) {
        events.push({ ...event, extrinsicIndex: i + 1 });
      }
    });
    const block = this.#blocks.append(number, {
      timestampMs,
      extrinsics: extrinsics.map(({ bytes }) => bytes),
      events,
      state: draft.finish(),
    });
    this.pool.included(extrinsics, block);
    if (!quiet) this.#emit({ kind: "best", block });
    this.#finalize({ quiet });
    this.#prune();
  }

  /** Forgets the state that fell out of the window; going back does not bring it back. */
  #prune(): void {
    if (this.#stateWindowBlocks === null) return;
    this.#oldestStateNumber = Math.max(this.#oldestStateNumber, this.head.number - this.#stateWindowBlocks);
    this.#blocks.forgetState(this.#oldestStateNumber - 1);
  }

  #finalize({ quiet = false } = {}): void {
    const target = Math.max(0, this.head.number - this.#finalityLag);
    const first = this.#finalizedNumber + 1;
    if (target < first) return;
    this.#finalizedNumber = target;
    this.pool.finalized(target);
    if (quiet) return;
    for (let number = Math.max(first, target - MAX_BUILT_JUMP); number <= target; number++) {
      const block = this.#blocks.builtAt(number);
      if (block !== null) this.#emit({ kind: "finalized", block });
    }
  }

  #nextTimestamp(slots: number): number {
    const { timestampMs } = this.head;
    return this.#timestamps === "slots"
      ? timestampMs + slots * SLOT_MS
      : Math.max(timestampMs + 1, this.#nowMs());
  }

  #emit(event: ChainEvent): void {
    for (const listener of [...this.#listeners]) listener(event);
  }

  /** The items that each block sets anew; they are not kept in the state. */
  #defineBlockItems(): void {
    const { runtime } = this;
    const define = (pallet: string, item: string, valueOf: (block: Block) => unknown): void => {
      if (!runtime.hasStorage(pallet, item)) return;
      this.#blockItems.set(
        runtime.storageKey(pallet, item),
        (block) => runtime.encodeStorage(pallet, item, valueOf(block)),
      );
    };
    define("System", "Number", (block) => block.number);
    define("System", "ParentHash", (block) => block.header.parentHash);
    define("System", "EventCount", (block) => block.events.length);
    define("Timestamp", "Now", (block) => block.timestampMs);
    this.#blockItems.set(
      runtime.storageKey("System", "Events"),
      (block) => u8aToHex(runtime.encodeEvents(block.events)).slice(2),
    );
  }
}

function blockHashText(text: string): string {
  const hash = hexText(text);
  if (hexToU8a(hash).length !== 32) {
    throw new TypeError(`Cannot use ${text} as a block hash: give 32 bytes as hex`);
  }
  return hash;
}

function requireNumber(what: string, value: number, least: number, most = Number.MAX_SAFE_INTEGER): void {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  const range = most === Number.MAX_SAFE_INTEGER ? `from ${least}` : `from ${least} to ${most}`;
  throw new RangeError(`Cannot set ${what}: it is ${value}; give a whole number ${range}`);
}
