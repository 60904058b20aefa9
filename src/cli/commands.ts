/**
 * The commands and options of ih-miner, in words: the one source of the parser, `--help`, the man page and the shell
 * completions.
 *
 * @module
 */

import { LOG_FORMATS, LOG_LEVELS } from "../lib/log.ts";

/** The jobs of `--once`. */
export const JOB_NAMES = ["auction", "commitment"] as const;
/** One of {@link JOB_NAMES}. */
export type JobName = (typeof JOB_NAMES)[number];

/** The shells that there are completions for. */
export const SHELLS = ["bash", "zsh", "fish"] as const;
/** One of {@link SHELLS}. */
export type Shell = (typeof SHELLS)[number];

/** What can route the hashrate, for `init`. */
export const PROXY_KINDS = ["ihp", "braiins", "asic", "none"] as const;
/** One of {@link PROXY_KINDS}. */
export type ProxyKind = (typeof PROXY_KINDS)[number];

/** The program in half a sentence. */
export const SUMMARY = "sells hashrate on the InfiniteHash subnet (Bittensor, netuid 89)";

/** The completions of a value: the words that it can be, or the names of files; `null` for none. */
export type Completion = readonly string[] | "files" | null;

/** One option. */
export interface OptionText {
  /** The value's placeholder; `null` for a switch. */
  readonly value: string | null;
  readonly short?: string;
  readonly multiple?: true;
  readonly about: string;
  readonly completion?: Completion;
}

/** All options by name. An option of some commands alone says with which. */
export const OPTIONS = {
  once: {
    value: "JOB",
    about: "run one job, auction or commitment; prints one JSON document on stdout and logs on stderr",
    completion: JOB_NAMES,
  },
  force: {
    value: null,
    about: "with --once commitment: publish even if nothing has changed; with init and --yes: replace CONFIG",
  },
  "dry-run": {
    value: null,
    about: "with --once and withdraw: submit and write nothing; show what would be done",
  },
  url: {
    value: "URL",
    about: "with status: the address of the agent (default: from CONFIG, else http://127.0.0.1:9464)",
  },
  watch: { value: null, about: "with status: repeat every two seconds" },
  "save-snapshot": {
    value: "FILE",
    about: "with --once auction: save the chain data for replay",
    completion: "files",
  },
  from: {
    value: "SNAPSHOT",
    multiple: true,
    about: "with advise: a saved window instead of the chain's; give several to average",
    completion: "files",
  },
  windows: {
    value: "N",
    about: "with advise: the last N windows that the agent kept ([state] snapshots)",
  },
  days: { value: "N", about: "with earnings: today and the days before it, in UTC (default: 30)" },
  csv: { value: null, about: "with earnings: print one CSV line for each day" },
  json: {
    value: null,
    about: "with check, config, status, advise and earnings: print one JSON document",
  },
  yes: { value: null, about: "with init: ask nothing; every answer is an option or a default" },
  network: {
    value: "NAME",
    about:
      "with init, like all options down to --original: finney, test, or ws:// or wss:// URLs (default: " +
      "finney)",
  },
  netuid: { value: "N", about: "the subnet (default: 89)" },
  "wallet-dir": {
    value: "DIR",
    about: "the folder of the wallets (default: ~/.bittensor/wallets)",
    completion: "files",
  },
  "wallet-name": { value: "NAME", about: "the wallet (default: the only one)" },
  "hotkey-name": { value: "NAME", about: "its hotkey (default: the only one)" },
  price: { value: "MULTIPLE", about: "the price, as a multiple of the hashprice (default: 1.05)" },
  sizes: { value: "LIST", about: "the workers, PH/s x count: 0.45x10,0.25x4" },
  proxy: {
    value: "KIND",
    about: `what routes the hashrate: ${PROXY_KINDS.join(", ")}`,
    completion: PROXY_KINDS,
  },
  "proxy-file": {
    value: "FILE",
    about: "the proxy's pools.toml or active_profile.toml",
    completion: "files",
  },
  "pool-name": { value: "NAME", about: "the subnet's pool in pools.toml (default: central-proxy)" },
  "subnet-pool": { value: "POOL", about: "the subnet's pool for a first proxy file, HOST:PORT" },
  "own-pool": { value: "POOL", about: "your own pool for a first proxy file, [USER@]HOST:PORT" },
  asics: { value: "LIST", about: "the machines with --proxy asic, ADDRESS=PH/s: 192.168.1.21=0.2" },
  original: {
    value: "FOLDER",
    about: "take over the settings of the Python original, or of another ih-miner, in this folder",
    completion: "files",
  },
  "log-level": {
    value: "LEVEL",
    about: `${LOG_LEVELS.join(", ")} (default: info)`,
    completion: LOG_LEVELS,
  },
  "log-format": {
    value: "FORMAT",
    about: `${LOG_FORMATS.join(", ")} (default: json)`,
    completion: LOG_FORMATS,
  },
  help: { value: null, short: "h", about: "show this help" },
  version: { value: null, short: "V", about: "show the version" },
} as const satisfies Readonly<Record<string, OptionText>>;

export type OptionName = keyof typeof OPTIONS;

/** The options that every command takes. */
export const COMMON_OPTIONS: readonly OptionName[] = ["log-level", "log-format"];

/** One way to call the program. */
export interface CommandText {
  /** The first word; `null` for the service and its jobs, which need none. */
  readonly word: string | null;
  /** What follows the program's name and that word. */
  readonly usage: string;
  readonly about: string;
  /** Besides {@link COMMON_OPTIONS}. */
  readonly options: readonly OptionName[];
  /** Of the argument. */
  readonly completion: Completion;
}

/** All ways to call the program, in the order in which the help lists them. */
export const COMMANDS = {
  daemon: {
    word: null,
    usage: "[CONFIG]",
    about: "run the agent as a service",
    options: [],
    completion: "files",
  },
  auction: {
    word: null,
    usage: "[CONFIG] --once auction",
    about: "compute the auction of this window and route the hashrate",
    options: ["once", "dry-run", "save-snapshot"],
    completion: "files",
  },
  commitment: {
    word: null,
    usage: "[CONFIG] --once commitment",
    about: "publish the bid if needed",
    options: ["once", "dry-run", "force"],
    completion: "files",
  },
  init: {
    word: "init",
    usage: "[CONFIG]",
    about: "set up: ask what the agent needs, and write CONFIG (default: ./config.toml)",
    options: [
      "yes",
      "force",
      "network",
      "netuid",
      "wallet-dir",
      "wallet-name",
      "hotkey-name",
      "price",
      "sizes",
      "proxy",
      "proxy-file",
      "pool-name",
      "subnet-pool",
      "own-pool",
      "asics",
      "original",
    ],
    completion: "files",
  },
  withdraw: {
    word: "withdraw",
    usage: "[CONFIG]",
    about: "publish the empty bid; prints when nothing can be won any more",
    options: ["dry-run"],
    completion: "files",
  },
  status: {
    word: "status",
    usage: "[CONFIG]",
    about: "show the status of the running agent (needs [http] listen)",
    options: ["url", "watch", "json"],
    completion: "files",
  },
  config: {
    word: "config",
    usage: "[CONFIG]",
    about: "show the effective configuration and the origin of each value",
    options: ["json"],
    completion: "files",
  },
  replay: {
    word: "replay",
    usage: "SNAPSHOT",
    about: "compute a saved auction again, offline",
    options: [],
    completion: "files",
  },
  check: {
    word: "check",
    usage: "[CONFIG]",
    about: "check everything that the agent needs",
    options: ["json"],
    completion: "files",
  },
  advise: {
    word: "advise",
    usage: "[CONFIG]",
    about: "show what this window would earn at other prices; publishes nothing",
    options: ["from", "windows", "json"],
    completion: "files",
  },
  earnings: {
    word: "earnings",
    usage: "[CONFIG]",
    about: "add up by day what was won and credited, from the ledger",
    options: ["days", "json", "csv"],
    completion: "files",
  },
  completions: {
    word: "completions",
    usage: "SHELL",
    about: `print the completions for ${SHELLS.join(", ")}`,
    options: [],
    completion: SHELLS,
  },
} as const satisfies Readonly<Record<string, CommandText>>;

export type CommandName = keyof typeof COMMANDS;

/** The commands with their types widened, in order. */
export const ALL_COMMANDS: readonly CommandText[] = Object.values(COMMANDS);
/** The options with their types widened, in order. */
export const ALL_OPTIONS = Object.entries(OPTIONS) as readonly (readonly [OptionName, OptionText])[];

/** The first words that select a command. */
export const COMMAND_WORDS: readonly string[] = ALL_COMMANDS.flatMap(({ word }) => word ?? []);

/** How the configuration is found. */
export const CONFIG_FILE = [
  "CONFIG is a TOML file. Default: $IH_MINER_CONFIG, else ./config.toml, else /etc/ih-miner/config.toml.",
  "Write ./NAME for a file that is named like a command.",
];

/** The environment variables that are not settings of the agent. */
export const VARIABLES: readonly (readonly [name: string, about: string])[] = [
  ["NO_COLOR", "if it is set, there are no colours on a terminal either"],
];

/** The exit codes and when they come. */
export const EXIT_CODES: readonly (readonly [code: string, about: string])[] = [
  ["0", "success, even without a bid or a win"],
  [
    "1",
    "the job failed: chain, dispatch error, proxy file, no solver result; with status: the agent is not ready or " +
    "does not answer",
  ],
  ["2", "invalid usage, configuration, wallet or snapshot"],
  ["130, 143", "SIGINT or SIGTERM ended --once, init, withdraw, check, advise or earnings"],
];

/** An option as it is typed, `--log-level LEVEL`. */
export function optionUsage(name: OptionName): string {
  const { value, short }: OptionText = OPTIONS[name];
  return `${short === undefined ? "" : `-${short}, `}--${name}${value === null ? "" : ` ${value}`}`;
}

/** A call as it is typed, `ih-miner status [CONFIG]`. */
export function commandUsage({ word, usage }: CommandText): string {
  return ["ih-miner", word, usage].filter((part) => part !== null && part !== "").join(" ");
}
