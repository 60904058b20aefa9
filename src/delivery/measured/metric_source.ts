/**
 * Reads a proxy's hashrate from its Prometheus endpoint.
 *
 * @module
 */

import { failure, hostOf, MAX_HASHRATE_PH, readInTime, type ReadOptions } from "./http_source.ts";
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

/** Prefers the older format, which all proxies have. */
const ACCEPTED = "text/plain;version=0.0.4, application/openmetrics-text;q=0.5, */*;q=0.1";
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
export async function readMetricSource(source: MetricSource, options: ReadOptions): Promise<number> {
  const { url } = source;
  return await readInTime(url, options, async (download) => {
    const { text } = await download(url, ACCEPTED);
    return hashrateIn(text, source, hostOf(url));
  });
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
