/**
 * `[routing]`: the destinations of the outcome, one proxy or a list of them, with the Python original's
 * environment variables and defaults (spec, section 9).
 *
 * @module
 */

import { basename, dirname, join } from "node:path";
import { DEFAULT_SUBNET_POOL_NAME } from "../delivery/proxies/ihp.ts";
import type { ReloadMethod } from "../delivery/proxies/reload.ts";
import { type RoutingTarget, targetPath } from "../delivery/proxies/route.ts";
import { inEnvironment, inFile, type Resolution, type Section } from "./effective.ts";
import type { FleetConfig } from "../delivery/asics/fleet_config.ts";
import { type Environment, type EnvironmentName, expandHome } from "./environment.ts";
import { redactCommand } from "../lib/redact.ts";
import { resolveFleet } from "./fleet.ts";
import type { ConfigFile, ProxySection } from "./schema.ts";

/** The source folder in the original's container, which has the default proxy files. */
const CONTAINER_SOURCE = "/root/src";

/** The names and defaults of each proxy's files. */
const PROXIES = {
  ihp: {
    fileKey: "pools_path",
    fileVariable: "APS_MINER_POOLS_CONFIG_PATH",
    defaultFile: `${CONTAINER_SOURCE}/proxy/pools.toml`,
    sentinelVariable: "APS_MINER_IHP_RELOAD_SENTINEL",
    defaultSentinel: `${CONTAINER_SOURCE}/proxy/.reload-ihp`,
  },
  braiins: {
    fileKey: "profile_path",
    fileVariable: "BRAIINSPROXY_ACTIVE_PROFILE",
    defaultFile: `${CONTAINER_SOURCE}/brainsproxy/active_profile.toml`,
    sentinelVariable: "BRAIINSPROXY_RELOAD_SENTINEL",
    defaultSentinel: `${CONTAINER_SOURCE}/brainsproxy/.reconfigure`,
  },
} as const;

/** The variables that configure the single proxy. */
const PROXY_VARIABLES: readonly EnvironmentName[] = [
  "APS_MINER_PROXY_MODE",
  "APS_MINER_SUBNET_POOL_NAME",
  ...Object.values(PROXIES).flatMap(({ fileVariable, sentinelVariable }) => [fileVariable, sentinelVariable]),
];

/** The keys of `[routing]` that may be set together with `[[routing.targets]]`. */
const LIST_KEYS = ["targets", "on_ambiguous", "stale_after", "on_stale"];

/** The outcome's destinations, or why there is none. */
export type RoutingConfig =
  | {
    readonly kind: "on";
    /** Each proxy file once. Empty when the agent routes to ASICs only. */
    readonly targets: readonly RoutingTarget[];
    /** The ASICs that the agent switches directly; `null` when there are none. */
    readonly fleet: FleetConfig | null;
    /** Sentences about settings that are valid but probably not intended. */
    readonly warnings: readonly string[];
  }
  | { readonly kind: "off"; readonly reason: string };

type Mode = RoutingTarget["mode"];
type Exists = (path: string, ifHidden?: boolean) => boolean;

/**
 * Resolves `[routing]` and `[asic]`. For a single proxy the environment takes precedence over `[routing]`,
 * and that over the original's defaults; `[[routing.targets]]` uses neither. With `[asic]`, the agent routes to
 * a proxy only if the file or the environment names it.
 *
 * @param exists whether a file exists; `ifHidden` is the answer where this user may not see it.
 */
export function resolveRouting(
  { routing = {}, asic }: Pick<ConfigFile, "routing" | "asic">,
  exists: Exists,
  resolution: Resolution,
): RoutingConfig {
  const proxies = routing.targets === undefined
    ? resolveSingle(routing, { hasAsics: asic !== undefined, exists }, resolution)
    : resolveList(routing, routing.targets, resolution);
  const fleet = resolveFleet(asic, resolution);
  if ("reason" in proxies && fleet === null) return proxies;
  const targets = "reason" in proxies ? [] : proxies;
  const ignored = PROXY_VARIABLES.filter((name) => resolution.environment[name] !== undefined);
  const warnings = routing.targets === undefined
    ? []
    : ignored.map((name) => `${name} is set, but [[routing.targets]] takes precedence`);
  return { kind: "on", targets, fleet, warnings: [...warnings, ...shareWarnings(targets, fleet)] };
}

function resolveSingle(
  values: ProxySection,
  host: { readonly hasAsics: boolean; readonly exists: Exists },
  resolution: Resolution,
): RoutingTarget[] | Extract<RoutingConfig, { kind: "off" }> {
  const { environment, source } = resolution;
  const section = resolution.section("routing", values);
  const modeVariable = modeOf(environment.APS_MINER_PROXY_MODE);
  const pools = environment.APS_MINER_POOLS_CONFIG_PATH;
  const mode = modeVariable ?? values.mode ?? impliedMode(section) ??
    (pools !== undefined && host.exists(expandHome(pools, environment)) ? "ihp" : "braiins");
  const { fileKey, fileVariable, defaultFile, defaultSentinel } = PROXIES[mode];
  const fromEnvironment = resolution.path(environment[fileVariable]);
  const fromFile = resolution.path(values[fileKey]);
  // Look for the default only where it can matter: a host with [asic] routes to nothing that it does not name. Outside
  // of the original's container, hardly any user may enter /root: what is hidden there is nobody's proxy.
  const isNamed = fromEnvironment !== undefined || fromFile !== undefined;
  const hasDefault = !isNamed && !host.hasAsics && host.exists(defaultFile, false);
  // Without a proxy, only a mode that is named is in effect.
  section.choose<Mode | null>("mode", [
    inEnvironment("APS_MINER_PROXY_MODE", modeVariable),
    inFile(values.mode),
  ], isNamed || hasDefault ? mode : null);
  const file = section.choose<string | null>(fileKey, [
    inEnvironment(fileVariable, fromEnvironment),
    inFile(fromFile),
  ], hasDefault ? defaultFile : null);
  if (file === null) {
    return {
      kind: "off",
      reason: `no proxy file is named by ${source} or the environment, and ${defaultFile} does not exist ` +
        "for this user; set [routing] mode and pools_path or profile_path to route",
    };
  }
  // A file named in [routing] has its sentinel beside it, since the container's folder may not exist there.
  // With the file from the environment, the sentinel stays where the original has it.
  const sentinelPath = fromEnvironment === undefined && fromFile !== undefined
    ? join(dirname(file), basename(defaultSentinel))
    : defaultSentinel;
  const target = targetOf(section, { mode, file, sentinelPath, variables: environment });
  return target === null ? [] : [target];
}

function resolveList(
  routing: NonNullable<ConfigFile["routing"]>,
  entries: readonly ProxySection[],
  resolution: Resolution,
): RoutingTarget[] {
  const section = resolution.section("routing", routing);
  for (const key of Object.keys(routing).filter((name) => !LIST_KEYS.includes(name))) {
    section.refuse(key, "cannot be set together with targets; move it into a [[routing.targets]]");
  }
  const owners = new Map<string, number>();
  return entries.flatMap((entry, i) => {
    const table = resolution.section(`routing.targets[${i}]`, entry);
    const target = resolveTarget(table);
    if (target === null) return [];
    const file = targetPath(target);
    const owner = owners.get(file);
    if (owner !== undefined) {
      table.refuse(
        PROXIES[target.mode].fileKey,
        `is also the file of targets[${owner}]; remove one of them`,
      );
    }
    owners.set(file, i);
    return [target];
  });
}

function resolveTarget(table: Section<ProxySection>): RoutingTarget | null {
  const implied = table.values.mode ?? impliedMode(table);
  if (implied === null) {
    return table.refuse("mode", 'is missing; set it to "ihp" or "braiins", and pools_path or profile_path');
  }
  const mode = table.pick("mode", implied);
  const { fileKey, defaultSentinel } = PROXIES[mode];
  const file = table.resolution.path(table.values[fileKey]);
  if (file === undefined) return table.refuse(fileKey, "is missing; set the path of the proxy's file");
  table.choose(fileKey, [inFile(file)], file);
  const sentinelPath = join(dirname(file), basename(defaultSentinel));
  return targetOf(table, { mode, file, sentinelPath, variables: null });
}

/** The mode that the named file implies; `null` when no file is named. Two files are a mistake. */
function impliedMode(section: Section<ProxySection>): Mode | null {
  const { pools_path, profile_path } = section.values;
  if (pools_path !== undefined && profile_path !== undefined) {
    section.refuse(
      "mode",
      'is missing although both pools_path and profile_path are set; set it to "ihp" or "braiins"',
    );
  }
  if (pools_path !== undefined) return "ihp";
  return profile_path === undefined ? null : "braiins";
}

/** The part of a proxy that is already resolved when {@link targetOf} resolves the rest. */
interface ProxyChoice {
  readonly mode: Mode;
  readonly file: string;
  /** The default sentinel. */
  readonly sentinelPath: string;
  /** The environment for a single proxy; `null` in a list, which ignores it. */
  readonly variables: Environment | null;
}

/** A proxy; `null` after a mistake. */
function targetOf(section: Section<ProxySection>, choice: ProxyChoice): RoutingTarget | null {
  const { mode, file, variables } = choice;
  const reload = reloadOf(section, choice);
  if (mode === "braiins") {
    if (section.values.share === undefined) return reload && { mode, profilePath: file, ...reload };
    return section.refuse(
      "share",
      'is for mode "ihp"; a Braiins Farm Proxy splits its own hashrate in the ratio of won to lost',
    );
  }
  const subnetPoolName = section.choose("subnet_pool_name", [
    inEnvironment("APS_MINER_SUBNET_POOL_NAME", variables?.APS_MINER_SUBNET_POOL_NAME),
    inFile(section.values.subnet_pool_name),
  ], DEFAULT_SUBNET_POOL_NAME);
  const share = variables === null ? { share: section.pick("share", 1) } : {};
  return reload && { mode, poolsPath: file, subnetPoolName, ...share, ...reload };
}

/** The keys of each reload method. */
const RELOAD_KEYS = {
  sentinel: ["sentinel_path"],
  signal: ["signal", "pid_file"],
  command: ["reload_command"],
} as const;

/** The reload method: the one that `reload` names, else the one whose keys are set, else a sentinel. */
function reloadOf(
  section: Section<ProxySection>,
  { mode, sentinelPath, variables }: ProxyChoice,
): ReloadMethod | null {
  const { values, resolution } = section;
  const kinds = Object.keys(RELOAD_KEYS) as (keyof typeof RELOAD_KEYS)[];
  const given = kinds.filter((kind) => RELOAD_KEYS[kind].some((key) => values[key] !== undefined));
  const kind = section.pick("reload", given.at(-1) ?? "sentinel");
  for (const other of given.filter((name) => name !== kind)) {
    const key = RELOAD_KEYS[other].find((name) => values[name] !== undefined)!;
    section.refuse(key, `is for reload = "${other}", but reload is "${kind}"; keep the keys of one method`);
  }
  if (kind === "signal") {
    const signal = section.pick("signal", "SIGHUP");
    const pidFile = resolution.path(values.pid_file);
    if (pidFile === undefined) {
      return section.refuse("pid_file", "is missing; set the file that the proxy writes its process id to");
    }
    return { signal, pidFile: section.choose("pid_file", [inFile(pidFile)], pidFile) };
  }
  if (kind === "command") {
    const reloadCommand = values.reload_command?.map((word) => expandHome(word, resolution.environment));
    if (reloadCommand === undefined) {
      return section.refuse(
        "reload_command",
        'is missing; set a list of words, for example ["systemctl", "reload", "ihp"]',
      );
    }
    section.choose("reload_command", [inFile(reloadCommand)], reloadCommand, redactCommand);
    return { reloadCommand };
  }
  const { sentinelVariable } = PROXIES[mode];
  return {
    sentinelPath: section.choose("sentinel_path", [
      inEnvironment(sentinelVariable, resolution.path(variables?.[sentinelVariable])),
      inFile(resolution.path(values.sentinel_path)),
    ], sentinelPath),
  };
}

/**
 * Warns when all shares together do not deliver what was won: what is missing and what is too much are both unpaid. Not an
 * error, since the operator may want a reserve or deliver the rest from elsewhere.
 */
function shareWarnings(targets: readonly RoutingTarget[], fleet: FleetConfig | null): string[] {
  const shares = targets.flatMap((target) =>
    target.mode === "ihp" ? [{ of: targetPath(target), share: target.share ?? 1 }] : []
  );
  if (fleet !== null) shares.push({ of: "[asic]", share: fleet.share });
  const sum = shares.reduce((total, { share }) => total + share, 0);
  const isPartial = targets.every(({ mode }) => mode === "ihp") && sum < 1 - 1e-9;
  if (sum <= 1 + 1e-9 && !isPartial) return [];
  const whose = fleet === null ? 'the "ihp" targets' : 'the "ihp" targets and [asic]';
  const each = shares.map(({ of, share }) => `${of} ${share}`).join(", ");
  const outcome = isPartial
    ? "the miner delivers less than it won, and the rest is not paid"
    : "the miner delivers more than it won, and the excess is not paid for";
  return [
    `the shares of ${whose} add up to ${Number(sum.toFixed(6))} (${each}): ${outcome}; ` +
    "set share in [asic] and in each [[routing.targets]] so that they add up to 1",
  ];
}

/** Any other text counts as unset. */
function modeOf(text: string | undefined): Mode | undefined {
  const wanted = text?.trim().toLowerCase();
  return wanted === "ihp" || wanted === "braiins" ? wanted : undefined;
}
