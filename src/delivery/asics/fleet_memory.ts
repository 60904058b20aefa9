/**
 * What is remembered of the machines from run to run.
 *
 * @module
 */

import type { MinerProblem } from "./fleet_report.ts";
import { OwnFigures } from "./own_figures.ts";
import { SubnetPresence } from "./subnet_presence.ts";

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
  /** Machines at the subnet's pool, or on their way there. */
  presence = new SubnetPresence();
  /** Whether the run is the first one of its window. */
  isNewWindow = true;
  readonly #figures = new Map<string, OwnFigures>();
  readonly #grudges = new Map<string, Grudge>();
  #windowKey: string | null = null;

  /** Another window than that of the run before: everybody is trusted again. */
  enterWindow(windowKey: string | null): void {
    const isSame = windowKey === this.#windowKey;
    if (!isSame) this.#grudges.clear();
    this.#windowKey = windowKey;
    this.isNewWindow = !isSame || windowKey === null;
  }

  /** A machine's own figures. With another nominal hashrate it is judged anew. */
  figuresOf(address: string, nominalPh: number): OwnFigures {
    const known = this.#figures.get(address);
    if (known !== undefined && known.nominalPh === nominalPh) return known;
    const figures = new OwnFigures(nominalPh);
    this.#figures.set(address, figures);
    return figures;
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
    copy.presence = this.presence.copy();
    for (const [address, figures] of this.#figures) copy.#figures.set(address, figures.copy());
    for (const [address, grudge] of this.#grudges) copy.#grudges.set(address, grudge);
    return copy;
  }
}
