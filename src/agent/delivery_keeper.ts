/**
 * Tells the delivery watch which sources to read and which window to compare them with.
 *
 * @module
 */

import type { Fleet } from "../delivery/asics/fleet.ts";
import type { FleetConfig } from "../delivery/asics/fleet_config.ts";
import type { Config } from "../config/load.ts";
import { BLOCK_TIME_SECONDS, FP18_ONE } from "../auction/protocol/constants.ts";
import { type AuctionOutcome, wonWorkers } from "../auction/outcome.ts";
import type { DeliveredWindow } from "../delivery/measured/delivery_report.ts";
import { DeliveryWatch, type WatchedSources } from "../delivery/measured/delivery_watch.ts";
import { metricDeliverySource } from "../delivery/measured/metric_source.ts";
import type { Span } from "../delivery/measured/sources.ts";
import { workersSource } from "../delivery/measured/workers_api.ts";
import type { Logger } from "../lib/log.ts";
import { isClockOff } from "./jobs/auction_result.ts";
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
  /** Milliseconds on a clock that never steps. */
  readonly monotonicMs: () => number;
  readonly observe: DaemonObserver;
}

/** The delivery watch's part of the service: it listens to the other parts' events. */
export class DeliveryKeeper {
  readonly #fleet: Fleet;
  readonly #watch: DeliveryWatch;
  #settings: Settings | null = null;
  /** The current window with all hashrate won in it. */
  #window: Omit<DeliveredWindow, "measuredShare"> | null = null;
  /** Whether nothing is to be delivered any more: the window is over without a successor, or all was released. */
  #isEnded = false;

  constructor({ fleet, log, nowMs, monotonicMs, observe }: DeliveryKeeperContext) {
    this.#fleet = fleet;
    this.#watch = new DeliveryWatch({
      log,
      nowMs,
      monotonicMs,
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
      this.#watch.use(this.#sourcesOf(settings), settings.config.delivery.limits);
      this.#follow();
    } else if (event.kind === "outcome-computed") {
      const { outcome, headAgeSeconds } = event.computed;
      const { firstBlock, lastBlock, index } = outcome.window;
      this.#window = {
        firstBlock,
        lastBlock,
        windowIndex: index,
        ...dueOf(outcome),
        span: spanOf(outcome, headAgeSeconds),
      };
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
    const measuredShare = config === undefined ? 1 : measuredShareOf(config);
    this.#watch.follow(this.#isEnded || this.#window === null ? null : { ...this.#window, measuredShare });
  }

  #sourcesOf({ config: { delivery, routing }, hotkey }: Settings): WatchedSources {
    const fleet = routing.kind === "on" ? routing.fleet : null;
    return {
      delivered: [
        // One source, whatever [asic] lists, so that a change of machines keeps the window's average.
        ...(fleet === null ? [] : [{
          key: "asic",
          name: "the ASICs",
          timeoutMs: FLEET_TIMEOUT_MS,
          read: (signal: AbortSignal): Promise<number> => this.#readFleet(fleet, signal),
        }]),
        ...delivery.sources.map((source) => metricDeliverySource(source)),
      ],
      credited: delivery.workersApis.map((url) => workersSource({ url, account: delivery.account, hotkey })),
    };
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
function measuredShareOf({ delivery, routing }: Config): number {
  if (routing.kind === "off" || routing.fleet === null) return 1;
  return routing.targets.length > 0 && delivery.sources.length === 0 ? routing.fleet.share : 1;
}

/** What is to be delivered: what was won, or of an ambiguous outcome what is routed. */
function dueOf(outcome: AuctionOutcome): Pick<DeliveredWindow, "won" | "wonHashratePh"> {
  const { wonHashratePh, routedHashratePh } = outcome.own;
  if (routedHashratePh === wonHashratePh) return { won: wonWorkers(outcome), wonHashratePh };
  // Which workers won is not known, so all count as one, at one price.
  const won = [{ hashratePh: routedHashratePh, priceFp18: FP18_ONE }];
  return { won, wonHashratePh: routedHashratePh };
}

/** When the window began and is expected to end, by the chain's time; a text if that cannot be compared with a proxy's. */
function spanOf({ window }: AuctionOutcome, headAgeSeconds: number | null): Span | string {
  const { firstBlockTime, lastBlockTime } = window;
  if (firstBlockTime === null || lastBlockTime === null) return "the chain has no time";
  if (isClockOff(headAgeSeconds)) {
    const seconds = Math.round(Math.abs(headAgeSeconds ?? 0));
    return `the chain's time differs from this host's by ${seconds} s; check the time synchronisation, and the node`;
  }
  return {
    startMs: Date.parse(firstBlockTime),
    endMs: Date.parse(lastBlockTime) + BLOCK_TIME_SECONDS * 1000,
  };
}
