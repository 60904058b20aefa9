/**
 * What is remembered of the machines from run to run.
 *
 * @module
 */

import type { MinerProblem } from "./fleet_report.ts";

/** A machine that lied or refused is not tried again within its window, and not for so long. */
const GRUDGE_MS = 300_000;

/** A machine did not go where it was sent. */
export interface Grudge {
  readonly sentTo: "subnet" | "fallback";
  readonly problem: MinerProblem;
  /** By the monotonic clock. */
  readonly sinceMs: number;
}

/** Machines by address. */
export class FleetMemory {
  /** Machines at the subnet's pool when they were last seen. */
  expected: ReadonlySet<string> = new Set();
  /** Machines that did not answer when they were last asked. */
  silent: ReadonlySet<string> = new Set();
  /** Machines that deliver far too little, and their latest figure in PH/s. */
  readonly weak = new Map<string, number>();
  readonly #grudges = new Map<string, Grudge>();
  #windowKey: string | null = null;

  /** Another window: everybody is trusted again. Says whether it is the window of the run before. */
  enterWindow(windowKey: string | null): boolean {
    const isSame = windowKey === this.#windowKey;
    if (!isSame) this.#grudges.clear();
    this.#windowKey = windowKey;
    return isSame && windowKey !== null;
  }

  /** A machine did not go where it was sent. */
  bear(address: string, grudge: Grudge): void {
    this.#grudges.set(address, grudge);
  }

  /** It did after all. */
  forgive(address: string): void {
    this.#grudges.delete(address);
  }

  /** What is held against a machine at a time of the monotonic clock. */
  grudgeOf(address: string, nowMs: number): Grudge | null {
    const grudge = this.#grudges.get(address);
    return grudge === undefined || nowMs - grudge.sinceMs > GRUDGE_MS ? null : grudge;
  }

  /** For a rehearsal: what happens to the copy is forgotten. */
  copy(): FleetMemory {
    const copy = new FleetMemory();
    copy.expected = this.expected;
    copy.silent = this.silent;
    copy.#windowKey = this.#windowKey;
    for (const [address, reading] of this.weak) copy.weak.set(address, reading);
    for (const [address, grudge] of this.#grudges) copy.#grudges.set(address, grudge);
    return copy;
  }
}
