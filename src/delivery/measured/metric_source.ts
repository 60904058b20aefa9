/**
 * Reads a proxy's hashrate from its Prometheus endpoint.
 *
 * @module
 */

import { fetchFailure } from "../../lib/errors.ts";
import {
  formatSelector,
  hasUnknownType,
  isOfNow,
  matches,
  type MetricSample,
  type MetricSelector,
  parsePrometheusText,
  PrometheusTextError,
} from "./prometheus_text.ts";
import { type DeliverySource, SOURCE_TIMEOUT_MS } from "./sources.ts";

/** The units of a metric. */
export const HASHRATE_UNITS = ["H/s", "kH/s", "MH/s", "GH/s", "TH/s", "PH/s", "EH/s"] as const;
/** One of {@linkcode HASHRATE_UNITS}. */
export type HashrateUnit = (typeof HASHRATE_UNITS)[number];

/** A metric of the delivered hashrate. */
export interface MetricSource {
  /** http or https; `user:password@` is sent as basic authentication. */
  readonly url: string;
  /** A gauge or an untyped metric; matching series are added up. */
  readonly metric: MetricSelector;
  readonly unit: HashrateUnit;
}

/**
 * The kind of failure.
 *
 * - `unreachable`: no connection, or it broke; `timeout`: no complete response in time
 * - `http-status`: a status other than 200; `redirected`: a redirect elsewhere
 * - `too-large`: more than 4 MiB; `not-prometheus`: another or a malformed format
 * - `no-metric`: no series matches; `no-gauge`: a matching series is not a gauge; `no-hashrate`: its value is not a hashrate
 */
export type DeliverySourceErrorKind =
  | "unreachable"
  | "timeout"
  | "http-status"
  | "redirected"
  | "too-large"
  | "not-prometheus"
  | "no-metric"
  | "no-gauge"
  | "no-hashrate";

/** A source could not be read. The message names host, reason and remedy, and contains no secrets. */
export class DeliverySourceError extends Error {
  override readonly name = "DeliverySourceError";

  constructor(readonly kind: DeliverySourceErrorKind, message: string) {
    super(message);
  }
}

/** Options of {@linkcode readMetricSource}. */
export interface ReadMetricOptions {
  /** @default globalThis.fetch */
  readonly fetch?: typeof globalThis.fetch;
  /** For the whole reading, redirects included. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

const MAX_BODY_BYTES = 4 * 1024 * 1024;
/** About the hashrate of all Bitcoin miners in 2025: reveals a wrong unit. */
const MAX_HASHRATE_PH = 1_000_000;
const MAX_REDIRECTIONS = 3;
const REDIRECTIONS = [301, 302, 303, 307, 308];
/** How many names and series a message suggests. */
const SUGGESTIONS = 5;
/** Below this, two names are hardly more alike than any others. */
const SIMILARITY = 0.3;
const HASHES_PER_UNIT: Readonly<Record<HashrateUnit, number>> = {
  "H/s": 1,
  "kH/s": 1e3,
  "MH/s": 1e6,
  "GH/s": 1e9,
  "TH/s": 1e12,
  "PH/s": 1e15,
  "EH/s": 1e18,
};

/**
 * Reads a source.
 *
 * @returns PH/s, not negative.
 * @throws {DeliverySourceError} if it has no figure.
 * @throws the signal's reason if it aborts.
 */
export async function readMetricSource(source: MetricSource, options: ReadMetricOptions): Promise<number> {
  const { fetch = globalThis.fetch, timeoutMs, signal } = options;
  const place = hostOf(source.url);
  const timeout = new AbortController();
  const timer = setTimeout(() => {
    const hint = "check that the proxy runs and that no firewall blocks it";
    timeout.abort(failure("timeout", place, `no complete response within ${timeoutMs / 1000} s; ${hint}`));
  }, timeoutMs);
  const ended = signal === undefined ? timeout.signal : AbortSignal.any([signal, timeout.signal]);
  try {
    return hashrateIn(await download(source.url, fetch, ended), source, place);
  } finally {
    clearTimeout(timer);
  }
}

/** The source as a {@link DeliverySource}. */
export function metricDeliverySource(
  source: MetricSource,
  fetch?: typeof globalThis.fetch,
): DeliverySource {
  const { url, unit, metric } = source;
  const selector = formatSelector(metric);
  const options = { timeoutMs: SOURCE_TIMEOUT_MS, ...(fetch === undefined ? {} : { fetch }) };
  return {
    key: JSON.stringify([url, selector, unit]),
    name: `${selector} at ${hostOf(url)}`,
    read: (signal) => readMetricSource(source, { ...options, signal }),
  };
}

/** Scheme and host. `redactUrls()` would not do: in running text it has to guess where a password ends. */
function hostOf(url: string): string {
  const { protocol, host } = new URL(url);
  return `${protocol}//${host}`;
}

function failure(kind: DeliverySourceErrorKind, place: string, why: string): DeliverySourceError {
  return new DeliverySourceError(kind, `Cannot read the delivered hashrate from ${place}: ${why}`);
}

async function download(url: string, fetch: typeof globalThis.fetch, signal: AbortSignal): Promise<string> {
  const place = hostOf(url);
  const headers = headersFor(url);
  let target = withoutLogin(new URL(url));
  try {
    for (let hops = 0; hops <= MAX_REDIRECTIONS; hops++) {
      const response = await fetch(target, { headers, redirect: "manual", signal });
      if (REDIRECTIONS.includes(response.status)) {
        await response.body?.cancel();
        target = redirection(target, response.headers.get("location"), place);
        continue;
      }
      if (response.status !== 200) {
        await response.body?.cancel();
        throw failure("http-status", place, `it answers with HTTP status ${statusText(response)}`);
      }
      return await bodyOf(response, place);
    }
    throw failure("redirected", place, "it redirects too often; correct the URL");
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    if (error instanceof DeliverySourceError) throw error;
    throw failure("unreachable", place, `${reasonOf(error, target, place)}; check the URL and the proxy`);
  }
}

function headersFor(url: string): Headers {
  // Prefer the older format, which all proxies have.
  const headers = new Headers({
    accept: "text/plain;version=0.0.4, application/openmetrics-text;q=0.5, */*;q=0.1",
  });
  const { username, password } = new URL(url);
  if (username !== "" || password !== "") {
    const login = `${decode(username)}:${decode(password)}`;
    headers.set("authorization", `Basic ${new TextEncoder().encode(login).toBase64()}`);
  }
  return headers;
}

/** The URL for `fetch()`, whose messages quote it, and which refuses one with a password. */
function withoutLogin(url: URL): URL {
  url.username = url.password = url.hash = "";
  return url;
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    // A bare percent sign stands for itself.
    return part;
  }
}

/** The target of a redirect: never another host, which must not get the password, nor http after https. */
function redirection(from: URL, location: string | null, place: string): URL {
  const next = location === null ? null : URL.parse(location, from);
  if (next === null) {
    throw failure("redirected", place, "it redirects without a valid target; correct the URL");
  }
  const isUpgrade = from.protocol === "http:" && next.protocol === "https:";
  if (next.host !== from.host || (next.protocol !== from.protocol && !isUpgrade)) {
    const where = `${next.protocol}//${next.host}`;
    throw failure("redirected", place, `it redirects to ${where}; name that in the URL if it is right`);
  }
  return withoutLogin(next);
}

function statusText({ status, statusText }: Response): string {
  const hint = status === 401 || status === 403
    ? "put user:password@ before the host in the URL, or allow this machine"
    : status === 404
    ? "correct the path in the URL"
    : "see the proxy's log";
  return `${status}${statusText === "" ? "" : ` ${statusText}`}; ${hint}`;
}

async function bodyOf(response: Response, place: string): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    // Leaving the loop cancels the download.
    if (bytes > MAX_BODY_BYTES) {
      const limit = `${MAX_BODY_BYTES / 1024 / 1024} MiB`;
      throw failure("too-large", place, `it serves more than ${limit}; name a URL with fewer metrics`);
    }
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

/** The runtime's message without the URL, whose path and query may be secret. */
function reasonOf(error: unknown, target: URL, place: string): string {
  return fetchFailure(error).replaceAll(target.href, place);
}

function hashrateIn(text: string, { metric, unit }: MetricSource, place: string): number {
  let samples: MetricSample[];
  try {
    samples = parsePrometheusText(text);
  } catch (error) {
    if (!(error instanceof PrometheusTextError)) throw error;
    throw failure("not-prometheus", place, `${error.message}; correct the URL's path`);
  }
  const series = samples.filter((sample) => matches(sample, metric));
  if (series.length === 0) throw failure("no-metric", place, missing(samples, metric));
  const counted = series.find((sample) => !isOfNow(sample));
  if (counted !== undefined) throw failure("no-gauge", place, notOfNow(counted, samples));
  const wrong = series.find(({ value }) => !(value >= 0 && Number.isFinite(value)));
  if (wrong !== undefined) {
    const hint = "wait until the proxy knows it, or choose another metric";
    throw failure(
      "no-hashrate",
      place,
      `${formatSelector(wrong)} is ${wrong.value}, not a hashrate; ${hint}`,
    );
  }
  const twice = repeated(series.map(formatSorted));
  if (twice !== undefined) {
    throw failure(
      "not-prometheus",
      place,
      `it serves ${twice} twice, so the value is ambiguous; fix the proxy`,
    );
  }
  const sum = series.reduce((total, { value }) => total + value, 0);
  const hashratePh = sum * HASHES_PER_UNIT[unit] / HASHES_PER_UNIT["PH/s"];
  if (hashratePh > MAX_HASHRATE_PH) {
    const why = `${formatSelector(metric)} is ${sum} ${unit}, more than all miners in the world have`;
    throw failure("no-hashrate", place, `${why}; correct the unit, or choose another metric`);
  }
  return hashratePh;
}

/** The series as text with sorted labels. */
function formatSorted({ name, labels }: MetricSample): string {
  return formatSelector({ name, labels: new Map([...labels].toSorted(([a], [b]) => a < b ? -1 : 1)) });
}

function repeated(texts: readonly string[]): string | undefined {
  return texts.toSorted().find((text, i, sorted) => text === sorted[i + 1]);
}

/** Explains that a series is not a gauge, and suggests others. */
function notOfNow({ name, type }: MetricSample, samples: readonly MetricSample[]): string {
  const kind = hasUnknownType(type) ? "by its name a cumulative value" : `a ${type}`;
  const instead = similarTo(name, samples);
  return `${name} is ${kind}, but a gauge of the current hashrate is needed; ${instead}; choose another metric`;
}

/** Explains that no series matches, and suggests others. */
function missing(samples: readonly MetricSample[], metric: MetricSelector): string {
  const sameName = samples.filter(({ name }) => name === metric.name).map(formatSelector);
  if (sameName.length > 0) {
    return `it has ${metric.name}, but not as ${formatSelector(metric)}; choose among ${listOf(sameName)}`;
  }
  return `it has no metric ${metric.name}; ${similarTo(metric.name, samples)}; correct the metric`;
}

/** Names of gauges that are similar to a name. */
function similarTo(name: string, samples: readonly MetricSample[]): string {
  const names = [...new Set(samples.filter(isOfNow).map(({ name }) => name))];
  const near = names.map((other) => ({ other, likeness: likenessOf(other, name) }))
    .filter(({ likeness }) => likeness > SIMILARITY)
    .sort((a, b) => b.likeness - a.likeness)
    .map(({ other }) => other);
  return near.length > 0
    ? `similar ones are ${listOf(near)}`
    : `none of the ${names.length} gauges it has is similar`;
}

function listOf(names: readonly string[]): string {
  return names.slice(0, SUGGESTIONS).join(", ") + (names.length > SUGGESTIONS ? ", …" : "");
}

/** Dice coefficient of the pairs of adjacent letters of two names, 0 to 1. */
function likenessOf(left: string, right: string): number {
  const [ofLeft, ofRight] = [pairsOf(left), pairsOf(right)];
  return 2 * ofLeft.intersection(ofRight).size / (ofLeft.size + ofRight.size || 1);
}

function pairsOf(name: string): Set<string> {
  const lower = name.toLowerCase();
  return new Set(Array.from({ length: Math.max(0, lower.length - 1) }, (_, i) => lower.slice(i, i + 2)));
}
