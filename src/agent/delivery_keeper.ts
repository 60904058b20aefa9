/**
 * Tells the delivery watch what to read and which window to hold it against.
 *
 * @module
 */

import type { Fleet } from "../delivery/asics/fleet.ts";
import type { FleetConfig } from "../delivery/asics/fleet_config.ts";
import type { Config } from "../config/load.ts";
import { type DeliveredWindow, DeliveryWatch } from "../delivery/measured/delivery_watch.ts";
import { metricDeliverySource } from "../delivery/measured/metric_source.ts";
import type { DeliverySource } from "../delivery/measured/sources.ts";
import type { Logger } from "../lib/log.ts";
import type { DaemonEvent, DaemonObserver } from "./events.ts";
import { bidderOf, type Settings } from "./settings.ts";

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
  #settings: Settings | null = null;
  /** With all that was won of it. */
  #window: DeliveredWindow | null = null;
  /** Whether nothing of it is to be delivered any more: it is over without a successor, or all was released. */
  #isEnded = false;

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
      const { settings } = event;
      // Another bidder's window is not ours.
      if (this.#settings !== null && bidderOf(this.#settings) !== bidderOf(settings)) {
        this.#window = null;
        this.#follow();
      }
      this.#settings = settings;
      this.#watch.use(this.#sourcesOf(settings.config), settings.config.delivery.limits);
      this.#follow();
    } else if (event.kind === "outcome-computed") {
      const { window, own } = event.computed.outcome;
      const { firstBlock, index } = window;
      this.#window = { firstBlock, windowIndex: index, wonHashratePh: own.wonHashratePh };
      this.#isEnded = false;
      this.#follow();
    } else if (event.kind === "staleness-checked") {
      const { isStale, isWindowOver, policy } = event;
      // What we released ourselves nobody fails to deliver.
      this.#isEnded = isWindowOver || (isStale && policy === "release");
      this.#follow();
    }
  }

  /** No more readings. */
  stop(): Promise<void> {
    return this.#watch.stop();
  }

  #follow(): void {
    const { config } = this.#settings ?? {};
    const window = this.#isEnded ? null : this.#window;
    this.#watch.follow(
      window === null || config === undefined
        ? window
        : { ...window, wonHashratePh: window.wonHashratePh * measuredShare(config) },
    );
  }

  #sourcesOf({ delivery, routing }: Config): DeliverySource[] {
    const fleet = routing.kind === "on" ? routing.fleet : null;
    return [
      // The same source whatever [asic] says: its machines are asked by the settings of the day.
      ...(fleet === null ? [] : [{
        key: "asic",
        name: "the ASICs",
        timeoutMs: FLEET_TIMEOUT_MS,
        read: (signal: AbortSignal): Promise<number> => this.#readFleet(fleet, signal),
      }]),
      ...delivery.sources.map((source) => metricDeliverySource(source)),
    ];
  }

  /** A machine that says nothing counts as none, as it does for the routing; where none says anything, nobody knows. */
  async #readFleet(fleet: FleetConfig, signal: AbortSignal): Promise<number> {
    const { deliveredPh, miners, silent } = await this.#fleet.read(fleet, signal);
    if (miners === 0 && silent > 0) {
      throw new Error(
        `Cannot read the ASICs: none of the ${silent} that should be at the subnet's pool says its hashrate; ` +
          "check that they run and are reachable",
      );
    }
    return deliveredPh;
  }
}

/** The part of what was won that the sources tell of: proxies have one, too, and without a metric nobody knows it. */
function measuredShare({ delivery, routing }: Config): number {
  if (routing.kind === "off" || routing.fleet === null) return 1;
  return routing.targets.length > 0 && delivery.sources.length === 0 ? routing.fleet.share : 1;
}
