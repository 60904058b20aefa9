import assert from "node:assert/strict";
import fc from "fast-check";
import { Counter, Gauge, Histogram, Registry, Summary } from "prom-client";
import {
  HASHRATE_UNITS,
  type HashrateUnit,
  metricDeliverySource,
  readMetricSource,
} from "../../../src/delivery/measured/metric_source.ts";
import type {
  DeliverySourceError,
  DeliverySourceErrorKind,
} from "../../../src/delivery/measured/http_source.ts";
import { parseSelector } from "../../../src/delivery/measured/prometheus_text.ts";
import { freePort } from "../../../scripts/scene/free_port.ts";

type Answer = (request: Request) => Response | Promise<Response>;

/** A proxy's endpoint. */
class Proxy implements AsyncDisposable {
  readonly requests: { readonly url: URL; readonly headers: Headers }[] = [];
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  #ended = new AbortController();

  constructor(answer: Answer) {
    this.#server = Deno.serve(
      {
        hostname: "127.0.0.1",
        port: 0,
        onListen: () => {},
        onError: () => new Response(null, { status: 500 }),
        signal: this.#ended.signal,
      },
      (request) => {
        this.requests.push({ url: new URL(request.url), headers: new Headers(request.headers) });
        return answer(request);
      },
    );
  }

  get host(): string {
    return `127.0.0.1:${this.#server.addr.port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended.abort();
    await this.#server.finished;
  }
}

interface Question {
  readonly metric?: string;
  readonly unit?: HashrateUnit;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

function read(
  url: string,
  { metric = "rate", unit = "TH/s", timeoutMs = 5_000, signal }: Question = {},
): Promise<number> {
  const source = { url, metric: parseSelector(metric)!, unit };
  return readMetricSource(source, { timeoutMs, ...(signal === undefined ? {} : { signal }) });
}

/** That reading fails so; the message. */
async function failure(
  reading: Promise<number>,
  kind: DeliverySourceErrorKind,
  ...parts: readonly string[]
): Promise<string> {
  let message = "";
  await assert.rejects(reading, (error: DeliverySourceError) => {
    message = error.message;
    assert.equal(error.name, "DeliverySourceError");
    assert.equal(error.kind, kind, message);
    assert.doesNotMatch(message, /secret/, "gives nothing away");
    for (const part of parts) assert.ok(message.includes(part), `${part} in: ${message}`);
    return true;
  });
  return message;
}

Deno.test("readMetricSource() adds the series of a real registry that match, in any unit", async () => {
  const registry = new Registry();
  const gauge = new Gauge({ name: "rate", help: "x", labelNames: ["pool", "worker"], registers: [registry] });
  gauge.set({ pool: "central", worker: "a" }, 200);
  gauge.set({ pool: "central", worker: "b" }, 250);
  gauge.set({ pool: "fallback", worker: "a" }, 1);
  await using proxy = new Proxy(async () =>
    new Response(await registry.metrics(), { headers: { "content-type": registry.contentType } })
  );
  const url = `http://${proxy.host}/metrics`;
  const expected = {
    "H/s": 4.5e-13,
    "kH/s": 4.5e-10,
    "MH/s": 4.5e-7,
    "GH/s": 4.5e-4,
    "TH/s": 0.45,
    "PH/s": 450,
    "EH/s": 450e3,
  };
  for (const unit of HASHRATE_UNITS) {
    assert.equal(await read(url, { metric: 'rate{pool="central"}', unit }), expected[unit], unit);
  }
  assert.equal(await read(url, { unit: "PH/s" }), 451);
  const accept = proxy.requests[0]!.headers.get("accept")!;
  assert.ok(accept.startsWith("text/plain;version=0.0.4"), accept);
  assert.equal(proxy.requests[0]!.headers.get("authorization"), null);
});

Deno.test("readMetricSource() reads a compressed answer", async () => {
  await using proxy = new Proxy(() => {
    const body = new Blob(["rate 450\n"]).stream().pipeThrough(new CompressionStream("gzip"));
    return new Response(body, { headers: { "content-encoding": "gzip" } });
  });
  assert.equal(await read(`http://${proxy.host}/`), 0.45);
});

Deno.test("readMetricSource() reads an answer that comes in pieces smaller than a letter", async () => {
  const bytes = new TextEncoder().encode('rate{pool="größe"} 450\n');
  const body = ReadableStream.from([...bytes].map((byte) => Uint8Array.of(byte)));
  const fetch = (): Promise<Response> => Promise.resolve(new Response(body));
  const metric = parseSelector('rate{pool="größe"}')!;
  const source = { url: "http://proxy.invalid/", metric, unit: "TH/s" } as const;
  assert.equal(await readMetricSource(source, { fetch, timeoutMs: 5_000 }), 0.45);
});

const logins: [string, string][] = [
  ["user:secret", "user:secret"],
  ["user", "user:"],
  ["us%40er:se%3Acret%25", "us@er:se:cret%"],
  ["%C3%BCser:100%", "üser:100%"],
  [":secret", ":secret"],
];
for (const [written, sent] of logins) {
  Deno.test(`readMetricSource() sends ${written}@ as basic authentication`, async () => {
    await using proxy = new Proxy(() => new Response("rate 450"));
    assert.equal(await read(`http://${written}@${proxy.host}/metrics`), 0.45);
    const header = proxy.requests[0]!.headers.get("authorization")!;
    const decoded = new TextDecoder().decode(Uint8Array.fromBase64(header.replace(/^Basic /, "")));
    assert.equal(decoded, sent);
  });
}

const statuses: [number, string][] = [[401, "user:password@"], [403, "user:password@"], [404, "path"], [
  500,
  "log",
], [204, "log"]];
for (const [status, hint] of statuses) {
  Deno.test(`readMetricSource() reports status ${status} and the remedy`, async () => {
    await using proxy = new Proxy(() => new Response(status === 204 ? null : "rate 1", { status }));
    await failure(
      read(`http://user:secret@${proxy.host}/secret?key=secret`),
      "http-status",
      proxy.host,
      String(status),
      hint,
    );
  });
}

Deno.test("readMetricSource() reports that nothing listens there", async () => {
  const url = `http://user:secret@127.0.0.1:${freePort()}/secret)x?key=secret`;
  const message = await failure(read(url), "unreachable", "refused", "check");
  assert.doesNotMatch(message, /error sending request/);
});

Deno.test("readMetricSource() shows no secret that the runtime's message quotes", async () => {
  const fetch = (target: RequestInfo | URL): Promise<Response> =>
    Promise.reject(new TypeError(`odd (${target}), and '${target}'`));
  const url = "http://user:secret@proxy.invalid:9100/secret)'x?key=secret";
  const source = { url, metric: parseSelector("rate")!, unit: "TH/s" } as const;
  const reading = readMetricSource(source, { fetch, timeoutMs: 5_000 });
  await failure(reading, "unreachable", "odd (http://proxy.invalid:9100), and 'http://proxy.invalid:9100'");
});

Deno.test("readMetricSource() reports another protocol", async () => {
  await using proxy = new Proxy(() => new Response("rate 1"));
  await failure(read(`https://user:secret@${proxy.host}/secret`), "unreachable", `https://${proxy.host}`);
});

Deno.test("readMetricSource() reports a truncated answer", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const served = (async () => {
    using connection = await listener.accept();
    await connection.read(new Uint8Array(4096));
    await connection.write(
      new TextEncoder().encode("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nrate 1\n"),
    );
  })();
  await failure(read(`http://127.0.0.1:${listener.addr.port}/secret`), "unreachable", "body");
  await served;
  listener.close();
});

for (const [where, silentAfter] of [["before", ""], ["within", "rate 1\n"]] as const) {
  Deno.test(`readMetricSource() gives up a proxy that hangs ${where} its answer`, async () => {
    await using proxy = new Proxy(({ signal }) =>
      new Promise((resolve) => {
        const body = new ReadableStream({
          start: (controller) => controller.enqueue(new TextEncoder().encode(silentAfter)),
        });
        if (silentAfter !== "") resolve(new Response(body));
        else signal.addEventListener("abort", () => resolve(new Response()));
      })
    );
    await failure(
      read(`http://${proxy.host}/secret`, { timeoutMs: 50 }),
      "timeout",
      proxy.host,
      "0.05 s",
      "check",
    );
  });
}

Deno.test("readMetricSource() ends with its signal", async () => {
  const asked = Promise.withResolvers<void>();
  await using proxy = new Proxy(({ signal }) => {
    asked.resolve();
    return new Promise((resolve) => signal.addEventListener("abort", () => resolve(new Response())));
  });
  const stop = new AbortController();
  const reading = read(`http://${proxy.host}/`, { signal: stop.signal });
  await asked.promise;
  stop.abort(new Error("the agent stops"));
  await assert.rejects(reading, { name: "Error", message: "the agent stops" });
  await assert.rejects(read(`http://${proxy.host}/`, { signal: stop.signal }), {
    message: "the agent stops",
  });
});

Deno.test("readMetricSource() reads up to 4 MiB and no more, also when they come compressed or never end", async () => {
  const comment = new TextEncoder().encode(`#${" ".repeat(65_534)}\n`);
  let pieces = 0;
  const endless = (): ReadableStream<Uint8Array<ArrayBuffer>> =>
    new ReadableStream({
      pull: (controller) => {
        pieces++;
        controller.enqueue(comment);
      },
    });
  const sized = (bytes: number): Uint8Array<ArrayBuffer> => {
    const text = "rate 450\n";
    return new TextEncoder().encode(text + "#".repeat(bytes - text.length));
  };
  await using proxy = new Proxy(({ url }) => {
    if (url.endsWith("/endless")) return new Response(endless());
    if (url.endsWith("/bomb")) {
      const body = new Blob([sized(64 * 1024 * 1024)]).stream().pipeThrough(new CompressionStream("gzip"));
      return new Response(body, { headers: { "content-encoding": "gzip" } });
    }
    return new Response(sized(4 * 1024 * 1024 + (url.endsWith("/more") ? 1 : 0)));
  });
  assert.equal(await read(`http://${proxy.host}/enough`), 0.45);
  for (const path of ["more", "endless", "bomb"]) {
    await failure(read(`http://${proxy.host}/${path}`), "too-large", "4 MiB", "fewer");
  }
  assert.ok(pieces < 1_000, `${pieces} pieces were asked for`);
});

Deno.test("readMetricSource() follows redirections on the same host, with the password", async () => {
  await using proxy = new Proxy(({ url }) =>
    new URL(url).pathname === "/"
      ? new Response(null, { status: 302, headers: { location: "/metrics?a=b" } })
      : new Response("rate 450")
  );
  assert.equal(await read(`http://user:secret@${proxy.host}/`), 0.45);
  assert.deepEqual(
    proxy.requests.map(({ url, headers }) => [url.search, headers.has("authorization")]),
    [
      ["", true],
      ["?a=b", true],
    ],
  );
});

Deno.test("readMetricSource() does not follow redirects to another host, or without end", async () => {
  await using other = new Proxy(() => new Response("rate 450"));
  const targets: [string | null, string][] = [
    [`http://${other.host}/secret`, other.host],
    [`http://user:secret@${other.host}/`, other.host],
    ["//other.invalid/secret", "other.invalid"],
    ["ftp://127.0.0.1/", "ftp:"],
    ["http://[", "redirects without a valid target"],
    [null, "redirects without a valid target"],
    ["/", "redirects too often"],
  ];
  for (const [location, part] of targets) {
    await using proxy = new Proxy(() =>
      new Response(null, { status: 307, headers: location === null ? {} : { location } })
    );
    await failure(read(`http://user:secret@${proxy.host}/`), "redirected", proxy.host, part, "URL");
    assert.ok(proxy.requests.length <= 4);
  }
  assert.equal(other.requests.length, 0);
});

Deno.test("readMetricSource() never goes on from https to http", async () => {
  const asked: string[] = [];
  const fetch = (target: RequestInfo | URL): Promise<Response> => {
    asked.push(String(target));
    const { protocol, host } = new URL(String(target));
    const location = `${protocol === "https:" ? "http:" : "https:"}//${host}/x`;
    return Promise.resolve(new Response(null, { status: 301, headers: { location } }));
  };
  const source = { url: "http://proxy.invalid/", metric: parseSelector("rate")!, unit: "TH/s" } as const;
  await failure(readMetricSource(source, { fetch, timeoutMs: 5_000 }), "redirected", "http://proxy.invalid");
  assert.deepEqual(asked, ["http://proxy.invalid/", "https://proxy.invalid/x"]);
});

const bodies: [string, string, DeliverySourceErrorKind, string[]][] = [
  ["a page for people", "<!doctype html>\n<title>Login</title>", "not-prometheus", ["line 1", "path"]],
  ["JSON", '{"rate": 1}', "not-prometheus", ["line 1"]],
  ["nothing", "", "no-metric", ["rate", "0"]],
  ["nothing similar", "up 1\ngo_threads 7", "no-metric", ["none of the 2"]],
  ["similar names", 'xrate 1\nrates{a="b"} 1\nrates{a="c"} 1\nup 1', "no-metric", [
    "similar ones are xrate, rates;",
  ]],
  ["other labels", 'rate{a="b"} 1\nrate{a="d"} 1', "no-metric", ['rate{a="b"}, rate{a="d"}']],
  ["a series that is not a number", 'rate{a="c",x="1"} 5\nrate{a="c",x="2"} NaN', "no-hashrate", [
    'rate{a="c",x="2"} is NaN',
  ]],
  ["an infinite one", 'rate{a="c"} +Inf', "no-hashrate", ["is Infinity"]],
  ["a negative one", 'rate{a="c"} -1', "no-hashrate", ["is -1"]],
  ["a negative one beside others", 'rate{a="c",x="1"} 5\nrate{a="c",x="2"} -1', "no-hashrate", [
    'rate{a="c",x="2"} is -1',
  ]],
  ["what is in a smaller unit", 'rate{a="c"} 4.5e14', "no-hashrate", [
    'rate{a="c"} is 450000000000000 TH/s, more than all miners',
    "unit",
  ]],
  ["what no double holds", 'rate{a="c",x="1"} 1e308\nrate{a="c",x="2"} 1e308', "no-hashrate", [
    "Infinity TH/s",
  ]],
  ["a series that is there twice", 'rate{a="c",x="1"} 5\nrate{x="1",a="c"} 6', "not-prometheus", [
    'rate{a="c",x="1"} twice',
  ]],
];
for (const [what, body, kind, parts] of bodies) {
  Deno.test(`readMetricSource() explains what is wrong with ${what}`, async () => {
    await using proxy = new Proxy(() => new Response(body));
    const metric = body.includes('a="') && what !== "similar names" ? 'rate{a="c"}' : "rate";
    const message = await failure(read(`http://${proxy.host}/`, { metric }), kind, proxy.host, ...parts);
    assert.match(message, /(; (correct|choose|wait) |fix the proxy)/, "says what to do");
  });
}

const GAUGE = "a gauge of the current hashrate is needed";
const cumulative: [string, string, string[]][] = [
  ["shares", "# TYPE shares counter\nshares 5", ["shares is a counter", GAUGE]],
  ["shares_total", "# TYPE shares counter\nshares_total 5\n# EOF", ["shares_total is a counter", GAUGE]],
  ["shares_total", "shares_total 5", ["shares_total is by its name a cumulative value", GAUGE]],
  ["shares_total", "# TYPE shares_total untyped\nshares_total 5", ["by its name a cumulative value", GAUGE]],
  ["shares_total", "# TYPE shares gauge\nshares 1\nshares_total 5", [
    "by its name a cumulative value",
    GAUGE,
  ]],
  ["rate_bucket", '# TYPE rate histogram\nrate_bucket{le="+Inf"} 5', ["rate_bucket is a histogram", GAUGE]],
  ["rate_count", "# TYPE rate summary\nrate_count 5", ["rate_count is a summary", GAUGE]],
  ["rate_sum", "# TYPE rate summary\nrate_sum 5", ["rate_sum is a summary", GAUGE]],
  ["rate", '# TYPE rate summary\nrate{quantile="0.5"} 5', ["rate is a summary", GAUGE]],
  ["rate_bucket", "rate_bucket 5\nrate_buckets_total 1\nrate 1", ["similar ones are rate;"]],
  ["hash", "# TYPE hash counter\nhash 5\n# TYPE hash_total counter\nhash_total 1", [
    "none of the 0 gauges it has is similar",
  ]],
  ["a.rate", '# TYPE "a.rate" counter\n{"a.rate"} 5', ["a.rate is a counter"]],
];
for (const [name, body, parts] of cumulative) {
  Deno.test(`readMetricSource() does not take ${JSON.stringify(body)} for a hashrate of now`, async () => {
    await using proxy = new Proxy(() => new Response(body));
    const metric = name.includes(".") ? `{"${name}"}` : name;
    const message = await failure(read(`http://${proxy.host}/`, { metric }), "no-gauge", ...parts);
    assert.match(message, /; choose /, "says what to do");
  });
}

const current: [string, string][] = [
  ["rate", "rate 450"],
  ["rate", "# TYPE rate untyped\nrate 450"],
  ["rate", "# TYPE rate unknown\nrate 450\n# EOF"],
  ["rate", "# TYPE rate Gauge\nrate 450"],
  ["rate", "# TYPE rate\n# TYPE\n# TYPES rate counter\n# HELP rate TYPE rate counter\nrate 450"],
  ["rate", "# TYPE other counter\nother 1\nrate 450"],
  ["rate_total", "# TYPE rate_total gauge\nrate_total 450"],
  ["rate_total", "# TYPE rate counter\n# TYPE rate_total gauge\nrate_total 450"],
  ["miner_count_rate", "# TYPE miner counter\nminer_count_rate 450"],
  ["constructor_x", "# TYPE constructor constructor\nconstructor_x 450"],
];
for (const [metric, body] of current) {
  Deno.test(`readMetricSource() takes ${JSON.stringify(body)} for a hashrate of now`, async () => {
    await using proxy = new Proxy(() => new Response(body));
    assert.equal(await read(`http://${proxy.host}/`, { metric }), 0.45);
  });
}

Deno.test("readMetricSource() refuses what prom-client serves of counters, histograms and summaries, in both formats", async () => {
  for (const type of [Registry.PROMETHEUS_CONTENT_TYPE, Registry.OPENMETRICS_CONTENT_TYPE] as const) {
    const registry = new Registry();
    // The types of prom-client know one format a registry.
    registry.setContentType(type as typeof Registry.PROMETHEUS_CONTENT_TYPE);
    const registers = [registry];
    new Counter({ name: "shares_total", help: "x", registers }).inc(3);
    new Histogram({ name: "seconds", help: "x", registers }).observe(1);
    new Summary({ name: "sizes", help: "x", registers }).observe(1);
    new Gauge({ name: "rate", help: "x", registers }).set(450);
    await using proxy = new Proxy(async () => new Response(await registry.metrics()));
    const url = `http://${proxy.host}/`;
    for (
      const metric of [
        "shares_total",
        "seconds_bucket",
        "seconds_count",
        "seconds_sum",
        "sizes",
        "sizes_count",
      ]
    ) {
      await failure(read(url, { metric }), "no-gauge", metric, GAUGE);
    }
    assert.equal(await read(url), 0.45);
  }
});

Deno.test("readMetricSource() names five similar metrics at most, the most similar first", async () => {
  const names = [
    "ihp_upstream_hashrate_ths",
    "proxy_hashrates",
    "a",
    "up",
    "hashrate",
    "proxy_rate",
    "proxy_hash",
    "proxy_hashrat",
  ];
  await using proxy = new Proxy(() => new Response(names.map((name) => `${name} 1\n`).join("")));
  const message = await failure(read(`http://${proxy.host}/`, { metric: "proxy_hashrate" }), "no-metric");
  const listed = /similar ones are (.*);/.exec(message)![1]!.split(", ");
  assert.deepEqual(listed.slice(0, 2).sort(), ["proxy_hashrat", "proxy_hashrates"]);
  assert.equal(listed.length, 6);
  assert.equal(listed.at(-1), "…");
});

Deno.test("readMetricSource() returns a figure or throws a typed error for any response", async () => {
  const line = fc.oneof(
    fc.string(),
    fc.constantFrom(
      "rate 1",
      "rate NaN",
      "rate -1",
      "rate 1e400",
      'rate{a="b"} 2',
      "# x",
      "# TYPE rate counter",
    ),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(line), async (body) => {
      const fetch = (): Promise<Response> => Promise.resolve(new Response(body.join("\n")));
      const source = { url: "http://proxy.invalid/", metric: parseSelector("rate")!, unit: "PH/s" } as const;
      try {
        const hashratePh = await readMetricSource(source, { fetch, timeoutMs: 5_000 });
        assert.ok(hashratePh >= 0 && Number.isFinite(hashratePh));
      } catch (error) {
        assert.equal((error as Error).name, "DeliverySourceError");
      }
    }),
  );
});

Deno.test("metricDeliverySource() reads its source, is known by all of it and shows no secrets", async () => {
  await using proxy = new Proxy(() => new Response('rate{a="b"} 450'));
  const url = `http://user:secret@${proxy.host}/secret`;
  const metric = parseSelector('rate{a="b"}')!;
  const source = metricDeliverySource({ url, metric, unit: "TH/s" });
  assert.equal(await source.read(new AbortController().signal, { startMs: 0, endMs: 0 }), 0.45);
  assert.equal(source.name, `rate{a="b"} at http://${proxy.host}`);
  const keys = [
    source,
    metricDeliverySource({ url, metric, unit: "PH/s" }),
    metricDeliverySource({ url: `${url}2`, metric, unit: "TH/s" }),
    metricDeliverySource({ url, metric: parseSelector("rate")!, unit: "TH/s" }),
  ].map(({ key }) => key);
  assert.equal(new Set(keys).size, 4);
  assert.equal(
    metricDeliverySource({ url, metric: parseSelector('rate{a="b"}')!, unit: "TH/s" }).key,
    source.key,
  );
});
