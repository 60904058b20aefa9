/**
 * Parses the samples of the Prometheus text format (version 0.0.4 and OpenMetrics) and selects series. Pure; the text is
 * foreign data and not trusted.
 *
 * @module
 */

/** Selects series of a metric. */
export interface MetricSelector {
  readonly name: string;
  /** Required label values; other labels may have any value, and `""` means that the label is absent. */
  readonly labels: ReadonlyMap<string, string>;
}

/** One series and its value. */
export interface MetricSample extends MetricSelector {
  /** Any double, including NaN and the infinities. */
  readonly value: number;
  /** The type in its `# TYPE` line, in lower case, such as `gauge`; `null` without one. */
  readonly type: string | null;
}

/** The text is not in the format. */
export class PrometheusTextError extends Error {
  override readonly name = "PrometheusTextError";

  constructor(
    /** From 1. */
    readonly line: number,
    content: string,
  ) {
    super(`Cannot read line ${line} as Prometheus' text format: it is ${shorten(JSON.stringify(content))}`);
  }
}

/**
 * Parses all samples in order. Timestamps and exemplars are skipped. One malformed line makes the whole text invalid, as in
 * Prometheus, since it could be a part of the sum.
 *
 * @throws {PrometheusTextError} at the first line that is neither a sample, a comment nor blank.
 */
export function parsePrometheusText(text: string): MetricSample[] {
  const samples: Omit<MetricSample, "type">[] = [];
  const types = new Map<string, string>();
  for (const [index, line] of text.split("\n").entries()) {
    const content = line.trim();
    if (content === "") continue;
    if (content.startsWith("#")) {
      const declared = parseType(content);
      if (declared !== null) types.set(declared.name, declared.type);
      continue;
    }
    const sample = parseSample(content);
    if (sample === null) throw new PrometheusTextError(index + 1, content);
    samples.push(sample);
  }
  return samples.map((sample) => ({ ...sample, type: typeOf(sample.name, types) }));
}

/** Whether a series is a current value, in contrast to a cumulative one. */
export function isOfNow({ name, type }: Pick<MetricSample, "name" | "type">): boolean {
  return hasUnknownType(type) ? !CUMULATIVE_NAME.test(name) : type === "gauge";
}

/** Whether only the name can tell the kind of metric. */
export function hasUnknownType(type: MetricSample["type"]): boolean {
  return type === null || UNKNOWN_TYPES.includes(type);
}

/**
 * Parses a selector as in PromQL, with `=` only: `proxy_hashrate`, `proxy_hashrate{pool="central-proxy",unit="TH/s"}`.
 *
 * @returns `null` if the text is not a selector.
 */
export function parseSelector(text: string): MetricSelector | null {
  const cursor = new Cursor(text.trim());
  const series = parseSeries(cursor);
  return cursor.isAtEnd ? series : null;
}

/** Formats a selector, or the series of a sample, so that {@linkcode parseSelector} reads it. */
export function formatSelector({ name, labels }: MetricSelector): string {
  const pairs = [...labels].map(([label, value]) => `${quotedUnless(LABEL_NAME, label)}=${quote(value)}`);
  if (!isWhole(METRIC_NAME, name)) return `{${[quote(name), ...pairs].join(",")}}`;
  return pairs.length === 0 ? name : `${name}{${pairs.join(",")}}`;
}

/** Whether a selector selects a series. */
export function matches(series: MetricSelector, { name, labels }: MetricSelector): boolean {
  return series.name === name &&
    [...labels].every(([label, value]) => (series.labels.get(label) ?? "") === value);
}

const METRIC_NAME = /[a-zA-Z_:][a-zA-Z0-9_:]*/y;
const LABEL_NAME = /[a-zA-Z_][a-zA-Z0-9_]*/y;
const BLANKS = /[ \t]*/y;
const WORD = /[^ \t]+/y;
// Linear even for megabytes of digits: no digit can match two parts.
const NUMBER = /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i;
const NOT_A_NUMBER = /^[+-]?nan$/i;
const INFINITE = /^([+-]?)inf(inity)?$/i;
const SHOWN_LENGTH = 80;
/** The names of an unknown type in Prometheus and OpenMetrics. */
const UNKNOWN_TYPES = ["untyped", "unknown"];
/** The suffixes of cumulative series: counters, and parts of histograms and summaries. */
const CUMULATIVE_NAME = /_(total|bucket|count)$/;
/** The suffixes of the series of a metric, by its type. */
const SUFFIXES: ReadonlyMap<string, readonly string[]> = new Map([
  ["counter", ["_total", "_created"]],
  ["histogram", ["_bucket", "_count", "_sum", "_created"]],
  ["gaugehistogram", ["_bucket", "_gcount", "_gsum"]],
  ["summary", ["_count", "_sum", "_created"]],
  ["info", ["_info"]],
]);

/** A position in a text that advances with each match. */
class Cursor {
  #at = 0;

  constructor(readonly text: string) {}

  get isAtEnd(): boolean {
    return this.#at === this.text.length;
  }

  /** Matches a sticky expression here; `null` without a match. */
  take(pattern: RegExp): string | null {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.text)?.[0] ?? null;
    this.#at += match?.length ?? 0;
    return match;
  }

  /** Skips blanks and takes this character if it is next; returns whether it was. */
  takeMark(mark: string): boolean {
    this.take(BLANKS);
    if (this.text[this.#at] !== mark) return false;
    this.#at++;
    return true;
  }

  /** Skips blanks and takes a quoted text, with escapes resolved; `null` if there is none. */
  takeQuoted(): string | null {
    if (!this.takeMark('"')) return null;
    let value = "";
    for (; this.#at < this.text.length; this.#at++) {
      const char = this.text[this.#at];
      if (char === '"') {
        this.#at++;
        return value;
      }
      if (char !== "\\") {
        value += char;
        continue;
      }
      const escaped = this.text[++this.#at] ?? "";
      // Undefined escapes stay as written, as in Prometheus.
      value += escaped === "n" ? "\n" : escaped === '"' || escaped === "\\" ? escaped : `\\${escaped}`;
    }
    return null;
  }
}

/** The type that a comment declares; `null` if it declares none. */
function parseType(comment: string): { readonly name: string; readonly type: string } | null {
  const cursor = new Cursor(comment);
  if (!cursor.takeMark("#")) return null;
  cursor.take(BLANKS);
  if (cursor.take(WORD) !== "TYPE") return null;
  cursor.take(BLANKS);
  const name = cursor.take(METRIC_NAME) ?? cursor.takeQuoted();
  cursor.take(BLANKS);
  const type = cursor.take(WORD);
  return name === null || type === null ? null : { name, type: type.toLowerCase() };
}

/** The type of a series, by its own name or by that of its metric. */
function typeOf(name: string, types: ReadonlyMap<string, string>): string | null {
  const own = types.get(name);
  if (own !== undefined) return own;
  const cut = name.lastIndexOf("_");
  const type = cut < 0 ? undefined : types.get(name.slice(0, cut));
  return type !== undefined && SUFFIXES.get(type)?.includes(name.slice(cut)) ? type : null;
}

function parseSample(line: string): Omit<MetricSample, "type"> | null {
  const cursor = new Cursor(line);
  const series = parseSeries(cursor);
  if (series === null) return null;
  cursor.take(BLANKS);
  const value = parseValue(cursor.take(WORD) ?? "");
  cursor.take(BLANKS);
  const next = cursor.take(WORD);
  if (value === null || (next !== null && !next.startsWith("#") && !NUMBER.test(next))) return null;
  // Only an exemplar may follow the timestamp.
  if (next !== null && !next.startsWith("#") && !cursor.isAtEnd && !cursor.takeMark("#")) return null;
  return { ...series, value };
}

/** A name with labels; since Prometheus 3 names may be quoted, the metric's own inside the braces. */
function parseSeries(cursor: Cursor): MetricSelector | null {
  let name = cursor.take(METRIC_NAME);
  const labels = new Map<string, string>();
  if (cursor.takeMark("{")) {
    while (!cursor.takeMark("}")) {
      const bare = cursor.take(LABEL_NAME);
      const label = bare ?? cursor.takeQuoted();
      if (label === null) return null;
      if (cursor.takeMark("=")) {
        const value = cursor.takeQuoted();
        if (value === null || labels.has(label)) return null;
        labels.set(label, value);
      } else {
        if (bare !== null || name !== null || label === "") return null;
        name = label;
      }
      if (cursor.takeMark(",")) continue;
      if (!cursor.takeMark("}")) return null;
      break;
    }
  }
  return name === null ? null : { name, labels };
}

function parseValue(word: string): number | null {
  if (NUMBER.test(word)) return Number(word);
  if (NOT_A_NUMBER.test(word)) return NaN;
  const sign = INFINITE.exec(word)?.[1];
  if (sign === undefined) return null;
  return sign === "-" ? -Infinity : Infinity;
}

function quotedUnless(pattern: RegExp, name: string): string {
  return isWhole(pattern, name) ? name : quote(name);
}

function isWhole(pattern: RegExp, text: string): boolean {
  return text !== "" && new Cursor(text).take(pattern) === text;
}

function quote(text: string): string {
  return `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n")}"`;
}

function shorten(text: string): string {
  return text.length <= SHOWN_LENGTH ? text : `${text.slice(0, SHOWN_LENGTH)}…`;
}
