/**
 * Reads Prometheus' text format (version 0.0.4, and OpenMetrics as far as samples go) and picks series out of it.
 * Pure: what a proxy serves is foreign data, and nothing in it is taken on trust.
 *
 * @module
 */

/** Which series of a metric are meant. */
export interface MetricSelector {
  readonly name: string;
  /** What each label has to say; labels that are not named may say anything, and `""` means none at all. */
  readonly labels: ReadonlyMap<string, string>;
}

/** One series and its value. */
export interface MetricSample extends MetricSelector {
  /** Any double: also NaN and the infinities. */
  readonly value: number;
  /** What its `# TYPE` says, in lower case, such as `gauge` or `counter`; `null` when there is none. */
  readonly type: string | null;
}

/** A text that is not in the format. */
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
 * All samples of a text, in its order. Time stamps and exemplars are skipped: a proxy's figure is of now. A line that
 * cannot be read spoils the whole, as it does for Prometheus: it could have been a part of the sum.
 *
 * @throws {PrometheusTextError} at the first line that is neither a sample, nor a comment, nor blank.
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

/** Whether a series says how much there is now; one that only ever grows, or counts what was seen, does not. */
export function isOfNow({ name, type }: Pick<MetricSample, "name" | "type">): boolean {
  return hasUnknownType(type) ? !CUMULATIVE_NAME.test(name) : type === "gauge";
}

/** Whether there is nothing but the name to tell what kind of metric it is. */
export function hasUnknownType(type: MetricSample["type"]): boolean {
  return type === null || UNKNOWN_TYPES.includes(type);
}

/**
 * A selector as PromQL writes it, with `=` only: `proxy_hashrate`, `proxy_hashrate{pool="central-proxy",unit="TH/s"}`.
 *
 * @returns `null` when the text is no selector.
 */
export function parseSelector(text: string): MetricSelector | null {
  const cursor = new Cursor(text.trim());
  const series = parseSeries(cursor);
  return cursor.isAtEnd ? series : null;
}

/** The selector, or a sample's series, as {@linkcode parseSelector} reads it. */
export function formatSelector({ name, labels }: MetricSelector): string {
  const pairs = [...labels].map(([label, value]) => `${quotedUnless(LABEL_NAME, label)}=${quote(value)}`);
  if (!isWhole(METRIC_NAME, name)) return `{${[quote(name), ...pairs].join(",")}}`;
  return pairs.length === 0 ? name : `${name}{${pairs.join(",")}}`;
}

/** Whether a series is meant by a selector. */
export function matches(series: MetricSelector, { name, labels }: MetricSelector): boolean {
  return series.name === name &&
    [...labels].every(([label, value]) => (series.labels.get(label) ?? "") === value);
}

const METRIC_NAME = /[a-zA-Z_:][a-zA-Z0-9_:]*/y;
const LABEL_NAME = /[a-zA-Z_][a-zA-Z0-9_]*/y;
const BLANKS = /[ \t]*/y;
const WORD = /[^ \t]+/y;
// Linear also for megabytes of digits: no digit can be taken by either of two parts.
const NUMBER = /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i;
const NOT_A_NUMBER = /^[+-]?nan$/i;
const INFINITE = /^([+-]?)inf(inity)?$/i;
const SHOWN_LENGTH = 80;
/** What Prometheus and OpenMetrics call a metric whose type nobody knows. */
const UNKNOWN_TYPES = ["untyped", "unknown"];
/** By both formats' conventions: a counter, the parts of a histogram, and those it has in common with a summary. */
const CUMULATIVE_NAME = /_(total|bucket|count)$/;
/** The series of a metric that has more than one, or in OpenMetrics another name than its only one. */
const SUFFIXES: ReadonlyMap<string, readonly string[]> = new Map([
  ["counter", ["_total", "_created"]],
  ["histogram", ["_bucket", "_count", "_sum", "_created"]],
  ["gaugehistogram", ["_bucket", "_gcount", "_gsum"]],
  ["summary", ["_count", "_sum", "_created"]],
  ["info", ["_info"]],
]);

/** A place in a text, moved forward by what is taken. */
class Cursor {
  #at = 0;

  constructor(readonly text: string) {}

  get isAtEnd(): boolean {
    return this.#at === this.text.length;
  }

  /** What a sticky expression matches here; `null` when it does not. */
  take(pattern: RegExp): string | null {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.text)?.[0] ?? null;
    this.#at += match?.length ?? 0;
    return match;
  }

  /** Whether this character comes next, blanks aside; it is taken then. */
  takeMark(mark: string): boolean {
    this.take(BLANKS);
    if (this.text[this.#at] !== mark) return false;
    this.#at++;
    return true;
  }

  /** A text in double quotes, blanks aside, with its escapes resolved; `null` when there is none that ends. */
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
      // What the format does not define stays as it is written, as Prometheus does it.
      value += escaped === "n" ? "\n" : escaped === '"' || escaped === "\\" ? escaped : `\\${escaped}`;
    }
    return null;
  }
}

/** What a comment declares; `null` when it declares no type. */
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

/** The type of a series: of its own name, or of the metric that it is a part of. */
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
  // After the time stamp there may be an exemplar, and nothing else.
  if (next !== null && !next.startsWith("#") && !cursor.isAtEnd && !cursor.takeMark("#")) return null;
  return { ...series, value };
}

/** A name with labels; since Prometheus 3 names may also be quoted, the metric's own within the braces. */
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
