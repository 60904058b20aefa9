/**
 * What the fleet remembers of its machines from run to run.
 *
 * @module
 */

import type { MinerProblem } from "./fleet_report.ts";
import { OwnFigures } from "./own_figures.ts";
import { SubnetPresence } from "./subnet_presence.ts";

/** A machine that lied or refused is not tried again within its window, at most for this long. */
const GRUDGE_MS = 300_000;

/** A failed switch of a machine. */
export interface Grudge {
  readonly sentTo: "subnet" | "fallback";
  readonly problem: MinerProblem;
  readonly sinceMs: number;
}

/** Machines by address. */
export class FleetMemory {
  /** Machines last seen at the subnet's pool. */
  expected: ReadonlySet<string> = new Set();
  /** Machines that did not answer the last survey. */
  silent: ReadonlySet<string> = new Set();
  /** Machines at the subnet's pool or on their way there. */
  presence = new SubnetPresence();
  /** Whether the run is the first one of its window. */
  isNewWindow = true;
  readonly #figures = new Map<string, OwnFigures>();
  readonly #grudges = new Map<string, Grudge>();
  #windowKey: string | null = null;

  /** Enters a window; in a new one, all machines are trusted again. */
  enterWindow(windowKey: string | null): void {
    const isSame = windowKey === this.#windowKey;
    if (!isSame) this.#grudges.clear();
    this.#windowKey = windowKey;
    this.isNewWindow = !isSame || windowKey === null;
  }

  /** A machine's own figures; with a changed nominal hashrate they start again. */
  figuresOf(address: string, nominalPh: number): OwnFigures {
    const known = this.#figures.get(address);
    if (known !== undefined && known.nominalPh === nominalPh) return known;
    const figures = new OwnFigures(nominalPh);
    this.#figures.set(address, figures);
    return figures;
  }

  /** Notes a failed switch. */
  bear(address: string, grudge: Grudge): void {
    this.#grudges.set(address, grudge);
  }

  /** Forgets a failed switch. */
  forgive(address: string): void {
    this.#grudges.delete(address);
  }

  /** The failed switch that still counts against a machine, by the monotonic clock. */
  grudgeOf(address: string, nowMs: number): Grudge | null {
    const grudge = this.#grudges.get(address);
    return grudge === undefined || nowMs - grudge.sinceMs > GRUDGE_MS ? null : grudge;
  }

  /** A copy for a dry run. */
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
