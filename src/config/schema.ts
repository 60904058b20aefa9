/**
 * The schema of `config.toml`, section by section. It also marks the keys whose values messages may show; all
 * others may be secret. `workers.ts` has the schema of `[workers]`, whose mistakes fail only publishing.
 *
 * @module
 */

import * as z from "zod";
import { AMBIGUITY_POLICIES } from "../auction/ambiguity.ts";
import { HASHRATE_UNITS } from "../delivery/measured/metric_source.ts";
import { parseSelector } from "../delivery/measured/prometheus_text.ts";
import { parseListenAddress } from "../lib/listen_address.ts";
import { redactAddress } from "../lib/redact.ts";
import { RELOAD_SIGNALS } from "../delivery/proxies/reload.ts";
import { parseDurationSeconds } from "./quantities.ts";
import { checkAgainst, describe, describeHost, shown, tables, written } from "./shape.ts";

/** One line of text. */
function line(): z.ZodString {
  return z.string().trim().min(1, "is empty").regex(/^\P{Cc}*$/u, "contains a control character; remove it");
}

/** Excludes the characters that end an address in running text: messages would not hide what follows them. */
function address(): z.ZodString {
  return line().regex(
    /^[^\s"\\<>]*$/,
    "contains a space, a quote, a backslash, < or >, which no address has",
  );
}

/** A name, path or word; not a secret. */
const text = shown(
  line().regex(/^(?!.*:\/\/)/, "is a URL, which may hold a secret and is neither a name nor a path"),
  describe,
);

const shareRange = "must be above 0 and at most 1";
const share = shown(z.number().gt(0, shareRange).lte(1, shareRange));

function wholeNumber(min: number, max: number): z.ZodInt {
  const range = `must be ${min} to ${max}`;
  return shown(z.int().min(min, range).max(max, range));
}

function duration(minSeconds: number, maxSeconds: number, example: string): z.ZodString {
  return shown(
    line().refine((value) => {
      const seconds = parseDurationSeconds(value);
      return seconds !== null && seconds >= minSeconds && seconds <= maxSeconds;
    }, `must be a duration from ${minSeconds} s to ${maxSeconds} s, such as "${example}"`),
  );
}

/** `http:` or `https:`; a secret. */
function httpUrl(): z.ZodString {
  return address().refine(
    (value) => /^https?:\/\//i.test(value) && URL.canParse(value),
    "must be an http:// or https:// URL",
  );
}

/** A program and its arguments, which may be secret. */
function command(example: string): z.ZodArray<z.ZodString> {
  const argument = z.string().trim().min(1, "is empty")
    .regex(/^[\P{Cc}\t\n\r]*$/u, "contains a control character; remove it");
  return written(
    `a list of words; write it as a list: ${example}`,
    z.array(argument).min(1, `names no program; write it as a list: ${example}, or remove the key`)
      .superRefine(([program = ""], context) => {
        const why = program.includes("://") ? "is a URL" : /\s/.test(program) ? "contains spaces" : null;
        if (why === null) return;
        const message = `${why}; write the program and each argument as a separate word: ${example}`;
        context.addIssue({ code: "custom", path: [0], message });
      }),
  );
}

// Providers put access keys into user names, paths and queries.
const showEndpoint = (value: unknown): string =>
  describe(typeof value === "string" ? redactAddress(value) : value);

const bittensor = z.strictObject({
  network: shown(
    z.union([address(), z.array(shown(address(), showEndpoint)).min(1, "lists no endpoint")]),
    showEndpoint,
  ),
  netuid: wholeNumber(0, 65_535),
});

const wallet = z.strictObject({ name: text, hotkey_name: text, directory: text });

/** One proxy: the keys of `[routing]` with a single proxy, and of each `[[routing.targets]]`. */
const proxy = {
  mode: shown(z.enum(["ihp", "braiins"])),
  pools_path: text,
  subnet_pool_name: text,
  profile_path: text,
  reload: shown(z.enum(["sentinel", "signal", "command"])),
  sentinel_path: text,
  signal: shown(z.enum(RELOAD_SIGNALS)),
  pid_file: text,
  reload_command: command('["systemctl", "reload", "ihp-proxy"]'),
};

const target = z.strictObject({ ...proxy, share }).partial();

const routing = z.strictObject({
  ...proxy,
  on_ambiguous: shown(z.enum(AMBIGUITY_POLICIES)),
  stale_after: shown(
    line().refine(
      (value) => parseDurationSeconds(value) !== null,
      'must be a duration such as "2 windows", "24m" or "2h"',
    ),
  ),
  on_stale: shown(z.enum(["keep", "release"])),
  targets: tables("routing.targets", target).min(1, "lists no target; remove it"),
}).partial();

const solver = z.strictObject({
  engine: shown(z.enum(["auto", "cbc", "glpk"])),
  cbc: shown(z.union([text, z.array(text).min(1, "lists no program")]), describe),
  cbc_time_limit: duration(1, 720, "8m"),
}).partial();

const state = z.strictObject({
  directory: text,
  snapshots: wholeNumber(0, 1000),
  ledger: shown(z.boolean()),
}).partial();

const economics = z.strictObject({ alternative: z.unknown() }).partial();

const http = z.strictObject({
  listen: shown(
    line().refine(
      (value) => parseListenAddress(value) !== null,
      'must be an address and a port, such as "127.0.0.1:9464"',
    ),
    describeHost,
  ),
}).partial();

const poolNumber = wholeNumber(0, 99);

const asicMiner = z.strictObject({
  address: shown(line(), describeHost),
  name: text,
  hashrate: z.unknown(),
  subnet_pool: poolNumber,
  fallback_pool: poolNumber,
}).partial();

const asic = z.strictObject({
  subnet_pool: poolNumber,
  fallback_pool: poolNumber,
  share,
  timeout: duration(1, 30, "5s"),
  miners: tables("asic.miners", asicMiner),
}).partial();

const hook = command('["/path/to/program"]');

/** When to run a program: after each routed window; when workers won; when some lost; after a failed job. */
export const HOOK_NAMES = ["on_result", "on_won", "on_lost", "on_error"] as const;
export type HookName = (typeof HOOK_NAMES)[number];

/** The formats of webhook messages: the whole alert, or a message for a chat service. */
export const WEBHOOK_FORMATS = ["json", "slack", "discord"] as const;
export type WebhookFormat = (typeof WEBHOOK_FORMATS)[number];

const hooks = z.strictObject({
  on_result: hook,
  on_won: hook,
  on_lost: hook,
  on_error: hook,
  timeout: duration(1, 600, "30s"),
  webhook: httpUrl(),
  webhook_format: shown(z.enum(WEBHOOK_FORMATS)),
  no_win_windows: wholeNumber(1, 60),
}).partial();

const deliverySource = z.strictObject({
  workers_api: httpUrl(),
  url: httpUrl(),
  // Not shown: it may be a misplaced url.
  metric: line().refine(
    (value) => parseSelector(value) !== null,
    "must be a metric's name, with labels where there are several series, such as 'hashrate{pool=\"central-proxy\"}'",
  ),
  unit: shown(z.enum(HASHRATE_UNITS)),
}).partial();

const delivery = z.strictObject({
  account: shown(line().regex(/^[^\s.]+$/, "must be a pool account without dots or spaces")),
  warn_below: share,
  alert_below: share,
  sources: tables("delivery.sources", deliverySource).min(1, "lists no source; remove it"),
}).partial();

/** Every section; `[workers]` is passed through unchecked. */
export const configFileSchema = z.strictObject({
  bittensor,
  wallet,
  workers: z.unknown().optional(),
  routing: routing.optional(),
  solver: solver.optional(),
  state: state.optional(),
  http: http.optional(),
  asic: asic.optional(),
  hooks: hooks.optional(),
  delivery: delivery.optional(),
  economics: economics.optional(),
});

/** One proxy as in `[routing]` or `[[routing.targets]]`. */
export type ProxySection = z.output<typeof target>;

/** A `config.toml` with all sections but `[workers]` checked. */
export type ConfigFile = z.output<typeof configFileSchema>;

/**
 * Checks the sections of a parsed `config.toml`.
 *
 * @throws {ConfigError} naming every missing, unknown or wrong key.
 */
export function checkConfigFile(data: unknown, source: string): ConfigFile {
  return checkAgainst(configFileSchema, data, { source, path: [] });
}
