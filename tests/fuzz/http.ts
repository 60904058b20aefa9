/**
 * Requests to the HTTP endpoint, as bytes over a real connection.
 *
 * @module
 */

import assert from "node:assert/strict";
import fc from "fast-check";
import { freePort } from "../../scripts/scene/free_port.ts";
import { HttpEndpoint } from "../../src/operator/status/http_endpoint.ts";
import { answer, type HttpSources } from "../../src/operator/status/routes.ts";
import { FakeAgent } from "../operator/status/fake_agent.ts";
import { LogRecorder } from "../support/log_recorder.ts";
import { family } from "./family.ts";
import { mutatedText } from "./mutation.ts";

/** Stands in what a request says of itself, none of which may come back. */
const MARK = "m4rk3d";
/** How long an unfinished request is left open. */
const UNFINISHED_MS = 30;
/** How long the endpoint may take to say that it lives; other programs may have the processor. */
const ALIVE_MS = 5_000;
const PATHS = ["/", "/metrics", "/healthz", "/readyz", "/api/status"];

/** The endpoint that all cases ask. */
class Served {
  readonly log = new LogRecorder();
  readonly port = freePort();
  readonly #agent = new FakeAgent();
  readonly #endpoint: HttpEndpoint;

  constructor() {
    const { telemetry } = this.#agent;
    const sources: HttpSources = {
      report: () => telemetry.report(),
      metrics: () => telemetry.metricsText(),
      metricsContentType: "text/plain; version=0.0.4; charset=utf-8",
    };
    this.#endpoint = new HttpEndpoint({ log: this.log, answer: (request) => answer(request, sources) });
  }

  async open(): Promise<this> {
    await this.#agent.work();
    await this.#endpoint.listenOn({ hostname: "127.0.0.1", port: this.port });
    return this;
  }

  async close(): Promise<void> {
    await this.#endpoint.listenOn(null);
    await this.#agent[Symbol.asyncDispose]();
  }

  /** Sends bytes and reads until the endpoint closes, or waits for more of an unfinished request. */
  async ask(request: string, waitMs: number): Promise<string> {
    const connection = await Deno.connect({ hostname: "127.0.0.1", port: this.port });
    const decoder = new TextDecoder();
    let text = "";
    const reading = (async () => {
      for await (const chunk of connection.readable) text += decoder.decode(chunk, { stream: true });
    })().catch(() => {});
    // The endpoint may refuse what it has read so far, and close.
    const writer = connection.writable.getWriter();
    await writer.write(Uint8Array.from(request, (char) => char.charCodeAt(0) & 0xff)).catch(() => {});
    let timer: number | undefined;
    await Promise.race([reading, new Promise((resolve) => timer = setTimeout(resolve, waitMs))]);
    clearTimeout(timer);
    try {
      connection.close();
    } catch {
      // It is closed already.
    }
    return text;
  }
}

let served: Promise<Served> | null = null;

const method = fc.constantFrom(
  ...Array<string>(20).fill("GET"),
  "HEAD",
  "POST",
  "OPTIONS",
  "TRACE",
  "CONNECT",
  "PATCH",
  "get",
  "X-Y",
);
const path = fc.oneof(
  fc.constantFrom(...PATHS),
  fc.constantFrom(...PATHS.flatMap((one) => [`${one}?${MARK}`, `${one}${MARK}`])),
  fc.constantFrom(
    ...[
      `/${MARK}`,
      "//",
      "/..",
      "/%00",
      "/%2e%2e/metrics",
      "/metrics/",
      "/METRICS",
      `/healthz#${MARK}`,
      "*",
      "",
    ],
    ...[
      `http://${MARK}.example/`,
      `http://[${MARK}/`,
      `/${"a".repeat(9000)}`,
      "/\u00ff",
      "/ \t",
      `/api/status/${MARK}`,
    ],
  ),
);
const header = fc.oneof(
  fc.constantFrom(
    ...[
      "Host: 127.0.0.1",
      "Host: localhost:9464",
      "Connection: close",
      "Accept: */*",
      "Expect: 100-continue",
    ],
    ...[
      "Upgrade: websocket",
      "Connection: upgrade",
      "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
      "Range: bytes=0-1",
    ],
    ...[
      "Transfer-Encoding: chunked",
      "Content-Length: 5",
      "Content-Length: -1",
      "Content-Length: 99999999999999999999",
    ],
    ...[
      `Host: ${MARK}.example`,
      `Cookie: ${MARK}`,
      `X: ${"y".repeat(20_000)}`,
      `Origin: http://${MARK}.example`,
      ": x",
    ],
    ...[
      "If-None-Match: *",
      `Authorization: Basic ${MARK}`,
      "Accept-Encoding: gzip, br",
      "X\u0000: 1",
      " folded",
    ],
  ),
);
const request = fc.tuple(
  method,
  path,
  fc.constantFrom(...Array<string>(12).fill("HTTP/1.1"), "HTTP/1.0", "HTTP/2.0", "HTTP/0.9", ""),
  fc.oneof({ weight: 2, arbitrary: fc.constant<string[]>([]) }, fc.array(header, { maxLength: 4 })),
  fc.constantFrom("", "", "hello", "5\r\nhello\r\n0\r\n\r\n", "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"),
).map(([method, path, version, headers, body]) =>
  [`${method} ${path} ${version}`, "Host: 127.0.0.1", "Connection: close", ...headers, "", body].join("\r\n")
);
const PIECES = [
  "\r\n",
  "\n",
  "\r",
  "\0",
  " ",
  ":",
  "/",
  "?",
  "%",
  "GET ",
  "HTTP/1.1",
  "\u00ff",
  "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
];

/** Requests to the endpoint. */
export const httpRequests = family({
  name: "http",
  holds:
    "any request gets a status that is no error of the agent's, nothing of it comes back, and the endpoint lives on",
  sample: 40,
  cases: fc.oneof({ weight: 2, arbitrary: request }, mutatedText(request, PIECES)),
  check: async (text) => {
    served ??= new Served().open();
    const endpoint = await served;
    const answer = await endpoint.ask(text, UNFINISHED_MS);
    const events = endpoint.log.events("error");
    assert.deepEqual(events, [], "the agent logged an error");
    for (const [, status] of answer.matchAll(/^HTTP\/1\.[01] (\d{3})/gm)) {
      assert.match(status!, /^(?:100|200|4\d\d|505)$/, `the status is ${status}`);
    }
    assert.ok(!answer.includes(MARK), "something of the request comes back");
    if (answer.includes("HTTP/1.1 200")) {
      assert.match(answer, /^x-content-type-options: nosniff\r$/m);
      assert.match(answer, /^cache-control: no-store\r$/m);
    }
    const alive = await endpoint.ask(
      "GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n",
      ALIVE_MS,
    );
    assert.match(alive, /^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\nalive\n$/);
  },
  close: async () => {
    await (await served)?.close();
    served = null;
  },
});
