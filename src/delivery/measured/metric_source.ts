/**
 * A proxy's own figure, from a Prometheus endpoint of its.
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

/** The units a metric may have. */
export const HASHRATE_UNITS = ["H/s", "kH/s", "MH/s", "GH/s", "TH/s", "PH/s", "EH/s"] as const;
/** One of {@linkcode HASHRATE_UNITS}. */
export type HashrateUnit = (typeof HASHRATE_UNITS)[number];

/** A metric that says what is delivered. */
export interface MetricSource {
  /** http or https; `user:password@` in it is sent as basic authentication. */
  readonly url: string;
  /** Of a gauge, or of what has no type. Several series that match are added. */
  readonly metric: MetricSelector;
  readonly unit: HashrateUnit;
}

/**
 * What is wrong with a source.
 *
 * - `unreachable`: no connection, or it broke off; `timeout`: no whole answer in time
 * - `http-status`: an answer other than 200; `redirected`: it sends us elsewhere
 * - `too-large`: more than 4 MiB; `not-prometheus`: another format, or not kept to
 * - `no-metric`: no series matches; `no-gauge`: what matches is no figure of now; `no-hashrate`: it is no hashrate
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

/** A source that could not be read; the message says which host, why, and what to do, and holds no secrets. */
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
  /** For everything, redirections included. */
  readonly timeoutMs: number;
  /** Ends it. */
  readonly signal?: AbortSignal;
}

const MAX_BODY_BYTES = 4 * 1024 * 1024;
/** What all of Bitcoin's miners had together in 2025: a wrong unit shows by it. */
const MAX_HASHRATE_PH = 1_000_000;
const MAX_REDIRECTIONS = 3;
const REDIRECTIONS = [301, 302, 303, 307, 308];
/** Names and series that a message suggests. */
const SUGGESTIONS = 5;
/** Below it, names have hardly more in common than any two. */
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
 * @throws {DeliverySourceError} when it has no figure; and what `signal` was aborted with.
 */
export async function readMetricSource(source: MetricSource, options: ReadMetricOptions): Promise<number> {
  const { fetch = globalThis.fetch, timeoutMs, signal } = options;
  const place = hostOf(source.url);
  const timeout = new AbortController();
  const timer = setTimeout(() => {
    const hint = "check that the proxy runs, and that nothing between filters";
    timeout.abort(failure("timeout", place, `no whole answer within ${timeoutMs / 1000} s; ${hint}`));
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

/** Scheme and host. Not by `redactUrls()`, which has to guess in running text where a password ends. */
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
    throw failure("redirected", place, "it redirects again and again; correct the URL");
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    if (error instanceof DeliverySourceError) throw error;
    throw failure("unreachable", place, `${reasonOf(error, target, place)}; check the URL and the proxy`);
  }
}

function headersFor(url: string): Headers {
  // Proxies that speak both formats are asked for the older one, which all of them have.
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

/** What goes to `fetch()`, whose messages quote the URL, and which by its standard refuses one with a password. */
function withoutLogin(url: URL): URL {
  url.username = url.password = url.hash = "";
  return url;
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    // A bare percent sign is one.
    return part;
  }
}

/** Where to go on: never to another host, which must not get our password, nor from https to http. */
function redirection(from: URL, location: string | null, place: string): URL {
  const next = location === null ? null : URL.parse(location, from);
  if (next === null) throw failure("redirected", place, "it redirects to nowhere; correct the URL");
  const isUpgrade = from.protocol === "http:" && next.protocol === "https:";
  if (next.host !== from.host || (next.protocol !== from.protocol && !isUpgrade)) {
    const where = `${next.protocol}//${next.host}`;
    throw failure("redirected", place, `it redirects to ${where}; name that in the URL if it is right`);
  }
  return withoutLogin(next);
}

function statusText({ status, statusText }: Response): string {
  const hint = status === 401 || status === 403
    ? "put user:password@ before the host in the URL, or let this machine in"
    : status === 404
    ? "correct the path in the URL"
    : "look into the proxy's own log";
  return `${status}${statusText === "" ? "" : ` ${statusText}`}; ${hint}`;
}

async function bodyOf(response: Response, place: string): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    // Leaving the loop cancels the rest.
    if (bytes > MAX_BODY_BYTES) {
      const limit = `${MAX_BODY_BYTES / 1024 / 1024} MiB`;
      throw failure("too-large", place, `it serves more than ${limit}; name a URL with fewer metrics`);
    }
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

/** What the runtime says, without the URL in it, whose path and query can be secret. */
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
    throw failure("no-hashrate", place, `${formatSelector(wrong)} is ${wrong.value}, no hashrate; ${hint}`);
  }
  const twice = repeated(series.map(formatSorted));
  if (twice !== undefined) {
    throw failure(
      "not-prometheus",
      place,
      `it serves ${twice} twice, and nobody knows which counts; mend the proxy`,
    );
  }
  const sum = series.reduce((total, { value }) => total + value, 0);
  const hashratePh = sum * HASHES_PER_UNIT[unit] / HASHES_PER_UNIT["PH/s"];
  if (hashratePh > MAX_HASHRATE_PH) {
    const why = `${formatSelector(metric)} is ${sum} ${unit}, more than all miners of the world have`;
    throw failure("no-hashrate", place, `${why}; correct the unit, or choose another metric`);
  }
  return hashratePh;
}

/** The same text for the same series, in whatever order its labels come. */
function formatSorted({ name, labels }: MetricSample): string {
  return formatSelector({ name, labels: new Map([...labels].toSorted(([a], [b]) => a < b ? -1 : 1)) });
}

function repeated(texts: readonly string[]): string | undefined {
  return texts.toSorted().find((text, i, sorted) => text === sorted[i + 1]);
}

/** That a series is of another kind, and what there is instead. */
function notOfNow({ name, type }: MetricSample, samples: readonly MetricSample[]): string {
  const kind = hasUnknownType(type) ? "by its name a sum of the past" : `a ${type}`;
  const instead = similarTo(name, samples);
  return `${name} is ${kind}, but a gauge of the current hashrate is needed; ${instead}; choose another metric`;
}

/** That no series matches, and what there is instead. */
function missing(samples: readonly MetricSample[], metric: MetricSelector): string {
  const sameName = samples.filter(({ name }) => name === metric.name).map(formatSelector);
  if (sameName.length > 0) {
    return `it has ${metric.name}, but not as ${formatSelector(metric)}; choose among ${listOf(sameName)}`;
  }
  return `it has no metric ${metric.name}; ${similarTo(metric.name, samples)}; correct the metric`;
}

/** The names that could be meant instead of one. */
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

/** From 0 to 1: the share of pairs of neighbouring letters that two names have in common (Dice). */
function likenessOf(left: string, right: string): number {
  const [ofLeft, ofRight] = [pairsOf(left), pairsOf(right)];
  return 2 * ofLeft.intersection(ofRight).size / (ofLeft.size + ofRight.size || 1);
}

function pairsOf(name: string): Set<string> {
  const lower = name.toLowerCase();
  return new Set(Array.from({ length: Math.max(0, lower.length - 1) }, (_, i) => lower.slice(i, i + 2)));
}
