/**
 * Remembers which machines mine for the subnet, so that machines removed from the configuration do not stay there.
 *
 * @module
 */

import { type AsicMiner, minerAddress } from "./fleet_config.ts";

/** A silent machine that is no longer configured is given up after two windows. */
const GIVE_UP_MS = 24 * 60_000;

/** The presence of a machine in a run. `left`: it was seen at another living pool. */
export type Presence = "at-subnet" | "left" | "unknown";

/**
 * The machines by address, as they were configured when they were switched to the subnet or seen there.
 *
 * A machine that is no longer configured is asked in each run, and switched to its fallback pool as soon as the others
 * suffice, until it has been seen to leave. A machine that answers and stays is never given up, since it gives hashrate away.
 * One that does not answer for {@linkcode GIVE_UP_MS} is given up: it was probably taken off the network. The address
 * identifies a machine, so a changed name or pool number is not a removal. The same machine under a new address is switched
 * away once and back by the next run. Nothing of this survives a restart.
 */
export class SubnetPresence {
  readonly #miners = new Map<string, AsicMiner>();
  /** For machines that are no longer configured, by the monotonic clock. */
  readonly #silentSinceMs = new Map<string, number>();

  /** The machines at the subnet that are not among the configured ones. */
  removedFrom(configured: readonly AsicMiner[]): AsicMiner[] {
    const addresses = new Set(configured.map(minerAddress));
    return this.#miners.keys().filter((address) => !addresses.has(address))
      .map((address) => this.#miners.get(address)!).toArray();
  }

  /** Notes the presence of a configured machine. */
  note(miner: AsicMiner, presence: Presence): void {
    const address = minerAddress(miner);
    this.#silentSinceMs.delete(address);
    if (presence === "left") this.#miners.delete(address);
    else if (presence === "at-subnet" || this.#miners.has(address)) this.#miners.set(address, miner);
  }

  /** Notes the presence of a machine that is no longer configured; returns whether it is given up. */
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

  /** A copy for a dry run. */
  copy(): SubnetPresence {
    const copy = new SubnetPresence();
    for (const [address, miner] of this.#miners) copy.#miners.set(address, miner);
    for (const [address, sinceMs] of this.#silentSinceMs) copy.#silentSinceMs.set(address, sinceMs);
    return copy;
  }
}
