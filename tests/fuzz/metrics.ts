/**
 * Prometheus' text format as proxies serve it.
 *
 * @module
 */

import assert from "node:assert/strict";
import fc from "fast-check";
import { DeliverySourceError, MAX_HASHRATE_PH } from "../../src/delivery/measured/http_source.ts";
import { type HashrateUnit, readMetricSource } from "../../src/delivery/measured/metric_source.ts";
import { family, unlessRejected } from "./family.ts";
import { fetchOf, type HttpAnswer, httpAnswer } from "./http_answer.ts";
import { mutatedText } from "./mutation.ts";

const SECRET = "s3cr3t";
const URL = `http://user:${SECRET}@proxy.example:9100/metrics?key=${SECRET}`;

const PIECES = [
  ...'{}=,"\\# \t\n\r+-.eE0123456789_:',
  ...[
    "NaN",
    "+Inf",
    "-inf",
    "1e999",
    "0x10",
    "# TYPE rate counter\n",
    "# HELP",
    "# EOF\n",
    "\\n",
    '\\"',
    "é",
    "😀",
    "\0",
  ],
  ...["rate", "rate_total 5\n", "{}", '{"rate"}', ' # {trace_id="a"} 1 2', "1700000000000", "\ufeff", "\r\n"],
];

/** One series of a page. */
interface Series {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A page, and how it is written. */
interface Page {
  readonly series: readonly Series[];
  readonly types: Readonly<Record<string, string>>;
  readonly writing: { readonly blank: string; readonly newline: string; readonly timestamp: string };
}

const name = fc.constantFrom("rate", "rate", "rate", "rate_total", "other", "up:x");
const value = fc.oneof(
  { weight: 8, arbitrary: fc.double({ min: 0, max: 5000, noNaN: true }) },
  { weight: 1, arbitrary: fc.constantFrom(NaN, Infinity, -Infinity, -1, 1e300, 0, -0, 5e-324) },
);
const series: fc.Arbitrary<Series> = fc.record({
  name,
  labels: fc.dictionary(
    fc.constantFrom("pool", "unit", "worker"),
    fc.constantFrom("subnet", "private", "", 'a "b" \\ c', "line\nend", "# }", "é 😀"),
    { maxKeys: 3, noNullPrototype: true },
  ),
  value,
});

const page: fc.Arbitrary<Page> = fc.record({
  series: fc.array(series, { maxLength: 6 }),
  types: fc.dictionary(
    fc.constantFrom("rate", "other"),
    fc.constantFrom("gauge", "gauge", "untyped", "counter", "summary"),
    { maxKeys: 2, noNullPrototype: true },
  ),
  writing: fc.record({
    blank: fc.constantFrom(" ", "\t", "   "),
    newline: fc.constantFrom("\n", "\n", "\r\n", "\n\n# a comment\n"),
    timestamp: fc.constantFrom("", "", " 1700000000000", ' # {id="1"} 0.5'),
  }),
});

function escaped(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}

function textOf({ series, types, writing: { blank, newline, timestamp } }: Page): string {
  const declared = Object.entries(types).map(([name, type]) => `# TYPE ${name} ${type}`);
  const lines = series.map(({ name, labels, value }) => {
    const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escaped(text)}"`);
    const number = Number.isFinite(value)
      ? String(value)
      : Number.isNaN(value)
      ? "NaN"
      : value > 0
      ? "+Inf"
      : "-Inf";
    return `${name}${pairs.length === 0 ? "" : `{${pairs.join(",")}}`}${blank}${number}${timestamp}`;
  });
  return [...declared, ...lines, ""].join(newline);
}

const labels = fc.constantFrom<Readonly<Record<string, string>>>({}, { pool: "subnet" }, { pool: "" }, {
  unit: 'a "b" \\ c',
});
const unit = fc.constantFrom<HashrateUnit>("H/s", "TH/s", "PH/s", "EH/s");

interface Question {
  readonly labels: Readonly<Record<string, string>>;
  readonly unit: HashrateUnit;
  readonly http: HttpAnswer;
}

const question: fc.Arbitrary<Question> = fc.record({ labels, unit, http: httpAnswer });

/** Reads a page; `null` if it is refused. */
async function read(text: string, { labels, unit, http }: Question): Promise<number | null> {
  const metric = { name: "rate", labels: new Map(Object.entries(labels)) };
  const reading = readMetricSource({ url: URL, metric, unit }, {
    fetch: fetchOf(text, http),
    timeoutMs: 5000,
  });
  reading.catch((error) => assert.ok(!String(error).includes(SECRET), "the message has the secret"));
  const hashratePh = await unlessRejected([DeliverySourceError], reading);
  await reading.catch(() => {});
  if (hashratePh !== null) {
    assert.ok(hashratePh >= 0 && hashratePh <= MAX_HASHRATE_PH, `${hashratePh} PH/s is no hashrate`);
  }
  return hashratePh;
}

const PER_PETAHASH: Readonly<Record<string, number>> = { "H/s": 1e15, "TH/s": 1e3, "PH/s": 1, "EH/s": 1e-3 };

/** What a page says; `null` if it does not say a hashrate. */
function stated({ series, types }: Page, { labels, unit }: Question): number | null {
  const found = series.filter((one) =>
    one.name === "rate" && Object.entries(labels).every(([label, text]) => (one.labels[label] ?? "") === text)
  );
  const identities = found.map((one) => JSON.stringify(Object.entries(one.labels).sort()));
  if (found.length === 0 || new Set(identities).size < found.length) return null;
  if (!["gauge", "untyped"].includes(types["rate"] ?? "untyped")) return null;
  if (found.some(({ value }) => !(value >= 0 && value < Infinity))) return null;
  const hashratePh = found.reduce((sum, { value }) => sum + value, 0) / PER_PETAHASH[unit]!;
  return hashratePh > MAX_HASHRATE_PH ? null : hashratePh;
}

/** Pages in the format. */
export const metricPages = family({
  name: "metrics",
  holds: "a page in Prometheus' format gives the sum of its series, or is refused with DeliverySourceError",
  sample: 150,
  cases: fc.record({ page, question }),
  check: async ({ page, question }) => {
    const { status, breaksAt, headers } = question.http;
    const hashratePh = await read(textOf(page), question);
    if (status !== 200 || breaksAt !== null || headers.length > 0) return;
    const expected = stated(page, question);
    if (expected === null || hashratePh === null) return assert.equal(hashratePh, expected);
    assert.ok(
      Math.abs(hashratePh - expected) <= 1e-9 * expected,
      `${hashratePh} instead of ${expected} PH/s`,
    );
  },
});

/** Pages with mistakes. */
export const brokenMetricPages = family({
  name: "metrics-broken",
  holds: "a damaged page gives a possible hashrate, or is refused with DeliverySourceError without a secret",
  sample: 150,
  cases: fc.record({ text: mutatedText(page.map(textOf), PIECES), question }),
  check: async ({ text, question }) => void await read(text, question),
});
