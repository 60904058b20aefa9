import assert from "node:assert/strict";
import fc from "fast-check";
import { Counter, Gauge, Histogram, Registry } from "prom-client";
import {
  formatSelector,
  matches,
  parsePrometheusText,
  parseSelector,
  PrometheusTextError,
} from "../../../src/delivery/measured/prometheus_text.ts";

/** A sample as plain data. */
function plain({ name, labels, value }: ReturnType<typeof parsePrometheusText>[number]): unknown {
  return { name, labels: Object.fromEntries(labels), value };
}

const lines: [string, unknown][] = [
  ["up 1", { name: "up", labels: {}, value: 1 }],
  ["  up\t1.5e3  ", { name: "up", labels: {}, value: 1500 }],
  ["a:b_1{} +.5", { name: "a:b_1", labels: {}, value: 0.5 }],
  ["up 1 1700000000123", { name: "up", labels: {}, value: 1 }],
  ["up 1 1700000000.123", { name: "up", labels: {}, value: 1 }],
  ['up_total 3 1.7e9 # {trace="x"} 0.5 1.7e9', { name: "up_total", labels: {}, value: 3 }],
  ['up_total 3 # {trace="x"} 0.5', { name: "up_total", labels: {}, value: 3 }],
  ["up NaN", { name: "up", labels: {}, value: NaN }],
  ["up Nan", { name: "up", labels: {}, value: NaN }],
  ["up +Inf", { name: "up", labels: {}, value: Infinity }],
  ["up -Inf 5", { name: "up", labels: {}, value: -Infinity }],
  ['up{a="1",b="2"} 1', { name: "up", labels: { a: "1", b: "2" }, value: 1 }],
  ['up { a = "1" , b="2" , } 1', { name: "up", labels: { a: "1", b: "2" }, value: 1 }],
  ['up{a="}, # \\" \\\\ \\n {"}1', { name: "up", labels: { a: '}, # " \\ \n {' }, value: 1 }],
  ['up{a="C:\\dir"} 1', { name: "up", labels: { a: "C:\\dir" }, value: 1 }],
  ['up{a="größe €"} 1', { name: "up", labels: { a: "größe €" }, value: 1 }],
  ['{"my.metric","a.b"="c"} 1', { name: "my.metric", labels: { "a.b": "c" }, value: 1 }],
];
for (const [line, expected] of lines) {
  Deno.test(`parsePrometheusText() reads ${JSON.stringify(line)}`, () => {
    assert.deepEqual(parsePrometheusText(`${line}\n`).map(plain), [expected]);
  });
}

const mistakes = [
  "<!doctype html>",
  '{"error":"x"}',
  "up",
  "up one",
  "up 0x10",
  "up 1 2 3",
  "up 1 soon",
  "1up 1",
  "up{a} 1",
  'up{a="1" b="2"} 1',
  'up{,a="1"} 1',
  'up{a="1",,} 1',
  'up{a="1",a="2"} 1',
  'up{a="1} 1',
  'up{a="1\\',
  "up{a='1'} 1",
  'up{a="1" 1',
  '{a="1"} 1',
  'up{"other"} 1',
  "up 1,5",
];
for (const line of mistakes) {
  Deno.test(`parsePrometheusText() refuses ${JSON.stringify(line)} and reports its line`, () => {
    assert.throws(
      () => parsePrometheusText(`# HELP up\nup 1\n\n${line}\n`),
      (error) => error instanceof PrometheusTextError && error.line === 4,
    );
  });
}

Deno.test("parsePrometheusText() skips comments and blank lines, and takes both kinds of line ends and none at the end", () => {
  const text = "# HELP up x\r\n#\r\n# TYPE up gauge\r\n\r\nup 1\r\n  # EOF\nup 2";
  assert.deepEqual(parsePrometheusText(text).map(({ value }) => value), [1, 2]);
  assert.deepEqual(parsePrometheusText(""), []);
});

Deno.test("parsePrometheusText() takes time proportional to the length of any text", () => {
  const length = 1_000_000;
  for (const part of ["1", '"', "\\", "{", 'a="",', " ", "e1", "."]) {
    for (const start of ["", "up ", 'up{a="', "up{", "up 1 "]) {
      const text = `${start}${part.repeat(length / part.length)}x`;
      const startMs = performance.now();
      assert.throws(() => parsePrometheusText(text), PrometheusTextError);
      assert.ok(performance.now() - startMs < 2_000, `${start}${part}…`);
    }
  }
});

const metricName = fc.stringMatching(/^[a-zA-Z_:][a-zA-Z0-9_:]{0,12}$/);
const labelName = fc.stringMatching(/^[a-zA-Z_][a-zA-Z0-9_]{0,8}$/).filter((name) => name !== "__proto__");
const labelValue = fc.oneof(
  fc.string(),
  fc.string({ unit: fc.constantFrom("\\", '"', "\n", "n", "{", "}", ",", "=") }),
);
// prom-client keeps labels in plain objects.
const seriesLabels = fc.dictionary(labelName, labelValue, { maxKeys: 4, noNullPrototype: true });
const metricValue = fc.oneof(fc.double(), fc.integer(), fc.constantFrom(NaN, Infinity, -Infinity));

Deno.test("parsePrometheusText() reads what prom-client writes", async () => {
  const family = fc.record({
    name: metricName,
    series: fc.array(fc.tuple(seriesLabels, metricValue), { maxLength: 4 }),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(family, { selector: ({ name }) => name, maxLength: 4 }),
      async (families) => {
        const registry = new Registry();
        const expected: unknown[] = [];
        for (const { name, series } of families) {
          const labelNames = [...new Set(series.flatMap(([labels]) => Object.keys(labels)))];
          const gauge = new Gauge({ name, help: "multi\nline \\ help", labelNames, registers: [registry] });
          const written = new Map<string, unknown>();
          if (labelNames.length === 0) {
            gauge.set(0);
            written.set("{}", { name, labels: {}, value: 0 });
          }
          for (const [labels, value] of series) {
            gauge.set(labels, value);
            // The text has no sign of a negative zero, and one series is one, in whatever order its labels come.
            const key = JSON.stringify(Object.entries(labels).toSorted());
            written.set(key === "[]" ? "{}" : key, { name, labels, value: value + 0 });
          }
          expected.push(...written.values());
        }
        assert.deepEqual(parsePrometheusText(await registry.metrics()).map(plain), expected);
      },
    ),
    { numRuns: 200 },
  );
});

Deno.test("parsePrometheusText() reads prom-client's counters and histograms, in both formats", async () => {
  for (const type of [Registry.PROMETHEUS_CONTENT_TYPE, Registry.OPENMETRICS_CONTENT_TYPE] as const) {
    const registry = new Registry();
    // The types of prom-client know one format a registry.
    registry.setContentType(type as typeof Registry.PROMETHEUS_CONTENT_TYPE);
    new Counter({ name: "shares_total", help: "x", registers: [registry] }).inc(3);
    const histogram = new Histogram({
      name: "seconds",
      help: "x",
      buckets: [1, 2],
      registers: [registry],
      enableExemplars: type === Registry.OPENMETRICS_CONTENT_TYPE,
    });
    if (type === Registry.OPENMETRICS_CONTENT_TYPE) {
      histogram.observe({ labels: {}, value: 1.5, exemplarLabels: { trace: "a b" } } as never);
    } else histogram.observe(1.5);
    const text = await registry.metrics();
    assert.equal(text.includes(" # {"), type === Registry.OPENMETRICS_CONTENT_TYPE, "has exemplars");
    const samples = parsePrometheusText(text);
    const value = (selector: string): number | undefined =>
      samples.find((sample) => matches(sample, parseSelector(selector)!))?.value;
    assert.equal(value("shares_total"), 3);
    assert.equal(value('seconds_bucket{le="+Inf"}'), 1);
    assert.equal(value('seconds_bucket{le="1"}'), 0);
    assert.equal(value("seconds_sum"), 1.5);
  }
});

Deno.test("parseSelector() reads what formatSelector() writes", () => {
  const name = fc.oneof(metricName, fc.string({ minLength: 1 }));
  const labels = fc.array(fc.tuple(fc.oneof(labelName, fc.string()), labelValue));
  fc.assert(fc.property(name, labels, (name, labels) => {
    const selector = { name, labels: new Map(labels) };
    assert.deepEqual(parseSelector(formatSelector(selector)), selector);
  }));
  assert.equal(
    formatSelector(parseSelector(' proxy_hashrate { pool = "central-proxy" } ')!),
    'proxy_hashrate{pool="central-proxy"}',
  );
});

for (
  const text of [
    "",
    " ",
    "{}",
    "proxy hashrate",
    "rate(x)",
    'x{a!="b"}',
    'x{a=~"b"}',
    "x{a}",
    'x{a="b"',
    "x 1",
    "x[5m]",
    "1x",
  ]
) {
  Deno.test(`parseSelector() has nothing for ${JSON.stringify(text)}`, () => {
    assert.equal(parseSelector(text), null);
  });
}

const SAMPLES = parsePrometheusText(
  'rate{pool="a",unit="th"} 1\nrate{pool="b",unit="th"} 2\nrate{pool="b",unit="ph"} 4\nrate 8\nrates 16\n',
);
const selected: [string, number[]][] = [
  ["rate", [1, 2, 4, 8]],
  ['rate{pool="b"}', [2, 4]],
  ['rate{unit="th",pool="b"}', [2]],
  ['rate{pool=""}', [8]],
  ['rate{pool="c"}', []],
  ["rat", []],
];
for (const [text, expected] of selected) {
  Deno.test(`matches() picks ${expected.length} series for ${text}`, () => {
    const selector = parseSelector(text)!;
    assert.deepEqual(
      SAMPLES.filter((sample) => matches(sample, selector)).map(({ value }) => value),
      expected,
    );
  });
}

Deno.test("matches() takes a missing label and an empty one for the same, as Prometheus does", () => {
  const [series] = parsePrometheusText('rate{pool="",x="y"} 1');
  assert.ok(matches(series!, parseSelector("rate")!));
  assert.ok(matches(series!, parseSelector('rate{pool="",other=""}')!));
  assert.ok(!matches(series!, parseSelector('rate{x=""}')!));
});
