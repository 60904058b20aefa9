/**
 * From `config.toml` and the environment to one checked {@link Config}. Read anew at each job run.
 *
 * @module
 */

import { join, resolve } from "node:path";
import { knownGenesisHash, NetworkError, resolveEndpoints } from "../chain/networks.ts";
import { redactAddress } from "../lib/redact.ts";
import { findUnquotedDecimalKeys, parseToml, TomlError } from "../lib/toml.ts";
import { locateProgram } from "../lib/program.ts";
import type { EngineChoice } from "../auction/solver/types.ts";
import { hotkeyPath } from "../chain/wallet/hotkey_file.ts";
import { type DeliveryConfig, resolveDelivery } from "./delivery.ts";
import { parseDurationSeconds } from "./duration.ts";
import { type EffectiveSetting, EffectiveSettings, inEnvironment, inFile } from "./effective.ts";
import { type Environment, expandHome, isSwitchedOn } from "./environment.ts";
import { ConfigError, type ConfigIssue } from "./errors.ts";
import { type HooksSettings, resolveHooks } from "./hooks.ts";
import { type ListenAddress, parseListenAddress } from "../lib/listen_address.ts";
import { resolveRouting, type RoutingConfig } from "./routing.ts";
import { type AmbiguityPolicy, checkConfigFile, type ConfigFile } from "./schema.ts";
import { checkWorkers, type WorkersConfig } from "./workers.ts";
import { asError } from "../lib/errors.ts";

/** Everything the agent is told, checked. Paths are absolute. */
export interface Config extends HooksSettings {
  /** The file it was read from. */
  readonly path: string;
  /** As written: a name, a URL or a list of them. */
  readonly network: string | readonly string[];
  /** URLs to try in order. */
  readonly endpoints: readonly string[];
  /** The genesis hash of a public network; `undefined` for chains that are not known. */
  readonly expectedGenesisHash: string | undefined;
  readonly netuid: number;
  readonly hotkeyPath: string;
  /** A mistake in `[workers]` fails publishing alone: it is thrown when the workers are asked for. */
  readonly workers: WorkersConfig | ConfigError;
  readonly routing: RoutingConfig;
  readonly onAmbiguous: AmbiguityPolicy;
  /** What to do when no window could be computed for so long. */
  readonly staleness: StalenessConfig;
  readonly solver: SolverConfig;
  /** Journals and locks. */
  readonly stateDirectory: string;
  /** Where metrics, health and status are served; `null`: nowhere. */
  readonly httpListen: ListenAddress | null;
  readonly delivery: DeliveryConfig;
  /** Each key with its value in effect and where that came from, for people. */
  readonly effective: readonly EffectiveSetting[];
}

/** When the last outcome is too old to go by, and what then. */
export interface StalenessConfig {
  readonly afterSeconds: number;
  /** `keep` the routing as it is, or `release` all hashrate from the subnet. */
  readonly policy: "keep" | "release";
}

/** Which program solves the auction. */
export interface SolverConfig {
  readonly engine: EngineChoice;
  /** The words that start cbc, the first a full path where it was found; `null` when there is no cbc. */
  readonly cbcCommand: readonly string[] | null;
}

/** How files are looked at; the real ones unless a test says otherwise. */
export interface ConfigFiles {
  readonly readTextFile: (path: string) => Promise<string>;
  readonly exists: (path: string) => boolean;
}

/** The operating system's files. */
export const osConfigFiles: ConfigFiles = {
  readTextFile: async (path) => decodeUtf8(await Deno.readFile(path)),
  exists: (path) => {
    try {
      Deno.statSync(path);
      return true;
    } catch (error) {
      // A file behind a folder that we may not enter exists as far as the operator is concerned: saying that it
      // cannot be read is more helpful than taking another one.
      return !(error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory);
    }
  },
};

/**
 * Reads and checks a configuration.
 *
 * @throws {ConfigError} when it cannot be read or used. A mistake in `[workers]` is not thrown but returned.
 */
export async function loadConfig(
  path: string,
  environment: Environment,
  files: ConfigFiles = osConfigFiles,
): Promise<Config> {
  const text = await readText(path, files);
  const data = parse(text, path);
  const file = checkConfigFile(data, path);
  const settings = new EffectiveSettings();
  const { network, netuid } = bittensorOf(file, settings);
  const issues: ConfigIssue[] = [];
  const config = {
    path,
    network,
    ...chainOf(network, path),
    netuid,
    hotkeyPath: walletPath(file, environment, settings),
    workers: workersOf(file, text, path, environment, settings),
    routing: resolveRouting({
      section: file.routing,
      asic: file.asic,
      environment,
      source: path,
      exists: files.exists,
      settings,
      issues,
    }),
    onAmbiguous: settings.pick<AmbiguityPolicy>(
      "routing",
      "on_ambiguous",
      [inFile(file.routing?.on_ambiguous)],
      "deliver-possible",
    ),
    staleness: stalenessOf(file, settings),
    solver: await solverOf(file, environment, settings),
    stateDirectory: stateDirectoryOf(file, environment, settings),
    httpListen: httpListenOf(file, settings),
    ...resolveHooks(file.hooks, environment, settings),
    delivery: resolveDelivery({ section: file.delivery, settings, issues }),
    effective: settings.list,
  };
  if (issues.length > 0) throw new ConfigError(path, issues);
  return config;
}

/**
 * The workers of a configuration.
 *
 * @throws {ConfigError} when `[workers]` has a mistake.
 */
export function requireWorkers(config: Config): WorkersConfig {
  if (config.workers instanceof ConfigError) throw config.workers;
  return config.workers;
}

async function readText(path: string, files: ConfigFiles): Promise<string> {
  try {
    return await files.readTextFile(path);
  } catch (error) {
    const why = asError(error).message;
    throw new ConfigError(path, [{ key: "", message: `cannot be read: ${why}` }], { cause: error });
  }
}

/** TOML is UTF-8; another encoding would quietly change names and paths. */
function decodeUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new TypeError("it is not UTF-8 text; save it as UTF-8", { cause });
  }
}

function parse(text: string, path: string): unknown {
  try {
    return parseToml(text, { source: path });
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const message = `line ${error.line}, column ${error.column}: ${error.reason}; correct that line`;
    throw new ConfigError(path, [{ key: "", message }], { cause: error });
  }
}

function chainOf(
  network: Config["network"],
  path: string,
): Pick<Config, "endpoints" | "expectedGenesisHash"> {
  try {
    return { endpoints: resolveEndpoints(network), expectedGenesisHash: knownGenesisHash(network) };
  } catch (error) {
    if (!(error instanceof NetworkError)) throw error;
    throw new ConfigError(path, [{ key: "[bittensor] network", message: error.message }], { cause: error });
  }
}

function bittensorOf({ bittensor }: ConfigFile, settings: EffectiveSettings): ConfigFile["bittensor"] {
  const { network, netuid } = bittensor;
  // Providers put access keys into URLs.
  const show = (value: typeof network): unknown =>
    typeof value === "string" ? redactAddress(value) : value.map(redactAddress);
  return {
    network: settings.pick("bittensor", "network", [inFile(network)], network, show),
    netuid: settings.pick("bittensor", "netuid", [inFile(netuid)], netuid),
  };
}

function walletPath(
  { wallet }: ConfigFile,
  environment: Environment,
  settings: EffectiveSettings,
): string {
  for (const [key, value] of Object.entries(wallet)) settings.pick("wallet", key, [inFile(value)], value);
  const { directory, name, hotkey_name } = wallet;
  return resolve(hotkeyPath({ directory, name, hotkeyName: hotkey_name }, environment.HOME));
}

function workersOf(
  file: ConfigFile,
  text: string,
  path: string,
  environment: Environment,
  settings: EffectiveSettings,
): WorkersConfig | ConfigError {
  try {
    return checkWorkers({
      section: file.workers,
      unquotedKeys: findUnquotedDecimalKeys(text, { source: path }),
      source: path,
      allowV1: isSwitchedOn(environment.APS_MINER_ALLOW_V1),
      settings,
    });
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
}

function stalenessOf({ routing = {} }: ConfigFile, settings: EffectiveSettings): StalenessConfig {
  const after = settings.pick("routing", "stale_after", [inFile(routing.stale_after)], "2 windows");
  return {
    // The schema takes no other text.
    afterSeconds: parseDurationSeconds(after)!,
    policy: settings.pick<StalenessConfig["policy"]>(
      "routing",
      "on_stale",
      [inFile(routing.on_stale)],
      "keep",
    ),
  };
}

async function solverOf(
  { solver = {} }: ConfigFile,
  environment: Environment,
  settings: EffectiveSettings,
): Promise<SolverConfig> {
  const engine = settings.pick<EngineChoice>("solver", "engine", [inFile(solver.engine)], "auto");
  const configured = settings.pick<string | readonly string[] | undefined>("solver", "cbc", [
    inEnvironment("IH_MINER_CBC", environment.IH_MINER_CBC),
    inFile(solver.cbc),
  ], undefined);
  if (engine === "glpk") return { engine, cbcCommand: null };
  const [program = "cbc", ...words] = configured === undefined
    ? []
    : [configured].flat().map((word) => expandHome(word, environment));
  const found = await locateProgram(program, environment.PATH ?? "");
  // A program that was named and is not there stays, so that each result says why it did not decide.
  if (found === null && configured === undefined) return { engine, cbcCommand: null };
  return { engine, cbcCommand: [found ?? resolve(program), ...words] };
}

function stateDirectoryOf(
  { state = {} }: ConfigFile,
  environment: Environment,
  settings: EffectiveSettings,
): string {
  const path = (text: string | undefined): string | undefined =>
    text === undefined ? undefined : resolve(expandHome(text, environment));
  // systemd may give several folders, separated by colons.
  const fromSystemd = environment.STATE_DIRECTORY?.split(":")[0];
  const home = join(expandHome("~", environment), ".local/state/ih-miner");
  return settings.pick("state", "directory", [
    inFile(path(state.directory)),
    inEnvironment("STATE_DIRECTORY", path(fromSystemd)),
  ], resolve(home));
}

function httpListenOf({ http = {} }: ConfigFile, settings: EffectiveSettings): ListenAddress | null {
  const listen = settings.pick<string | null>("http", "listen", [inFile(http.listen)], null);
  return listen === null ? null : parseListenAddress(listen);
}
