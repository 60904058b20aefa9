/**
 * Where the outcome goes: `[routing]`, the environment of the Python original, and its defaults
 * (spec, section 9).
 *
 * @module
 */

import { dirname, join, resolve } from "node:path";
import { DEFAULT_SUBNET_POOL_NAME } from "../routing/ihp.ts";
import type { RoutingTarget } from "../routing/route.ts";
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
}

type Mode = RoutingTarget["mode"];

/**
 * Decides mode, file and sentinel. Environment beats `[routing]` beats the original's defaults.
 *
 * @throws {ConfigError} when `[routing]` names files of both proxies and nothing says which one is meant.
 */
export function resolveRouting(sources: RoutingSources): RoutingConfig {
  const { section = {}, environment, source, exists } = sources;
  const mode = modeOf(sources);
  const { file: defaultFile, sentinel: defaultSentinel } = DEFAULTS[mode];
  const path = (text: string): string => resolve(expandHome(text, environment));

  const [variables, sectionFile] = mode === "ihp"
    ? [
      { file: environment.APS_MINER_POOLS_CONFIG_PATH, sentinel: environment.APS_MINER_IHP_RELOAD_SENTINEL },
      section.pools_path,
    ] as const
    : [
      { file: environment.BRAIINSPROXY_ACTIVE_PROFILE, sentinel: environment.BRAIINSPROXY_RELOAD_SENTINEL },
      section.profile_path,
    ] as const;

  const named = variables.file ?? sectionFile;
  if (named === undefined && !exists(defaultFile)) {
    return {
      kind: "off",
      reason: `no proxy file is named by ${source} or the environment, and ${defaultFile} does not exist; ` +
        "set [routing] mode and pools_path or profile_path to route",
    };
  }
  const file = path(named ?? defaultFile);
  // Beside a file that [routing] names, since the container's folder need not exist there. The environment
  // keeps the original's meaning.
  const besides = variables.file === undefined && sectionFile !== undefined;
  const sentinelPath = path(
    variables.sentinel ?? section.sentinel_path ??
      (besides
        ? join(dirname(file), defaultSentinel.slice(dirname(defaultSentinel).length + 1))
        : defaultSentinel),
  );
  if (mode === "braiins") return { kind: "on", target: { mode, profilePath: file, sentinelPath } };
  const subnetPoolName = environment.APS_MINER_SUBNET_POOL_NAME ?? section.subnet_pool_name ??
    DEFAULT_SUBNET_POOL_NAME;
  return { kind: "on", target: { mode, poolsPath: file, subnetPoolName, sentinelPath } };
}

function modeOf({ section = {}, environment, source, exists }: RoutingSources): Mode {
  const wanted = environment.APS_MINER_PROXY_MODE?.trim().toLowerCase();
  if (wanted === "ihp" || wanted === "braiins") return wanted;
  if (section.mode !== undefined) return section.mode;
  if (section.pools_path !== undefined && section.profile_path !== undefined) {
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
