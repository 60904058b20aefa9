/**
 * The shape of `config.toml`, section by section, and the words for what does not fit it.
 *
 * `[workers]` is not here: its mistakes fail only publishing, so `workers.ts` reads it on its own.
 *
 * @module
 */

import * as z from "zod";
import { parseDurationSeconds } from "./duration.ts";
import { RELOAD_SIGNALS } from "../routing/reload.ts";
import { WEBHOOK_FORMATS } from "../alerts/webhook.ts";
import { HASHRATE_UNITS } from "../delivery/metric_source.ts";
import { parseSelector } from "../delivery/prometheus_text.ts";
import { ConfigError, type ConfigIssue } from "./errors.ts";
import { parseListenAddress } from "./listen.ts";

const text = z.string().trim().min(1, "is empty");
const share = z.number().gt(0, "must be above 0 and at most 1").lte(1, "must be above 0 and at most 1");

const bittensor = z.strictObject({
  network: z.union([text, z.array(text).min(1, "lists no endpoint")]),
  netuid: z.int().min(0, "must be 0 to 65535").max(65535, "must be 0 to 65535"),
});

const wallet = z.strictObject({ name: text, hotkey_name: text, directory: text });

/** One proxy: the keys of `[routing]` in its single form, and of each `[[routing.targets]]`. */
const proxy = {
  mode: z.enum(["ihp", "braiins"]),
  pools_path: text,
  subnet_pool_name: text,
  profile_path: text,
  reload: z.enum(["sentinel", "signal", "command"]),
  sentinel_path: text,
  signal: z.enum(RELOAD_SIGNALS),
  pid_file: text,
  reload_command: z.array(text).min(1, "names no program"),
};

const target = z.strictObject({ ...proxy, share }).partial();

const routing = z.strictObject({
  ...proxy,
  on_ambiguous: z.enum(["deliver-possible", "deliver-certain"]),
  stale_after: text.refine(
    (value) => parseDurationSeconds(value) !== null,
    'must be a length of time such as "2 windows", "24m" or "2h"',
  ),
  on_stale: z.enum(["keep", "release"]),
  targets: z.array(target).min(1, "lists no target; remove it"),
}).partial();

const solver = z.strictObject({
  engine: z.enum(["auto", "cbc", "glpk"]),
  cbc: z.union([text, z.array(text).min(1, "lists no program")]),
}).partial();

const state = z.strictObject({ directory: text }).partial();

const http = z.strictObject({
  listen: text.refine(
    (value) => parseListenAddress(value) !== null,
    'must be an address and a port, such as "127.0.0.1:9464"',
  ),
}).partial();

/** A length of time between two bounds. */
function duration(minSeconds: number, maxSeconds: number, example: string): z.ZodType<string, string> {
  return text.refine((value) => {
    const seconds = parseDurationSeconds(value);
    return seconds !== null && seconds >= minSeconds && seconds <= maxSeconds;
  }, `must be a length of time from ${minSeconds} s to ${maxSeconds} s, such as "${example}"`);
}

const poolNumber = z.int().min(0, "must be 0 or more").max(99, "must be at most 99");

const asicMiner = z.strictObject({
  address: text,
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
  miners: z.array(asicMiner),
}).partial();

const command = z.array(text).min(1, "names no program; remove it");

const hooks = z.strictObject({
  on_result: command,
  on_won: command,
  on_lost: command,
  on_error: command,
  timeout: duration(1, 600, "30s"),
  webhook: text.refine(isHttpUrl, "must be an http:// or https:// URL"),
  webhook_format: z.enum(WEBHOOK_FORMATS),
  no_win_windows: z.int().min(1, "must be 1 to 60").max(60, "must be 1 to 60"),
}).partial();

const deliverySource = z.strictObject({
  url: text.refine(isHttpUrl, "must be an http:// or https:// URL"),
  metric: text.refine(
    (value) => parseSelector(value) !== null,
    "must be a metric's name, with labels where there are several series, such as 'hashrate{pool=\"central-proxy\"}'",
  ),
  unit: z.enum(HASHRATE_UNITS),
}).partial();

const delivery = z.strictObject({
  warn_below: share,
  alert_below: share,
  sources: z.array(deliverySource).min(1, "lists no source; remove it"),
}).partial();

/** Everything but `[workers]`, which is passed through as it is. */
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
});

/** One proxy as `[routing]` or a `[[routing.targets]]` describes it. */
export type ProxySection = z.output<typeof target>;

/** A `config.toml` whose sections other than `[workers]` have been checked. */
export type ConfigFile = z.output<typeof configFileSchema>;

/**
 * Checks the sections of a parsed `config.toml`.
 *
 * @throws {ConfigError} naming every missing, unknown or wrong key.
 */
export function checkConfigFile(data: unknown, source: string): ConfigFile {
  return checkAgainst(configFileSchema, data, { source, path: [] });
}

/**
 * Checks `data` against a schema; `path` is where in the file it stands.
 *
 * @throws {ConfigError} with one issue for each mistake.
 */
export function checkAgainst<S extends z.ZodType>(
  schema: S,
  data: unknown,
  where: { readonly source: string; readonly path: readonly string[] },
): z.output<S> {
  const result = schema.safeParse(data);
  if (result.success) return result.data;
  throw new ConfigError(
    where.source,
    result.error.issues.flatMap((issue) => toConfigIssues(issue, data, where.path)),
  );
}

/** `["routing", "mode"]` → `[routing] mode`; `["workers", "tiers", 0, "price"]` → `[workers] tiers[0].price`. */
export function keyOf(path: readonly PropertyKey[]): string {
  const [section, ...rest] = path;
  if (section === undefined) return "";
  const key = rest.map((step) => typeof step === "number" ? `[${step}]` : `.${String(step)}`).join("");
  return rest.length === 0 ? `[${String(section)}]` : `[${String(section)}] ${key.replace(/^\./, "")}`;
}

/** Keys whose values are nobody else's. */
const SECRET_KEYS: ReadonlySet<unknown> = new Set(["webhook", "url"]);

function toConfigIssues(
  issue: z.core.$ZodIssue,
  data: unknown,
  prefix: readonly string[],
): ConfigIssue[] {
  const key = keyOf([...prefix, ...issue.path]);
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((name) => ({
      key: keyOf([...prefix, ...issue.path, name]),
      message: "is not a known key; remove it or correct its spelling",
    }));
  }
  const value = valueAt(data, issue.path);
  if (value === undefined) return [{ key, message: "is missing; add it as in config.toml.example" }];
  const shown = SECRET_KEYS.has(issue.path.at(-1)) ? "its value is not shown" : `it is ${describe(value)}`;
  switch (issue.code) {
    case "invalid_type":
      return [{ key, message: `must be ${articled(issue.expected)}; ${shown}` }];
    case "invalid_union":
      return [{ key, message: `must be a string or a list of strings, none of them empty; ${shown}` }];
    case "invalid_value":
      return [{ key, message: `must be one of ${issue.values.map(quote).join(", ")}; ${shown}` }];
    default:
      return [{ key, message: `${issue.message}; ${shown}` }];
  }
}

function isHttpUrl(value: string): boolean {
  return URL.canParse(value) && /^https?:$/.test(new URL(value).protocol);
}

function valueAt(data: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (
      at,
      key,
    ) => (typeof at === "object" && at !== null ? (at as Record<PropertyKey, unknown>)[key] : undefined),
    data,
  );
}

function articled(expected: string): string {
  const names: Record<string, string> = {
    int: "a whole number",
    number: "a number",
    string: 'a string in quotes ("…")',
    object: "a table",
    array: "a list",
    boolean: "true or false",
  };
  return names[expected] ?? expected;
}

function quote(value: unknown): string {
  return JSON.stringify(value) ?? String(value);
}

/** A value as an operator wrote it, shortened: `"5"`, `12`, `a list`, `a table`. */
export function describe(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  if (value instanceof Date) return "a date";
  if (typeof value === "object" && value !== null) return "a table";
  const shown = typeof value === "string" ? quote(value) : String(value);
  return shown.length > 60 ? `${shown.slice(0, 57)}…` : shown;
}
