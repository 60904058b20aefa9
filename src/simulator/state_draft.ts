/**
 * The state of a block while it is being changed.
 *
 * @module
 */

import type { Codec } from "@polkadot/types/types";
import type { ChainState } from "./block.ts";
import type { Runtime } from "./runtime.ts";
import type { SortedMap } from "./sorted_map.ts";
import type { Neurons } from "./subnet.ts";

/** Typed reads and writes on top of an immutable state. */
export class StateDraft {
  readonly #runtime: Runtime;
  #storage: SortedMap;
  #neurons: ReadonlyMap<number, Neurons>;

  constructor(runtime: Runtime, state: ChainState) {
    this.#runtime = runtime;
    this.#storage = state.storage;
    this.#neurons = state.neurons;
  }

  /** The state with all changes. */
  finish(): ChainState {
    return { storage: this.#storage, neurons: this.#neurons };
  }

  /** A stored value decoded, its default when absent, `null` when absent and optional. */
  get(pallet: string, item: string, ...keys: readonly unknown[]): Codec | null {
    const stored = this.#storage.get(this.key(pallet, item, ...keys));
    return this.#runtime.decodeStorage(pallet, item, stored);
  }

  /** Whether the runtime has the storage item. */
  knows(pallet: string, item: string): boolean {
    return this.#runtime.hasStorage(pallet, item);
  }

  /** A storage key: lowercase hex without `0x`. */
  key(pallet: string, item: string, ...keys: readonly unknown[]): string {
    return this.#runtime.storageKey(pallet, item, ...keys);
  }

  /** A value of a storage item, SCALE-encoded: lowercase hex without `0x`. */
  encode(pallet: string, item: string, value: unknown): string {
    return this.#runtime.encodeStorage(pallet, item, value);
  }

  /** Whether something is stored. */
  has(pallet: string, item: string, ...keys: readonly unknown[]): boolean {
    return this.#storage.get(this.key(pallet, item, ...keys)) !== undefined;
  }

  /** As {@linkcode StateDraft.put}, but does nothing on runtimes that do not have the item. */
  putIfKnown(value: unknown, pallet: string, item: string, ...keys: readonly unknown[]): void {
    if (this.knows(pallet, item)) this.put(value, pallet, item, ...keys);
  }

  /** Stores a value, or deletes it when it is `null`. */
  put(value: unknown, pallet: string, item: string, ...keys: readonly unknown[]): void {
    const key = this.key(pallet, item, ...keys);
    this.putRaw(key, value === null ? null : this.encode(pallet, item, value));
  }

  /** Stores SCALE bytes (lowercase hex without `0x`), or deletes them. */
  putRaw(key: string, value: string | null): void {
    this.#storage = value === null ? this.#storage.delete(key) : this.#storage.set(key, value);
  }

  /** The subnets that have had neurons. */
  get netuids(): number[] {
    return [...this.#neurons.keys()];
  }

  /** The neurons of a subnet. */
  neurons(netuid: number): Neurons {
    return this.#neurons.get(netuid) ?? [];
  }

  /** Replaces the neurons of a subnet, together with the storage that mirrors them. */
  putNeurons(netuid: number, neurons: Neurons): void {
    for (const { uid, hotkey } of this.neurons(netuid)) {
      this.putIfKnown(null, "SubtensorModule", "Uids", netuid, hotkey);
      this.putIfKnown(null, "SubtensorModule", "Keys", netuid, uid);
    }
    for (const { uid, hotkey, coldkey } of neurons) {
      this.putIfKnown(uid, "SubtensorModule", "Uids", netuid, hotkey);
      this.putIfKnown(hotkey, "SubtensorModule", "Keys", netuid, uid);
      this.putIfKnown(coldkey, "SubtensorModule", "Owner", hotkey);
    }
    this.putIfKnown((neurons.at(-1)?.uid ?? -1) + 1, "SubtensorModule", "SubnetworkN", netuid);
    this.addNetwork(netuid);
    this.#neurons = new Map(this.#neurons).set(netuid, neurons);
  }

  /** Marks a subnet as existing. */
  addNetwork(netuid: number): void {
    this.putIfKnown(true, "SubtensorModule", "NetworksAdded", netuid);
  }
}
