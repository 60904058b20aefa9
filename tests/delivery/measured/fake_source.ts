import type { DeliverySource } from "../../../src/delivery/measured/sources.ts";

/** A source whose readings a test decides. */
export class FakeSource implements DeliverySource {
  /** What it says; an error: it fails with it; `"hangs"`: it never ends; `"slow"`: it ends with its signal. */
  says: number | Error | "hangs" | "slow" = 1;
  /** Readings that were begun. */
  readings = 0;
  /** Readings that go on. */
  active = 0;
  lastSignal: AbortSignal | null = null;

  constructor(readonly name: string, readonly key = name) {}

  async read(signal: AbortSignal): Promise<number> {
    this.readings++;
    this.active++;
    this.lastSignal = signal;
    try {
      const { says } = this;
      if (says === "hangs") await new Promise(() => {});
      if (says === "slow") {
        await new Promise((_resolve, reject) =>
          signal.addEventListener("abort", () => reject(signal.reason))
        );
      }
      if (says instanceof Error) throw says;
      return Number(says);
    } finally {
      this.active--;
    }
  }
}
