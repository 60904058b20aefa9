/**
 * Reads `config.toml` and the environment into one checked {@link Config}; called again for each job run.
 *
 * @module
 */

import { resolve } from "node:path";
import { type AmbiguityPolicy, DEFAULT_AMBIGUITY_POLICY } from "../auction/ambiguity.ts";
import type { UnpackCbc } from "../auction/solver/cbc/bundled_cbc.ts";
import type { EngineChoice } from "../auction/solver/types.ts";
import { knownGenesisHash, NetworkError, resolveEndpoints } from "../chain/networks.ts";
import { WalletError } from "../chain/wallet/errors.ts";
import { hotkeyPath } from "../chain/wallet/hotkey_file.ts";
import { readBounded } from "../lib/bounded_file.ts";
import { asError } from "../lib/errors.ts";
import { type ListenAddress, parseListenAddress } from "../lib/listen_address.ts";
import { locateProgram } from "../lib/program.ts";
import { redactAddress } from "../lib/redact.ts";
import { parseToml, TomlError } from "../lib/toml.ts";
import { type CbcChoice, chooseCbc, unpackNothing } from "./cbc_choice.ts";
import { type DeliveryConfig, resolveDelivery } from "./delivery.ts";
import { type EconomicsConfig, resolveEconomics } from "./economics.ts";
import { type EffectiveSetting, inEnvironment, inFile, Resolution } from "./effective.ts";
import { type Environment, expandHome } from "./environment.ts";
import { ConfigError } from "./errors.ts";
import { type HooksSettings, resolveHooks } from "./hooks.ts";
import { resolveRouting, type RoutingConfig } from "./routing.ts";
import { checkConfigFile, type ConfigFile } from "./schema.ts";
import { checkWorkers, type WorkersConfig } from "./workers.ts";

/** The checked configuration. Paths are absolute. */
export interface Config extends HooksSettings {
  /** The file it was read from. */
  readonly path: string;
  /** As written: a name, a URL or a list of them. */
  readonly network: string | readonly string[];
  /** URLs to try in order. */
  readonly endpoints: readonly string[];
  /** The genesis hash of a public network; `undefined` for unknown chains. */
  readonly expectedGenesisHash: string | undefined;
  readonly netuid: number;
  readonly hotkeyPath: string;
  /** A mistake in `[workers]` fails only publishing; {@link requireWorkers} throws it. */
  readonly workers: WorkersConfig | ConfigError;
  readonly routing: RoutingConfig;
  readonly onAmbiguous: AmbiguityPolicy;
  readonly staleness: StalenessConfig;
  readonly solver: SolverConfig;
  /** Where the solver's cbc comes from. */
  readonly cbc: CbcChoice;
  /** For journals, locks, saved windows, the ledger and the unpacked solver. */
  readonly stateDirectory: string;
  /** How many windows' snapshots the agent keeps there, for `ih-miner advise`; 0: none. */
  readonly keptSnapshots: number;
  /** Whether the agent writes a line for each window into the ledger there. */
  readonly ledger: boolean;
  /** Where to serve metrics, health and status; `null`: nowhere. */
  readonly httpListen: ListenAddress | null;
  readonly delivery: DeliveryConfig;
  readonly economics: EconomicsConfig;
  /** Each key with its value in effect and its origin, for people. */
  readonly effective: readonly EffectiveSetting[];
}

/** What to do with the routing when no window could be computed for a long time. */
export interface StalenessConfig {
  readonly afterSeconds: number;
  /** `keep` the routing as it is, or `release` all hashrate from the subnet. */
  readonly policy: "keep" | "release";
}

/** Which program solves the auction. */
export interface SolverConfig {
  readonly engine: EngineChoice;
  /** The command that starts cbc, by its full path if it was found; `null` when there is no cbc. */
  readonly cbcCommand: readonly string[] | null;
  /** How long cbc may take. */
  readonly cbcTimeLimitSeconds: number;
}

/** The largest configuration file. */
export const MAX_CONFIG_BYTES = 1024 * 1024;

/** File access; tests replace it. */
export interface ConfigFiles {
  readonly readTextFile: (path: string) => Promise<string>;
  /** Whether a file exists. One in a folder that the agent may not enter counts as existing, unless `ifHidden` says otherwise. */
  readonly exists: (path: string, ifHidden?: boolean) => boolean;
}

/** The operating system's files. */
export const osConfigFiles: ConfigFiles = {
  readTextFile: async (path) => decodeUtf8(await readBounded(path, MAX_CONFIG_BYTES)),
  // The error that a named file cannot be read is more helpful than silently using another one.
  exists: (path, ifHidden = true) => {
    try {
      Deno.statSync(path);
      return true;
    } catch (error) {
      const isMissing = error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory;
      return !isMissing && ifHidden;
    }
  },
};

/**
 * Reads and checks a configuration.
 *
 * @param unpackCbc makes the bundled cbc ready; by default it is not used.
 * @throws {ConfigError} when it cannot be read or used. A mistake in `[workers]` is not thrown but returned.
 */
export async function loadConfig(
  path: string,
  environment: Environment,
  files: ConfigFiles = osConfigFiles,
  unpackCbc: UnpackCbc = unpackNothing,
): Promise<Config> {
  const text = await readText(path, files);
  const file = checkConfigFile(parse(text, path), path);
  const resolution = new Resolution(path, environment);
  const routing = resolution.section("routing", file.routing);
  const config = {
    path,
    ...resolveChain(file, resolution),
    hotkeyPath: resolveHotkeyPath(file, resolution),
    workers: resolveWorkers(file, text, resolution),
    routing: resolveRouting(file, files.exists, resolution),
    onAmbiguous: routing.pick("on_ambiguous", DEFAULT_AMBIGUITY_POLICY),
    staleness: {
      afterSeconds: routing.pickSeconds("stale_after", "2 windows"),
      policy: routing.pick("on_stale", "keep"),
    },
    solver: await resolveSolver(file, resolution),
    ...resolveState(file, resolution),
    httpListen: resolveListen(file, resolution),
    ...resolveHooks(file.hooks, resolution),
    delivery: resolveDelivery(file.delivery, resolution),
    economics: resolveEconomics(file.economics, resolution),
    effective: resolution.effective,
  };
  resolution.throwIssues();
  return { ...config, ...await chooseCbc(config, unpackCbc) };
}

/** The solver of a run without a configuration file. */
export async function loadSolver(
  environment: Environment,
  unpackCbc: UnpackCbc,
): Promise<Pick<Config, "solver" | "cbc">> {
  const resolution = new Resolution("the environment", environment);
  const solver = await resolveSolver({}, resolution);
  const { stateDirectory } = resolveState({}, resolution);
  return await chooseCbc({ solver, stateDirectory, effective: resolution.effective }, unpackCbc);
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
    const message = `cannot be read: ${asError(error).message}`;
    throw new ConfigError(path, [{ key: "", message }], { cause: error });
  }
}

/** TOML is UTF-8; decoding another encoding would silently change names and paths. */
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

function resolveChain(
  { bittensor }: ConfigFile,
  resolution: Resolution,
): Pick<Config, "network" | "netuid" | "endpoints" | "expectedGenesisHash"> {
  const { network, netuid } = bittensor;
  const section = resolution.section("bittensor", bittensor);
  // Providers put access keys into URLs.
  section.pick(
    "network",
    network,
    (value) => Array.isArray(value) ? value.map(redactAddress) : redactAddress(value),
  );
  section.pick("netuid", netuid);
  try {
    const endpoints = resolveEndpoints(network);
    return { network, netuid, endpoints, expectedGenesisHash: knownGenesisHash(network) };
  } catch (error) {
    if (!(error instanceof NetworkError)) throw error;
    const issues = [{ key: "[bittensor] network", message: error.message }];
    throw new ConfigError(resolution.source, issues, { cause: error });
  }
}

function resolveHotkeyPath({ wallet }: ConfigFile, resolution: Resolution): string {
  const section = resolution.section("wallet", wallet);
  for (const [key, value] of Object.entries(wallet)) section.choose(key, [inFile(value)], value);
  const { directory, name, hotkey_name: hotkeyName } = wallet;
  try {
    return resolve(hotkeyPath({ directory, name, hotkeyName }, resolution.environment.HOME));
  } catch (error) {
    if (!(error instanceof WalletError)) throw error;
    throw new ConfigError(resolution.source, [{ key: "[wallet]", message: error.message }], { cause: error });
  }
}

function resolveWorkers(file: ConfigFile, text: string, resolution: Resolution): Config["workers"] {
  try {
    return checkWorkers(file.workers, text, resolution);
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
}

async function resolveSolver(
  { solver }: Pick<ConfigFile, "solver">,
  resolution: Resolution,
): Promise<SolverConfig> {
  const { environment } = resolution;
  const section = resolution.section("solver", solver);
  const engine = section.pick("engine", "auto");
  const cbcTimeLimitSeconds = section.pickSeconds("cbc_time_limit", "8m");
  const configured = section.choose<string | string[] | null>("cbc", [
    inEnvironment("IH_MINER_CBC", environment.IH_MINER_CBC),
    inFile(section.values.cbc),
  ], null);
  if (engine === "glpk") return { engine, cbcCommand: null, cbcTimeLimitSeconds };
  const [program = "cbc", ...words] = [configured ?? []].flat().map((word) => expandHome(word, environment));
  const found = await locateProgram(program, environment.PATH ?? "");
  // A configured program that is missing stays, so that each result reports why it did not decide.
  if (found === null && configured === null) return { engine, cbcCommand: null, cbcTimeLimitSeconds };
  return { engine, cbcCommand: [found ?? resolve(program), ...words], cbcTimeLimitSeconds };
}

function resolveState(
  { state }: Pick<ConfigFile, "state">,
  resolution: Resolution,
): Pick<Config, "stateDirectory" | "keptSnapshots" | "ledger"> {
  const section = resolution.section("state", state);
  // systemd may pass several folders, separated by colons.
  const fromSystemd = resolution.environment.STATE_DIRECTORY?.split(":")[0];
  return {
    stateDirectory: section.choose("directory", [
      inFile(resolution.path(section.values.directory)),
      inEnvironment("STATE_DIRECTORY", resolution.path(fromSystemd)),
    ], resolution.path("~/.local/state/ih-miner")),
    keptSnapshots: section.pick("snapshots", 12),
    ledger: section.pick("ledger", true),
  };
}

function resolveListen({ http }: ConfigFile, resolution: Resolution): ListenAddress | null {
  const listen = resolution.section("http", http).pick("listen", null);
  return listen === null ? null : parseListenAddress(listen);
}
