/**
 * The command line of ih-miner: what can be asked, and the check that it makes sense.
 *
 * @module
 */

import { distance } from "fastest-levenshtein";
import { type OptionSpecs, parseArguments, UsageError } from "../lib/args.ts";
import { LOG_FORMATS, LOG_LEVELS, type LogFormat, type LogLevel } from "../lib/log.ts";

/** The jobs `--once` can run. */
export const JOB_NAMES = ["auction", "commitment"] as const;
/** One of {@link JOB_NAMES}. */
export type JobName = (typeof JOB_NAMES)[number];

/** What every command takes. */
export interface LogArguments {
  readonly logLevel: LogLevel;
  /** `undefined`: JSON. */
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
    /** `undefined`: that of the configuration. */
    readonly url: string | undefined;
    readonly watch: boolean;
    readonly json: boolean;
  }
  | ({ readonly name: "replay"; readonly snapshotPath: string } & LogArguments)
  | (
    & { readonly name: "check"; readonly configPath: string | undefined; readonly json: boolean }
    & LogArguments
  );

/** The words that ask for something else than running the agent or a job. */
const COMMAND_WORDS = ["withdraw", "status", "config", "replay", "check"] as const;
/** A word so near to a command is taken for it. */
const TYPING_MISTAKES = 2;

const OPTIONS: OptionSpecs = {
  once: { type: "string" },
  force: { type: "boolean" },
  "dry-run": { type: "boolean" },
  "save-snapshot": { type: "string" },
  json: { type: "boolean" },
  url: { type: "string" },
  watch: { type: "boolean" },
  "log-level": { type: "string" },
  "log-format": { type: "string" },
  help: { type: "boolean", short: "h" },
  version: { type: "boolean", short: "V" },
};

/** The text of `ih-miner --help`. */
export const HELP = `ih-miner: sells hashrate on the InfiniteHash subnet (Bittensor, netuid 89)

Usage:
  ih-miner [CONFIG]                          run the agent
  ih-miner [CONFIG] --once auction           compute this window's auction, route the hashrate, end
  ih-miner [CONFIG] --once commitment        publish the bid if it needs to be, end
  ih-miner withdraw [CONFIG]                 publish the empty bid, say from when on nothing can be won, end
  ih-miner status [CONFIG]                   what the running agent does ([http] listen must be set)
  ih-miner config [CONFIG]                   show the configuration in effect and where each value came from
  ih-miner replay SNAPSHOT                   compute an auction again from a saved snapshot, offline
  ih-miner check [CONFIG]                    look at everything the agent needs, one line each

CONFIG is a TOML file. Without it: $IH_MINER_CONFIG, else ./config.toml, else /etc/ih-miner/config.toml.
A file named like a command is given as ./NAME.

Options:
  --once JOB            run one job, auction or commitment; the result is one JSON document on stdout,
                        logs go to stderr
  --force               with --once commitment: publish although nothing changed
  --dry-run             with --once and withdraw: do everything but submit and write; say what would be done
  --url URL             with status: the agent's address (default: that of CONFIG, else http://127.0.0.1:9464)
  --watch               with status: again every two seconds
  --save-snapshot FILE  with --once auction: keep what was read from the chain, for replay
  --json                with check, config and status: one JSON document instead of lines
  --log-level LEVEL     ${LOG_LEVELS.join(", ")} (default: info)
  --log-format FORMAT   ${LOG_FORMATS.join(", ")} (default: json)
  -h, --help            this text
  -V, --version         the version

Exit codes:
  0  done, also when there was no bid of ours or nothing was won
  1  the job failed: chain, dispatch error, proxy file, no solver result; with status: the agent is not ready
     or does not answer
  2  wrong usage, configuration, wallet or snapshot
  130, 143  --once, withdraw or check was ended by SIGINT or SIGTERM
`;

/**
 * Reads a command line.
 *
 * @param exists whether there is a file; asked for a word that could be a mistyped command.
 * @throws {UsageError} when it asks for something that does not exist or does not go together.
 */
export function parseCommand(
  args: readonly string[],
  exists: (path: string) => boolean = isThere,
): Command {
  const { values, positionals } = parseArguments(args, OPTIONS);
  if (values.help === true) return { name: "help" };
  if (values.version === true) return { name: "version" };

  refuseMistypedCommand(positionals[0], exists);
  const logs: LogArguments = {
    logLevel: oneOf("--log-level", LOG_LEVELS, values["log-level"] ?? "info"),
    logFormat: oneOf("--log-format", LOG_FORMATS, values["log-format"] ?? "json"),
  };
  const forbidAllBut = (allowed: readonly string[], context: string): void =>
    forbid(
      Object.keys(values).filter((name) => !["log-level", "log-format", ...allowed].includes(name)),
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
  throw new UsageError(`${JSON.stringify(word)} is no command and no file; did you mean ${meant}?`);
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
