/**
 * The configuration and the hotkey, read again for each job run.
 *
 * @module
 */

import type { IdentityOwner } from "../auction/credit/identity.ts";
import type { AsicMiner, FleetConfig } from "../delivery/asics/fleet_config.ts";
import type { Environment } from "../config/environment.ts";
import { ConfigError } from "../config/errors.ts";
import { formatListenAddress } from "../lib/listen_address.ts";
import { unpackBundledCbc } from "../auction/solver/cbc/bundled_cbc.ts";
import { type Config, loadConfig, osConfigFiles } from "../config/load.ts";
import type { RoutingConfig } from "../config/routing.ts";
import { whyWithdrawn } from "../config/workers.ts";
import type { LogFields, Logger } from "../lib/log.ts";
import { redactUrls } from "../lib/redact.ts";
import { describeReload } from "../delivery/proxies/reload.ts";
import { type RoutingTarget, targetPath } from "../delivery/proxies/route.ts";
import { formatFp18 } from "../auction/protocol/fp18.ts";
import { asError } from "../lib/errors.ts";
import { warnAboutCbc } from "./jobs/log_outcome.ts";

/** What a job run uses. */
export interface Settings {
  readonly config: Config;
  /** SS58 address. */
  readonly hotkey: string;
}

/** A key of network, netuid and hotkey: what is known of one bidder does not hold for another. */
export function bidderOf({ config: { network, netuid }, hotkey }: Settings): string {
  return JSON.stringify([network, netuid, hotkey]);
}

/** Whose hashrate it should be at the subnet's pool. */
export function ownerOf({ config, hotkey }: Settings): IdentityOwner {
  return { account: config.delivery.account, hotkey };
}

/** Constructor options of {@link SettingsSource}. */
export interface SettingsSourceOptions {
  readonly configPath: string;
  readonly environment: Environment;
  /** Returns the address of the configured hotkey. */
  readonly addressOf: (config: Config, log: Logger) => Promise<string>;
  /** Called before settings take effect; may refuse them by throwing. */
  readonly claim: (settings: Settings) => Promise<void>;
  readonly onRead?: (settings: Settings) => void;
  readonly onFailed?: (error: Error) => void;
}

/** Reads the settings and logs what has changed. */
export class SettingsSource {
  readonly #options: SettingsSourceOptions;
  #last: Settings | null = null;

  constructor(options: SettingsSourceOptions) {
    this.#options = options;
  }

  /** The last valid settings; `null` before the first. */
  get last(): Settings | null {
    return this.#last;
  }

  /**
   * Reads the settings.
   *
   * @throws {ConfigError} {@link import("../chain/wallet/errors.ts").WalletError} if they are invalid; the last ones stay
   *   in effect.
   */
  async read(log: Logger): Promise<Settings> {
    try {
      const settings = await this.#read(log);
      this.#options.onRead?.(settings);
      return settings;
    } catch (error) {
      this.#options.onFailed?.(asError(error));
      throw error;
    }
  }

  async #read(log: Logger): Promise<Settings> {
    const { configPath, environment, addressOf, claim } = this.#options;
    const config = await loadConfig(configPath, environment, osConfigFiles, unpackBundledCbc);
    const settings = { config, hotkey: await addressOf(config, log) };
    await claim(settings);
    if (this.#last?.config.cbc.problem !== config.cbc.problem) warnAboutCbc(config, log);
    if (this.#last !== null) {
      const changes = changesBetween(this.#last, settings);
      if (Object.keys(changes).length > 0) log.info("Configuration changed", changes);
    }
    this.#last = settings;
    return settings;
  }
}

/** The changed settings as the log shows them, before and after. */
function changesBetween(before: Settings, after: Settings): LogFields {
  const [old, current] = [describe(before), describe(after)];
  const changes: Record<string, unknown> = {};
  for (const key of Object.keys(current)) {
    if (JSON.stringify(old[key]) === JSON.stringify(current[key])) continue;
    changes[key] = { old: old[key], new: current[key] };
  }
  return changes;
}

function describe({ config, hotkey }: Settings): Record<string, unknown> {
  const { network, netuid, workers, routing, onAmbiguous, staleness, solver, stateDirectory, httpListen } =
    config;
  const { hooks, alerting, delivery } = config;
  return {
    network: [network].flat().map(redactUrls),
    netuid,
    hotkey,
    workers: describeWorkers(workers),
    routing: describeRouting(routing),
    on_ambiguous: onAmbiguous,
    staleness,
    solver,
    state_directory: stateDirectory,
    alternative: formatFp18(config.economics.alternativeFp18),
    http_listen: httpListen === null ? "off" : formatListenAddress(httpListen),
    // Arguments and addresses may be secret.
    hooks: Object.entries(hooks.programs).map(([name, [program]]) => `${name}: ${program}`),
    alerts: alerting === null ? "off" : redactUrls(alerting.webhook.url),
    delivery: {
      ...delivery.limits,
      sources: [...delivery.sources.map(({ url }) => url), ...delivery.workersApis].map(redactUrls),
    },
  };
}

function describeWorkers(workers: Config["workers"]): string {
  if (workers instanceof ConfigError) return `unusable: ${workers.message}`;
  const why = whyWithdrawn(workers);
  return why === null ? workers.commitment.text : `withdrawn, nothing is offered: ${why}`;
}

/** The destinations as the log shows them. */
export function describeRouting(routing: RoutingConfig): unknown {
  if (routing.kind === "off") return "off";
  const { targets, fleet } = routing;
  return [...targets.map(describeProxy), ...(fleet === null ? [] : describeFleet(fleet))];
}

function describeProxy(target: RoutingTarget): string {
  const whose = target.mode === "ihp" ? ` (pool ${target.subnetPoolName}, share ${target.share ?? 1})` : "";
  return `${target.mode} ${targetPath(target)}${whose}, reload by ${describeReload(target)}`;
}

function describeFleet({ miners, share, timeoutMs }: FleetConfig): string[] {
  return [`ASICs: share ${share}, ${timeoutMs / 1000} s for an answer`, ...miners.map(describeAsic)];
}

function describeAsic({ name, hashrateFp18, subnetPool, fallbackPool }: AsicMiner): string {
  return `ASIC ${name}: ${formatFp18(hashrateFp18)} PH/s, pool ${subnetPool} or ${fallbackPool}`;
}
