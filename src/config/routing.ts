/**
 * Where the outcome goes: `[routing]`, the environment of the Python original, and its defaults
 * (spec, section 9).
 *
 * @module
 */

import { basename, dirname, join, resolve } from "node:path";
import { DEFAULT_SUBNET_POOL_NAME } from "../routing/ihp.ts";
import type { RoutingTarget } from "../routing/route.ts";
import { EffectiveSettings, inEnvironment, inFile } from "./effective.ts";
import { type Environment, expandHome } from "./environment.ts";
import { ConfigError } from "./errors.ts";
import type { ConfigFile } from "./schema.ts";

/** The folder the original's container keeps its source in; its proxy files have their defaults there. */
const CONTAINER_SOURCE = "/root/src";

const DEFAULTS = {
  ihp: { file: `${CONTAINER_SOURCE}/proxy/pools.toml`, sentinel: `${CONTAINER_SOURCE}/proxy/.reload-ihp` },
  braiins: {
    file: `${CONTAINER_SOURCE}/brainsproxy/active_profile.toml`,
    sentinel: `${CONTAINER_SOURCE}/brainsproxy/.reconfigure`,
  },
} as const;

/** What the two proxies' file is called in `[routing]` and in the environment. */
const NAMES = {
  ihp: {
    fileKey: "pools_path",
    fileVariable: "APS_MINER_POOLS_CONFIG_PATH",
    sentinelVariable: "APS_MINER_IHP_RELOAD_SENTINEL",
  },
  braiins: {
    fileKey: "profile_path",
    fileVariable: "BRAIINSPROXY_ACTIVE_PROFILE",
    sentinelVariable: "BRAIINSPROXY_RELOAD_SENTINEL",
  },
} as const;

/** The outcome's destination, or why there is none. */
export type RoutingConfig =
  | { readonly kind: "on"; readonly target: RoutingTarget }
  | { readonly kind: "off"; readonly reason: string };

/** What {@link resolveRouting} goes by. */
export interface RoutingSources {
  readonly section: ConfigFile["routing"];
  readonly environment: Environment;
  /** The configuration file, for messages. */
  readonly source: string;
  readonly exists: (path: string) => boolean;
  /** Keeps what was decided, and why. */
  readonly settings?: EffectiveSettings;
}

type Mode = RoutingTarget["mode"];

/**
 * Decides mode, file and sentinel. Environment beats `[routing]` beats the original's defaults.
 *
 * @throws {ConfigError} when `[routing]` names files of both proxies and nothing says which one is meant.
 */
export function resolveRouting(sources: RoutingSources): RoutingConfig {
  const { section = {}, environment, source, exists, settings = new EffectiveSettings() } = sources;
  const mode = settings.pick<Mode>("routing", "mode", [
    inEnvironment("APS_MINER_PROXY_MODE", modeOf(environment.APS_MINER_PROXY_MODE)),
    inFile(section.mode),
  ], impliedMode(sources));
  const { file: defaultFile, sentinel: defaultSentinel } = DEFAULTS[mode];
  const path = (text: string | undefined): string | undefined =>
    text === undefined ? undefined : resolve(expandHome(text, environment));

  const { fileKey, fileVariable, sentinelVariable } = NAMES[mode];
  const file = settings.pick<string | null>("routing", fileKey, [
    inEnvironment(fileVariable, path(environment[fileVariable])),
    inFile(path(section[fileKey])),
  ], exists(defaultFile) ? defaultFile : null);
  if (file === null) {
    return {
      kind: "off",
      reason: `no proxy file is named by ${source} or the environment, and ${defaultFile} does not exist; ` +
        "set [routing] mode and pools_path or profile_path to route",
    };
  }
  // Beside a file that [routing] names, since the container's folder need not exist there. The environment
  // keeps the original's meaning.
  const besides = environment[fileVariable] === undefined && section[fileKey] !== undefined;
  const sentinelPath = settings.pick("routing", "sentinel_path", [
    inEnvironment(sentinelVariable, path(environment[sentinelVariable])),
    inFile(path(section.sentinel_path)),
  ], besides ? join(dirname(file), basename(defaultSentinel)) : defaultSentinel);
  if (mode === "braiins") return { kind: "on", target: { mode, profilePath: file, sentinelPath } };
  const subnetPoolName = settings.pick("routing", "subnet_pool_name", [
    inEnvironment("APS_MINER_SUBNET_POOL_NAME", environment.APS_MINER_SUBNET_POOL_NAME),
    inFile(section.subnet_pool_name),
  ], DEFAULT_SUBNET_POOL_NAME);
  return { kind: "on", target: { mode, poolsPath: file, subnetPoolName, sentinelPath } };
}

/** Anything but the two modes counts as unset. */
function modeOf(text: string | undefined): Mode | undefined {
  const wanted = text?.trim().toLowerCase();
  return wanted === "ihp" || wanted === "braiins" ? wanted : undefined;
}

/** The mode when nothing names it: that of the file which is named. */
function impliedMode({ section = {}, environment, source, exists }: RoutingSources): Mode {
  const isNamed = section.mode !== undefined || modeOf(environment.APS_MINER_PROXY_MODE) !== undefined;
  if (section.pools_path !== undefined && section.profile_path !== undefined && !isNamed) {
    throw new ConfigError(source, [{
      key: "[routing] mode",
      message: 'is missing although both pools_path and profile_path are given; set it to "ihp" or "braiins"',
    }]);
  }
  if (section.pools_path !== undefined) return "ihp";
  if (section.profile_path !== undefined) return "braiins";
  const pools = environment.APS_MINER_POOLS_CONFIG_PATH;
  return pools !== undefined && exists(expandHome(pools, environment)) ? "ihp" : "braiins";
}
