/**
 * Parses and checks the command line of ih-miner.
 *
 * @module
 */

import { distance } from "fastest-levenshtein";
import { type OptionSpecs, parseArguments, UsageError } from "../lib/args.ts";
import { LOG_FORMATS, LOG_LEVELS, type LogFormat, type LogLevel } from "../lib/log.ts";
import {
  ALL_OPTIONS,
  COMMAND_WORDS,
  type CommandName,
  COMMANDS,
  COMMON_OPTIONS,
  JOB_NAMES,
  type JobName,
  type OptionName,
  PROXY_KINDS,
  type Shell,
  SHELLS,
} from "./commands.ts";
import { type Answers, QUESTIONS } from "./init/answers.ts";

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
  | ({
    readonly name: "init";
    readonly configPath: string | undefined;
    /** Whether to ask nothing. */
    readonly yes: boolean;
    /** Whether to replace the configuration without asking. */
    readonly force: boolean;
    /** The folder of an installation to take over. */
    readonly originalPath: string | undefined;
    readonly answers: Answers;
  } & LogArguments)
  | { readonly name: "completions"; readonly shell: Shell }
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

/** A word within this edit distance of a command counts as a typing mistake. */
const TYPING_MISTAKES = 2;

const SPECS: OptionSpecs = Object.fromEntries(
  ALL_OPTIONS.map(([name, { value, short, multiple }]) => [name, {
    type: value === null ? "boolean" : "string",
    ...(short === undefined ? {} : { short }),
    ...(multiple === undefined ? {} : { multiple }),
  }]),
);

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
  const { values, lists, positionals } = parseArguments(args, SPECS);
  if (values.help === true) return { name: "help" };
  if (values.version === true) return { name: "version" };

  refuseMistypedCommand(positionals[0], exists);
  const logs: LogArguments = {
    logLevel: oneOf("--log-level", LOG_LEVELS, values["log-level"] ?? "info"),
    logFormat: oneOf("--log-format", LOG_FORMATS, values["log-format"] ?? "json"),
  };
  const forbidOthersThan = (command: CommandName, context: string = command): void => {
    const allowed: readonly OptionName[] = [...COMMON_OPTIONS, ...COMMANDS[command].options];
    forbid(
      Object.keys({ ...values, ...lists }).filter((name) => !allowed.some((option) => option === name)),
      context,
    );
  };

  if (positionals[0] === "replay") {
    forbidOthersThan("replay");
    const [, snapshotPath, ...surplus] = positionals;
    if (snapshotPath === undefined) {
      throw new UsageError("replay needs the snapshot file: ih-miner replay FILE");
    }
    refuseSurplus(surplus);
    return { name: "replay", snapshotPath, ...logs };
  }

  if (positionals[0] === "check") {
    forbidOthersThan("check");
    const [, configPath, ...surplus] = positionals;
    refuseSurplus(surplus);
    return { name: "check", configPath, json: values.json === true, ...logs };
  }

  if (positionals[0] === "advise") {
    forbidOthersThan("advise");
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
    forbidOthersThan("earnings");
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
    forbidOthersThan("withdraw");
    const [, configPath, ...surplus] = positionals;
    refuseSurplus(surplus);
    const job = { name: "once", job: "withdraw", force: false, saveSnapshotPath: undefined } as const;
    return { ...job, configPath, dryRun, ...logs };
  }

  if (positionals[0] === "config") {
    forbidOthersThan("config");
    const [, configPath, ...surplus] = positionals;
    refuseSurplus(surplus);
    return { name: "config", configPath, json: values.json === true };
  }

  if (positionals[0] === "init") {
    forbidOthersThan("init");
    const [, configPath, ...surplus] = positionals;
    refuseSurplus(surplus);
    const [yes, force] = [values.yes === true, values.force === true];
    if (force && !yes) throw new UsageError("--force is for init with --yes; without it, init asks");
    if (values.proxy !== undefined) oneOf("--proxy", PROXY_KINDS, values.proxy);
    const answers = Object.fromEntries(
      Object.entries(QUESTIONS).map(([name, { option }]) => [name, textOf(values[option])])
        .filter(([, value]) => value !== undefined),
    );
    return { name: "init", configPath, yes, force, originalPath: textOf(values.original), answers, ...logs };
  }

  if (positionals[0] === "completions") {
    forbidOthersThan("completions");
    const [, shell, ...surplus] = positionals;
    refuseSurplus(surplus);
    return { name: "completions", shell: oneOf("the shell", SHELLS, shell) };
  }

  if (positionals[0] === "status") {
    forbidOthersThan("status");
    const [, configPath, ...surplus] = positionals;
    refuseSurplus(surplus);
    const [watch, json] = [values.watch === true, values.json === true];
    return { name: "status", configPath, url: textOf(values.url), watch, json };
  }

  const [configPath, ...surplus] = positionals;
  refuseSurplus(surplus);
  if (values.once === undefined) {
    forbidOthersThan("daemon", "a run without --once");
    return { name: "daemon", configPath, ...logs };
  }

  const job = oneOf("--once", JOB_NAMES, values.once);
  forbidOthersThan(job, `--once ${job}`);
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
    throw new UsageError(
      `${option} must be one of ${allowed.join(", ")}; it is ${
        value === undefined ? "missing" : JSON.stringify(value)
      }`,
    );
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
