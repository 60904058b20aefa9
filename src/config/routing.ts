/**
 * Where the outcome goes: `[routing]` with one proxy or a list of them, the environment of the Python original,
 * and its defaults (spec, section 9).
 *
 * @module
 */

import { basename, dirname, join, resolve } from "node:path";
import { DEFAULT_SUBNET_POOL_NAME } from "../delivery/proxies/ihp.ts";
import type { ReloadMethod, ReloadSignal } from "../delivery/proxies/reload.ts";
import { type RoutingTarget, targetPath } from "../delivery/proxies/route.ts";
import { EffectiveSettings, inEnvironment, inFile } from "./effective.ts";
import type { FleetConfig } from "../delivery/asics/fleet_config.ts";
import { type Environment, type EnvironmentName, expandHome } from "./environment.ts";
import { ConfigError, type ConfigIssue } from "./errors.ts";
import { redactCommand } from "../lib/redact.ts";
import { resolveFleet } from "./fleet.ts";
import type { ConfigFile, ProxySection } from "./schema.ts";
import { keyOf } from "./shape.ts";

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

/** The variables that speak of the one proxy of the single form. */
const PROXY_VARIABLES = [
  "APS_MINER_PROXY_MODE",
  "APS_MINER_SUBNET_POOL_NAME",
  ...Object.values(NAMES).flatMap(({ fileVariable, sentinelVariable }) => [fileVariable, sentinelVariable]),
] as const satisfies EnvironmentName[];

/** The outcome's destinations, or why there is none. */
export type RoutingConfig =
  | {
    readonly kind: "on";
    /** Each proxy file once. Empty where ASICs alone are routed to. */
    readonly targets: readonly RoutingTarget[];
    /** The ASICs that are switched directly; `null` when there are none. */
    readonly fleet: FleetConfig | null;
    /** What can be used and is probably not meant; sentences. */
    readonly warnings: readonly string[];
  }
  | { readonly kind: "off"; readonly reason: string };

/** What {@link resolveRouting} goes by. */
export interface RoutingSources {
  readonly section: ConfigFile["routing"];
  readonly asic?: ConfigFile["asic"];
  readonly environment: Environment;
  /** The configuration file, for messages. */
  readonly source: string;
  readonly exists: (path: string) => boolean;
  /** Keeps what was decided, and why. */
  readonly settings?: EffectiveSettings;
  /** Takes what is wrong. Without it, that is thrown. */
  readonly issues?: ConfigIssue[];
}

type Mode = RoutingTarget["mode"];

/**
 * Decides modes, files, reloads and ASICs. For the single form the environment beats `[routing]`, which beats the
 * original's defaults; `[[routing.targets]]` says everything itself. Where `[asic]` lists machines, a proxy must be
 * named to be routed to as well.
 *
 * @throws {ConfigError} when `[routing]` or `[asic]` contradicts itself or lacks what nothing else gives, and nobody
 *   takes the issues; otherwise routing is off then.
 */
export function resolveRouting(sources: RoutingSources): RoutingConfig {
  const { section = {}, asic, source, settings = new EffectiveSettings(), issues = [] } = sources;
  const context = { ...sources, settings, issues };
  const proxies = section.targets === undefined
    ? resolveSingle(section, context)
    : resolveList(section, section.targets, context);
  const fleet = resolveFleet({ section: asic, settings, issues });
  if (issues.length > 0) {
    if (sources.issues === undefined) throw new ConfigError(source, issues);
    return { kind: "off", reason: "the configuration has mistakes" };
  }
  if (proxies.kind === "off" && fleet === null) return proxies;
  const { targets, warnings } = proxies.kind === "on" ? proxies : { targets: [], warnings: [] };
  return { kind: "on", targets, fleet, warnings: [...warnings, ...shareWarnings(targets, fleet)] };
}

/** The proxies, or why there is none. */
type Proxies =
  | Omit<Extract<RoutingConfig, { kind: "on" }>, "fleet">
  | Extract<RoutingConfig, { kind: "off" }>;

interface Context extends RoutingSources {
  readonly settings: EffectiveSettings;
  /** Takes what is wrong. */
  readonly issues: ConfigIssue[];
}

/** Where a proxy is described. */
interface Place {
  /** For `EffectiveSettings`. */
  readonly section: string;
  readonly path: readonly PropertyKey[];
}

function resolveSingle(section: ProxySection, context: Context): Proxies {
  const { environment, asic, source, exists, settings } = context;
  const place: Place = { section: "routing", path: ["routing"] };
  const named = modeOf(environment.APS_MINER_PROXY_MODE) ?? section.mode;
  const pools = environment.APS_MINER_POOLS_CONFIG_PATH;
  const implied = impliedMode(section, named, place, context) ??
    (pools !== undefined && exists(expandHome(pools, environment)) ? "ihp" : "braiins");
  const mode = named ?? implied;
  const { fileKey, fileVariable, sentinelVariable } = NAMES[mode];
  const { file: defaultFile, sentinel: defaultSentinel } = DEFAULTS[mode];
  const path = pathIn(environment);
  // The default is looked at only where it could count: a host that names its file need not let us near it, and
  // one that lists its ASICs has nothing that it does not name.
  const isNamed = environment[fileVariable] !== undefined || section[fileKey] !== undefined;
  const hasDefault = !isNamed && asic === undefined && exists(defaultFile);
  // Where there is no proxy, no mode is in effect but one that is named.
  settings.pick<Mode | null>("routing", "mode", [
    inEnvironment("APS_MINER_PROXY_MODE", modeOf(environment.APS_MINER_PROXY_MODE)),
    inFile(section.mode),
  ], isNamed || hasDefault ? mode : null);
  const file = settings.pick<string | null>("routing", fileKey, [
    inEnvironment(fileVariable, path(environment[fileVariable])),
    inFile(path(section[fileKey])),
  ], hasDefault ? defaultFile : null);
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
  const reload = reloadOf(section, place, context, {
    sentinelPath: besides ? join(dirname(file), basename(defaultSentinel)) : defaultSentinel,
    sentinelVariable,
  });
  const subnetPoolName = mode === "ihp"
    ? settings.pick("routing", "subnet_pool_name", [
      inEnvironment("APS_MINER_SUBNET_POOL_NAME", environment.APS_MINER_SUBNET_POOL_NAME),
      inFile(section.subnet_pool_name),
    ], DEFAULT_SUBNET_POOL_NAME)
    : DEFAULT_SUBNET_POOL_NAME;
  // Its mistake is among the issues.
  if (reload === null) return { kind: "on", targets: [], warnings: [] };
  const target: RoutingTarget = mode === "ihp"
    ? { mode, poolsPath: file, subnetPoolName, ...reload }
    : { mode, profilePath: file, ...reload };
  return { kind: "on", targets: [target], warnings: [] };
}

function resolveList(
  section: NonNullable<ConfigFile["routing"]>,
  entries: readonly ProxySection[],
  context: Context,
): Proxies {
  const { environment, issues } = context;
  const { targets: _targets, on_ambiguous: _ambiguous, stale_after: _after, on_stale: _stale, ...single } =
    section;
  for (const key of Object.keys(single)) {
    issues.push({
      key: keyOf(["routing", key]),
      message: "stands beside targets; move it into a [[routing.targets]]",
    });
  }
  const owners = new Map<string, number>();
  const targets = entries.flatMap((entry, i) => {
    const place: Place = { section: `routing.targets[${i}]`, path: ["routing", "targets", i] };
    const target = resolveTarget(entry, place, context);
    if (target === null) return [];
    const file = targetPath(target);
    const owner = owners.get(file);
    if (owner !== undefined) {
      const key = keyOf([...place.path, NAMES[target.mode].fileKey]);
      issues.push({ key, message: `is the file of targets[${owner}], too; remove one of them` });
    }
    owners.set(file, i);
    return [target];
  });
  const ignored = PROXY_VARIABLES.filter((name) => environment[name] !== undefined);
  return {
    kind: "on",
    targets,
    warnings: ignored.map((name) => `${name} is set, but [[routing.targets]] decides`),
  };
}

function resolveTarget(entry: ProxySection, place: Place, context: Context): RoutingTarget | null {
  const { environment, settings, issues } = context;
  const refuse = (key: string, message: string): null => {
    issues.push({ key: keyOf([...place.path, key]), message });
    return null;
  };
  const implied = impliedMode(entry, entry.mode, place, context);
  if (entry.mode === undefined && implied === null) {
    return refuse("mode", 'is missing; set it to "ihp" or "braiins", and pools_path or profile_path');
  }
  const mode = settings.pick<Mode>(place.section, "mode", [inFile(entry.mode)], implied ?? "ihp");
  const { fileKey } = NAMES[mode];
  const path = pathIn(environment);
  const named = path(entry[fileKey]);
  if (named === undefined) return refuse(fileKey, "is missing; name the proxy's file");
  const file = settings.pick(place.section, fileKey, [inFile(named)], named);
  const sentinelPath = join(dirname(file), basename(DEFAULTS[mode].sentinel));
  const reload = reloadOf(entry, place, context, { sentinelPath });
  if (mode === "braiins") {
    if (entry.share !== undefined) {
      return refuse(
        "share",
        'is for mode "ihp"; a Braiins Farm Proxy divides its own hashrate as won to lost',
      );
    }
    return reload && { mode, profilePath: file, ...reload };
  }
  const subnetPoolName = settings.pick(
    place.section,
    "subnet_pool_name",
    [inFile(entry.subnet_pool_name)],
    DEFAULT_SUBNET_POOL_NAME,
  );
  const share = settings.pick(place.section, "share", [inFile(entry.share)], 1);
  return reload && { mode, poolsPath: file, subnetPoolName, share, ...reload };
}

/**
 * Together all should deliver what was won: less gets a hotkey banned, more mines for nothing. Doubtful rather than
 * wrong: somebody may want a reserve, and what is missing may come from elsewhere.
 */
function shareWarnings(targets: readonly RoutingTarget[], fleet: FleetConfig | null): string[] {
  const shares = [
    ...targets.flatMap((target) =>
      target.mode === "ihp" ? [{ of: targetPath(target), share: target.share ?? 1 }] : []
    ),
    ...(fleet === null ? [] : [{ of: "[asic]", share: fleet.share }]),
  ];
  const sum = shares.reduce((total, { share }) => total + share, 0);
  const isPartial = targets.every(({ mode }) => mode === "ihp") && sum < 1 - 1e-9;
  if (sum <= 1 + 1e-9 && !isPartial) return [];
  const whose = fleet === null ? 'the "ihp" targets' : 'the "ihp" targets and of [asic]';
  const each = shares.map(({ of, share }) => `${of} ${share}`).join(", ");
  const outcome = isPartial
    ? "less is delivered than was won, and validators ban for that"
    : "more is delivered than was won, and what is beyond it is not paid for";
  return [
    `the shares of ${whose} add up to ${
      Number(sum.toFixed(6))
    } (${each}): ${outcome}; set share in [asic] and in ` +
    "each [[routing.targets]] so that they add up to 1",
  ];
}

/** The mode when nothing names it: that of the file which is named; `null` when none is. */
function impliedMode(
  entry: ProxySection,
  named: Mode | undefined,
  { path }: Place,
  { issues }: Context,
): Mode | null {
  if (entry.pools_path !== undefined && entry.profile_path !== undefined && named === undefined) {
    issues.push({
      key: keyOf([...path, "mode"]),
      message: 'is missing although both pools_path and profile_path are given; set it to "ihp" or "braiins"',
    });
  }
  if (entry.pools_path !== undefined) return "ihp";
  return entry.profile_path === undefined ? null : "braiins";
}

/** Which keys belong to which way of reloading. */
const RELOAD_KEYS = {
  sentinel: ["sentinel_path"],
  signal: ["signal", "pid_file"],
  command: ["reload_command"],
} as const;

/** How the proxy is told to reload: as `reload` says, else by whose keys are given, else by a sentinel. */
function reloadOf(
  entry: ProxySection,
  place: Place,
  { environment, settings, issues }: Context,
  sentinel: { readonly sentinelPath: string; readonly sentinelVariable?: EnvironmentName },
): ReloadMethod | null {
  const refuse = (key: string, message: string): null => {
    issues.push({ key: keyOf([...place.path, key]), message });
    return null;
  };
  const kinds = Object.keys(RELOAD_KEYS) as (keyof typeof RELOAD_KEYS)[];
  const given = kinds.filter((kind) => RELOAD_KEYS[kind].some((key) => entry[key] !== undefined));
  const kind = settings.pick(place.section, "reload", [inFile(entry.reload)], given.at(-1) ?? "sentinel");
  for (const other of given.filter((name) => name !== kind)) {
    const key = RELOAD_KEYS[other].find((name) => entry[name] !== undefined)!;
    refuse(key, `is for reload = "${other}", but "${kind}" is asked for; keep the keys of one way to reload`);
  }
  const path = pathIn(environment);
  if (kind === "signal") {
    const signal = settings.pick<ReloadSignal>(place.section, "signal", [inFile(entry.signal)], "SIGHUP");
    const pidFile = path(entry.pid_file);
    if (pidFile === undefined) {
      return refuse("pid_file", "is missing; name the file that the proxy writes its process id to");
    }
    return { signal, pidFile: settings.pick(place.section, "pid_file", [inFile(pidFile)], pidFile) };
  }
  if (kind === "command") {
    const words = entry.reload_command?.map((word) => expandHome(word, environment));
    if (words === undefined) {
      return refuse(
        "reload_command",
        'is missing; give a list of words, for example ["systemctl", "reload", "ihp"]',
      );
    }
    return {
      reloadCommand: settings.pick(place.section, "reload_command", [inFile(words)], words, redactCommand),
    };
  }
  const { sentinelPath, sentinelVariable } = sentinel;
  return {
    sentinelPath: settings.pick(place.section, "sentinel_path", [
      ...(sentinelVariable === undefined
        ? []
        : [inEnvironment(sentinelVariable, path(environment[sentinelVariable]))]),
      inFile(path(entry.sentinel_path)),
    ], sentinelPath),
  };
}

/** Anything but the two modes counts as unset. */
function modeOf(text: string | undefined): Mode | undefined {
  const wanted = text?.trim().toLowerCase();
  return wanted === "ihp" || wanted === "braiins" ? wanted : undefined;
}

/** Makes paths absolute, as seen from the working folder. */
function pathIn(environment: Environment): (text: string | undefined) => string | undefined {
  return (text) => text === undefined ? undefined : resolve(expandHome(text, environment));
}
