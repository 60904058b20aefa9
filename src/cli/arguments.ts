/**
 * The command line of ih-miner: its commands and options, and their validation.
 *
 * @module
 */

import { distance } from "fastest-levenshtein";
import { type OptionSpecs, parseArguments, UsageError } from "../lib/args.ts";
import { LOG_FORMATS, LOG_LEVELS, type LogFormat, type LogLevel } from "../lib/log.ts";

/** The jobs of `--once`. */
export const JOB_NAMES = ["auction", "commitment"] as const;
/** One of {@link JOB_NAMES}. */
export type JobName = (typeof JOB_NAMES)[number];

/** The options of all commands that log. */
export interface LogArguments {
  readonly logLevel: LogLevel;
  readonly logFormat: LogFormat;
}

/** One parsed command line. */
export type Command =
  | { readonly name: "help" }
  | { readonly name: "version" }
  | ({ readonly name: "daemon"; readonly configPath: string | undefined } & LogArguments)
  | ({
    readonly name: "once";
    readonly job: JobName | "withdraw";
    readonly configPath: string | undefined;
    readonly force: boolean;
    readonly dryRun: boolean;
    readonly saveSnapshotPath: string | undefined;
  } & LogArguments)
  | ({ readonly name: "config"; readonly configPath: string | undefined; readonly json: boolean })
  | {
    readonly name: "status";
    readonly configPath: string | undefined;
    /** `undefined` for that of the configuration. */
    readonly url: string | undefined;
    readonly watch: boolean;
    readonly json: boolean;
  }
  | ({ readonly name: "replay"; readonly snapshotPath: string } & LogArguments)
  | (
    & { readonly name: "check"; readonly configPath: string | undefined; readonly json: boolean }
    & LogArguments
  )
  | ({
    readonly name: "advise";
    readonly configPath: string | undefined;
    /** Saved windows; without any, and without `windows`, the chain is read. */
    readonly snapshotPaths: readonly string[];
    /** How many of the windows that the agent kept; `undefined` for none. */
    readonly windows: number | undefined;
    readonly json: boolean;
  } & LogArguments)
  | ({
    readonly name: "earnings";
    readonly configPath: string | undefined;
    /** Today and the days before it, in UTC. */
    readonly days: number;
    readonly format: "text" | "json" | "csv";
  } & LogArguments);

/** The first words that select a command. */
const COMMAND_WORDS = ["withdraw", "status", "config", "replay", "check", "advise", "earnings"] as const;
/** A word within this edit distance of a command counts as a typing mistake. */
const TYPING_MISTAKES = 2;

const OPTIONS: OptionSpecs = {
  once: { type: "string" },
  force: { type: "boolean" },
  "dry-run": { type: "boolean" },
  "save-snapshot": { type: "string" },
  json: { type: "boolean" },
  url: { type: "string" },
  watch: { type: "boolean" },
  from: { type: "string", multiple: true },
  windows: { type: "string" },
  days: { type: "string" },
  csv: { type: "boolean" },
  "log-level": { type: "string" },
  "log-format": { type: "string" },
  help: { type: "boolean", short: "h" },
  version: { type: "boolean", short: "V" },
};

/** The text of `ih-miner --help`. */
export const HELP = `ih-miner: sells hashrate on the InfiniteHash subnet (Bittensor, netuid 89)

Usage:
  ih-miner [CONFIG]                      run the agent as a service
  ih-miner [CONFIG] --once auction       compute the auction of this window and route the hashrate
  ih-miner [CONFIG] --once commitment    publish the bid if needed
  ih-miner withdraw [CONFIG]             publish the empty bid; prints when nothing can be won any more
  ih-miner status [CONFIG]               show the status of the running agent (needs [http] listen)
  ih-miner config [CONFIG]               show the effective configuration and the origin of each value
  ih-miner replay SNAPSHOT               compute a saved auction again, offline
  ih-miner check [CONFIG]                check everything that the agent needs
  ih-miner advise [CONFIG]               show what this window would earn at other prices; publishes nothing
  ih-miner earnings [CONFIG]             add up by day what was won and credited, from the ledger

CONFIG is a TOML file. Default: $IH_MINER_CONFIG, else ./config.toml, else /etc/ih-miner/config.toml.
Write ./NAME for a file that is named like a command.

Options:
  --once JOB            run one job, auction or commitment; prints one JSON document on stdout and
                        logs on stderr
  --force               with --once commitment: publish even if nothing has changed
  --dry-run             with --once and withdraw: submit and write nothing; show what would be done
  --url URL             with status: the address of the agent (default: from CONFIG, else
                        http://127.0.0.1:9464)
  --watch               with status: repeat every two seconds
  --save-snapshot FILE  with --once auction: save the chain data for replay
  --from SNAPSHOT       with advise: a saved window instead of the chain's; give several to average
  --windows N           with advise: the last N windows that the agent kept ([state] snapshots)
  --days N              with earnings: today and the days before it, in UTC (default: 30)
  --csv                 with earnings: print one CSV line for each day
  --json                with check, config, status, advise and earnings: print one JSON document
  --log-level LEVEL     ${LOG_LEVELS.join(", ")} (default: info)
  --log-format FORMAT   ${LOG_FORMATS.join(", ")} (default: json)
  -h, --help            show this help
  -V, --version         show the version

Exit codes:
  0         success, even without a bid or a win
  1         the job failed: chain, dispatch error, proxy file, no solver result; with status: the agent
            is not ready or does not answer
  2         invalid usage, configuration, wallet or snapshot
  130, 143  SIGINT or SIGTERM ended --once, withdraw, check, advise or earnings
`;

/**
 * Parses a command line.
 *
 * @param exists whether a file exists; called for a word that may be a mistyped command.
 * @throws {UsageError} for unknown or conflicting arguments.
 */
export function parseCommand(
  args: readonly string[],
  exists: (path: string) => boolean = isThere,
): Command {
  const { values, lists, positionals } = parseArguments(args, OPTIONS);
  if (values.help === true) return { name: "help" };
  if (values.version === true) return { name: "version" };

  refuseMistypedCommand(positionals[0], exists);
  const logs: LogArguments = {
    logLevel: oneOf("--log-level", LOG_LEVELS, values["log-level"] ?? "info"),
    logFormat: oneOf("--log-format", LOG_FORMATS, values["log-format"] ?? "json"),
  };
  const forbidAllBut = (allowed: readonly string[], context: string): void =>
    forbid(
      Object.keys({ ...values, ...lists }).filter((name) =>
        !["log-level", "log-format", ...allowed].includes(name)
      ),
      context,
    );

  if (positionals[0] === "replay") {
    forbidAllBut([], "replay");
    const [, snapshotPath, ...surplus] = positionals;
    if (snapshotPath === undefined) {
      throw new UsageError("replay needs the snapshot file: ih-miner replay FILE");
    }
    refuseSurplus(surplus);
    return { name: "replay", snapshotPath, ...logs };
  }

  if (positionals[0] === "check") {
    forbidAllBut(["json"], "check");
    const [, configPath, ...surplus] = positionals;
    refuseSurplus(surplus);
    return { name: "check", configPath, json: values.json === true, ...logs };
  }

  if (positionals[0] === "advise") {
    forbidAllBut(["from", "windows", "json"], "advise");
    const [, configPath, ...surplus] = positionals;
    refuseSurplus(surplus);
    const snapshotPaths = lists.from ?? [];
    const windows = values.windows === undefined ? undefined : count("--windows", values.windows, 1000);
    if (windows !== undefined && snapshotPaths.length > 0) {
      throw new UsageError(
        "--from and --windows cannot be used together; name the files, or how many windows",
      );
    }
    return { name: "advise", configPath, snapshotPaths, windows, json: values.json === true, ...logs };
  }

  if (positionals[0] === "earnings") {
    forbidAllBut(["days", "json", "csv"], "earnings");
    const [, configPath, ...surplus] = positionals;
    refuseSurplus(surplus);
    if (values.json === true && values.csv === true) {
      throw new UsageError("--json and --csv cannot be used together");
    }
    const format = values.json === true ? "json" : values.csv === true ? "csv" : "text";
    return {
      name: "earnings",
      configPath,
      days: count("--days", values.days ?? "30", 3660),
      format,
      ...logs,
    };
  }

  const dryRun = values["dry-run"] === true;
  if (positionals[0] === "withdraw") {
    forbidAllBut(["dry-run"], "withdraw");
    const [, configPath, ...surplus] = positionals;
    refuseSurplus(surplus);
    const job = { name: "once", job: "withdraw", force: false, saveSnapshotPath: undefined } as const;
    return { ...job, configPath, dryRun, ...logs };
  }

  if (positionals[0] === "config") {
    forbidAllBut(["json"], "config");
    const [, configPath, ...surplus] = positionals;
    refuseSurplus(surplus);
    return { name: "config", configPath, json: values.json === true };
  }

  if (positionals[0] === "status") {
    forbidAllBut(["url", "watch", "json"], "status");
    const [, configPath, ...surplus] = positionals;
    refuseSurplus(surplus);
    const [watch, json] = [values.watch === true, values.json === true];
    return { name: "status", configPath, url: textOf(values.url), watch, json };
  }

  const [configPath, ...surplus] = positionals;
  refuseSurplus(surplus);
  if (values.once === undefined) {
    forbidAllBut([], "a run without --once");
    return { name: "daemon", configPath, ...logs };
  }

  const job = oneOf("--once", JOB_NAMES, values.once);
  forbidAllBut(["once", "dry-run", job === "auction" ? "save-snapshot" : "force"], `--once ${job}`);
  return {
    name: "once",
    job,
    configPath,
    force: values.force === true,
    dryRun,
    saveSnapshotPath: textOf(values["save-snapshot"]),
    ...logs,
  };
}

function refuseMistypedCommand(word: string | undefined, exists: (path: string) => boolean): void {
  if (word === undefined || COMMAND_WORDS.some((command) => command === word)) return;
  if (word.includes("/") || word.endsWith(".toml")) return;
  const meant = COMMAND_WORDS.find((command) => distance(word.toLowerCase(), command) <= TYPING_MISTAKES);
  if (meant === undefined || exists(word)) return;
  throw new UsageError(`${JSON.stringify(word)} is neither a command nor a file; did you mean ${meant}?`);
}

function isThere(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}

function oneOf<T extends string>(option: string, allowed: readonly T[], value: unknown): T {
  const found = allowed.find((name) => name === value);
  if (found === undefined) {
    throw new UsageError(`${option} must be one of ${allowed.join(", ")}; it is ${JSON.stringify(value)}`);
  }
  return found;
}

/** A whole number from 1 to `most`. */
function count(option: string, value: unknown, most: number): number {
  const number = /^\d{1,9}$/.test(String(value)) ? Number(value) : NaN;
  if (number >= 1 && number <= most) return number;
  throw new UsageError(
    `${option} must be a whole number from 1 to ${most}; it is ${JSON.stringify(value)}`,
  );
}

function forbid(options: readonly string[], context: string): void {
  if (options.length === 0) return;
  throw new UsageError(`${options.map((name) => `--${name}`).join(", ")} cannot be used with ${context}`);
}

function refuseSurplus(surplus: readonly string[]): void {
  if (surplus.length > 0) throw new UsageError(`unexpected argument ${JSON.stringify(surplus[0])}`);
}

function textOf(value: string | boolean | undefined): string | undefined {
  return typeof value === "string" ? value : undefined;
}
