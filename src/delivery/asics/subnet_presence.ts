/**
 * Who mines for the subnet as far as is known, so that machines taken out of the configuration do not stay there.
 *
 * @module
 */

import { type AsicMiner, minerAddress } from "./fleet_config.ts";

/** A machine that is no longer configured and does not answer is given up after so long: two windows. */
const GIVE_UP_MS = 24 * 60_000;

/** What a machine told of its presence in a run. `left`: it was seen at another pool that is alive. */
export type Presence = "at-subnet" | "left" | "unknown";

/**
 * Machines by address, as they were configured when they were sent to the subnet or seen there.
 *
 * One that is no longer configured is owed its release: it is asked in each run, and sent to its fallback pool as soon
 * as the others suffice, until it is seen to have left. One that answers and stays is never given up, since it gives hashrate away. One that does
 * not answer for {@linkcode GIVE_UP_MS} is: it was probably taken off the network. A machine is told by its address, so
 * another name or other pool numbers make no other machine; the new entry alone then says where it belongs. The same
 * machine under another address is sent away once and by the next run back. All this is gone after a restart.
 */
export class SubnetPresence {
  readonly #miners = new Map<string, AsicMiner>();
  /** Of those that are no longer configured, by the monotonic clock. */
  readonly #silentSinceMs = new Map<string, number>();

  /** Machines that were left at the subnet, the given ones being configured. */
  removedFrom(configured: readonly AsicMiner[]): AsicMiner[] {
    const addresses = new Set(configured.map(minerAddress));
    return this.#miners.keys().filter((address) => !addresses.has(address))
      .map((address) => this.#miners.get(address)!).toArray();
  }

  /** Takes notice of a machine that is configured. */
  note(miner: AsicMiner, presence: Presence): void {
    const address = minerAddress(miner);
    this.#silentSinceMs.delete(address);
    if (presence === "left") this.#miners.delete(address);
    else if (presence === "at-subnet" || this.#miners.has(address)) this.#miners.set(address, miner);
  }

  /** Takes notice of a machine that is no longer configured; says whether it is given up. */
  noteRemoved(miner: AsicMiner, presence: Presence, hasAnswered: boolean, nowMs: number): boolean {
    const address = minerAddress(miner);
    if (hasAnswered) this.#silentSinceMs.delete(address);
    else if (!this.#silentSinceMs.has(address)) this.#silentSinceMs.set(address, nowMs);
    const isGivenUp = nowMs - (this.#silentSinceMs.get(address) ?? nowMs) >= GIVE_UP_MS;
    if (presence === "left" || isGivenUp) {
      this.#miners.delete(address);
      this.#silentSinceMs.delete(address);
    }
    return isGivenUp;
  }

  /** For a rehearsal. */
  copy(): SubnetPresence {
    const copy = new SubnetPresence();
    for (const [address, miner] of this.#miners) copy.#miners.set(address, miner);
    for (const [address, sinceMs] of this.#silentSinceMs) copy.#silentSinceMs.set(address, sinceMs);
    return copy;
  }
}
