/**
 * What the service knows of the last processed window.
 *
 * Except for the mechanism split, a window's inputs are fixed at its first block, so its outcome is computed once.
 *
 * @module
 */

import type { AuctionOutcome } from "../auction/outcome.ts";
import type { BlockRef } from "../chain/types.ts";
import type { KnownWindow } from "./jobs/auction_job.ts";
import type { ComputedAuction } from "./jobs/auction_result.ts";
import {
  epochStart,
  locateInWindows,
  type ValidationWindow,
  windowAt,
  type WindowPosition,
} from "../auction/protocol/windows.ts";
import type { Settings } from "./settings.ts";

/** The outcome of one window and what it was computed from. */
export class WindowMemory {
  readonly computed: ComputedAuction;
  readonly window: ValidationWindow;
  readonly known: KnownWindow;
  readonly #settingsKey: string;
  readonly #epochStartBlock: number;
  readonly #head: BlockRef;
  readonly #splitStorageKey: string | null;
  /** The split's storage value at the head of the computation, once read. */
  #splitValue: unknown = undefined;

  constructor(computed: ComputedAuction, settings: Settings) {
    const { window, snapshot, splitStorageKey } = computed;
    const { firstBlock, head, mechanismEmissionSplit, netuid, tempo } = snapshot;
    this.computed = computed;
    this.window = window;
    this.known = { window, firstBlock, mechanismEmissionSplit };
    this.#settingsKey = this.#keyOf(settings);
    this.#epochStartBlock = epochStart(netuid, tempo, head.number);
    this.#head = head;
    this.#splitStorageKey = splitStorageKey;
  }

  get outcome(): AuctionOutcome {
    return this.computed.outcome;
  }

  /** Whether the outcome would be the same under these settings. */
  holdsFor(settings: Settings): boolean {
    return this.#settingsKey === this.#keyOf(settings);
  }

  /** Locates a block in the windows. */
  locate(blockNumber: number): WindowPosition {
    return locateInWindows(blockNumber, this.#epochStartBlock);
  }

  /** Whether a block is in a later window. */
  isPast(blockNumber: number): boolean {
    return windowAt(blockNumber, this.#epochStartBlock).firstBlock > this.window.firstBlock;
  }

  /**
   * Asks a node whether the inputs of the outcome are unchanged: the same first block, the same split.
   *
   * @param ask sends a JSON-RPC request; its errors are passed on.
   */
  async isUnmoved(ask: (method: string, params: readonly unknown[]) => Promise<unknown>): Promise<boolean> {
    const { firstBlock } = this.known;
    const hash = await ask("chain_getBlockHash", [firstBlock.number]);
    if (hash !== firstBlock.hash) return false;
    if (this.#splitStorageKey === null) return true;
    if (this.#splitValue === undefined) {
      this.#splitValue = await ask("state_getStorage", [this.#splitStorageKey, this.#head.hash]);
    }
    return await ask("state_getStorage", [this.#splitStorageKey]) === this.#splitValue;
  }

  /** The settings that the outcome depends on: once it is final, more time for the program changes nothing. */
  #keyOf({ config, hotkey }: Settings): string {
    const { network, netuid, onAmbiguous, solver: { cbcTimeLimitSeconds, ...solver } } = config;
    const limitSeconds = this.outcome.stage === "final" ? null : cbcTimeLimitSeconds;
    return JSON.stringify([network, netuid, hotkey, onAmbiguous, solver, limitSeconds]);
  }
}
