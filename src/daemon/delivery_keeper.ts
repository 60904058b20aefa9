/**
 * Tells the delivery watch what to read and which window to hold it against.
 *
 * @module
 */

import type { Fleet } from "../asic/fleet.ts";
import type { Config } from "../config/load.ts";
import { DeliveryWatch } from "../delivery/delivery_watch.ts";
import { metricDeliverySource } from "../delivery/metric_source.ts";
import type { DeliverySource } from "../delivery/sources.ts";
import type { Logger } from "../lib/log.ts";
import type { DaemonEvent, DaemonObserver } from "./events.ts";
import { bidderOf } from "./settings.ts";

/** The machines may be busy being switched, one after the other's question. */
const FLEET_TIMEOUT_MS = 60_000;

/** What {@link DeliveryKeeper} works with. */
export interface DeliveryKeeperContext {
  readonly fleet: Fleet;
  readonly log: Logger;
  /** Milliseconds since 1970. */
  readonly nowMs: () => number;
  readonly observe: DaemonObserver;
}

/** The delivery's side of the daemon: it listens to what the others do. */
export class DeliveryKeeper {
  readonly #fleet: Fleet;
  readonly #watch: DeliveryWatch;
  #bidder: string | null = null;

  constructor({ fleet, log, nowMs, observe }: DeliveryKeeperContext) {
    this.#fleet = fleet;
    this.#watch = new DeliveryWatch({
      log,
      nowMs,
      onReport: (report) => observe({ kind: "delivery-measured", report }),
    });
  }

  /** Takes notice of what happened. */
  notice(event: DaemonEvent): void {
    if (event.kind === "settings-read") {
      const { config } = event.settings;
      const bidder = bidderOf(event.settings);
      // Another bidder's window is not ours.
      if (this.#bidder !== null && this.#bidder !== bidder) this.#watch.follow(null);
      this.#bidder = bidder;
      this.#watch.use(this.#sourcesOf(config), config.delivery.limits);
    } else if (event.kind === "outcome-computed") {
      const { window, own } = event.computed.outcome;
      const { firstBlock, index } = window;
      this.#watch.follow({ firstBlock, windowIndex: index, wonHashratePh: own.wonHashratePh });
    }
  }

  /** No more readings. */
  stop(): Promise<void> {
    return this.#watch.stop();
  }

  #sourcesOf({ delivery, routing }: Config): DeliverySource[] {
    const fleet = routing.kind === "on" ? routing.fleet : null;
    return [
      ...(fleet === null ? [] : [{
        key: JSON.stringify(fleet, (_key, value) => typeof value === "bigint" ? String(value) : value),
        name: "the ASICs",
        timeoutMs: FLEET_TIMEOUT_MS,
        read: async (signal: AbortSignal): Promise<number> =>
          (await this.#fleet.read(fleet, signal)).deliveredPh,
      }]),
      ...delivery.sources.map((source) => metricDeliverySource(source)),
    ];
  }
}
