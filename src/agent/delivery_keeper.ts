/**
 * Tells the delivery watch which sources to read and which window to compare them with.
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

/** Machines that are being switched answer late, one request at a time. */
const FLEET_TIMEOUT_MS = 60_000;

/** Constructor options of {@link DeliveryKeeper}. */
export interface DeliveryKeeperContext {
  readonly fleet: Fleet;
  readonly log: Logger;
  /** Milliseconds since 1970. */
  readonly nowMs: () => number;
  readonly observe: DaemonObserver;
}

/** The delivery watch's part of the service: it listens to the other parts' events. */
export class DeliveryKeeper {
  readonly #fleet: Fleet;
  readonly #watch: DeliveryWatch;
  #settings: Settings | null = null;
  /** The current window with all hashrate won in it. */
  #window: DeliveredWindow | null = null;
  /** Whether nothing is to be delivered any more: the window is over without a successor, or all was released. */
  #isEnded = false;

  constructor({ fleet, log, nowMs, observe }: DeliveryKeeperContext) {
    this.#fleet = fleet;
    this.#watch = new DeliveryWatch({
      log,
      nowMs,
      onReport: (report) => observe({ kind: "delivery-measured", report }),
    });
  }

  /** Notes an event. */
  notice(event: DaemonEvent): void {
    if (event.kind === "settings-read") {
      const { settings } = event;
      // A window belongs to the bidder it was computed for.
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
      // Hashrate that the agent released itself is not missing.
      this.#isEnded = isWindowOver || (isStale && policy === "release");
      this.#follow();
    }
  }

  /** Stops reading. */
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
      // One source, whatever [asic] lists, so that a change of machines keeps the window's average.
      ...(fleet === null ? [] : [{
        key: "asic",
        name: "the ASICs",
        timeoutMs: FLEET_TIMEOUT_MS,
        read: (signal: AbortSignal): Promise<number> => this.#readFleet(fleet, signal),
      }]),
      ...delivery.sources.map((source) => metricDeliverySource(source)),
    ];
  }

  /** Machines without a figure count as 0, as in the routing. If no machine has one, the hashrate is unknown. */
  async #readFleet(fleet: FleetConfig, signal: AbortSignal): Promise<number> {
    const { deliveredPh, miners, silent } = await this.#fleet.read(fleet, signal);
    if (miners === 0 && silent > 0) {
      throw new Error(
        `Cannot read the ASICs: none of the ${silent} that should mine for the subnet reports its hashrate; ` +
          "check that they run and are reachable",
      );
    }
    return deliveredPh;
  }
}

/** The share of the won hashrate that the sources measure: proxies without a metric are not measured. */
function measuredShare({ delivery, routing }: Config): number {
  if (routing.kind === "off" || routing.fleet === null) return 1;
  return routing.targets.length > 0 && delivery.sources.length === 0 ? routing.fleet.share : 1;
}
