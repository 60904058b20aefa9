/**
 * Remembers which endpoints were slow, so that the next run begins with a better one.
 *
 * @module
 */

import type { EndpointFailure } from "./errors.ts";
import { endpointLabel } from "./networks.ts";

/** After this time the configured order holds again: it says which endpoint is preferred. */
const FORGET_AFTER_MS = 15 * 60_000;

/** The endpoints that were slow, in memory only. */
export class EndpointMemory {
  readonly #monotonicMs: () => number;
  /** When each was slow last, by its label. */
  readonly #slowMs = new Map<string, number>();

  /** @param monotonicMs milliseconds on a clock that never goes back. */
  constructor(monotonicMs: () => number) {
    this.#monotonicMs = monotonicMs;
  }

  /** Notes a failure, of which only one by slowness counts: others are found out at once. */
  note({ endpoint, kind }: EndpointFailure): void {
    if (kind === "timeout") this.#slowMs.set(endpoint, this.#monotonicMs());
  }

  /** The endpoints as configured, but those that were slow at the end, the last one to be so as the last. */
  order(endpoints: readonly string[]): string[] {
    const sinceMs = this.#monotonicMs() - FORGET_AFTER_MS;
    const slowMs = (endpoint: string): number => {
      const ms = this.#slowMs.get(endpointLabel(endpoint)) ?? -Infinity;
      return ms > sinceMs ? ms : -Infinity;
    };
    const compare = (a: number, b: number): number => a === b ? 0 : a < b ? -1 : 1;
    return endpoints.toSorted((a, b) => compare(slowMs(a), slowMs(b)));
  }
}
