import assert from "node:assert/strict";
import { freePort } from "../../../scripts/scene/free_port.ts";
import { LogRecorder } from "../../support/log_recorder.ts";
import { MAX_HTTP_ANSWER_BYTES, MAX_HTTP_CONNECTIONS } from "../../../src/lib/http_server.ts";
import { HttpEndpoint } from "../../../src/operator/status/http_endpoint.ts";
import { holdConnections } from "./slow_connections.ts";
import { FakeAgent } from "./fake_agent.ts";

async function read(port: number): Promise<string> {
  return await (await fetch(`http://127.0.0.1:${port}/`)).text();
}

/** Sends bytes and reads until the endpoint closes the connection. */
async function ask(port: number, request: string): Promise<string> {
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  await connection.write(new TextEncoder().encode(request));
  return await new Response(connection.readable).text();
}

Deno.test("HttpEndpoint listens on its address, changes it, and stops", async () => {
  const log = new LogRecorder();
  const endpoint = new HttpEndpoint({ log, answer: () => Promise.resolve(new Response("here")) });
  const [first, second] = [freePort(), freePort()];
  await endpoint.listenOn({ hostname: "127.0.0.1", port: first });
  await endpoint.listenOn({ hostname: "127.0.0.1", port: first });
  assert.equal(await read(first), "here");
  await endpoint.listenOn({ hostname: "127.0.0.1", port: second });
  assert.equal(await read(second), "here");
  await assert.rejects(read(first));
  await endpoint.listenOn(null);
  await assert.rejects(read(second));
  assert.deepEqual(log.events(), ["Listening for HTTP", "Listening for HTTP"]);
});

Deno.test("HttpEndpoint says once that its port is taken, and listens when it has become free", async () => {
  const log = new LogRecorder();
  const endpoint = new HttpEndpoint({ log, answer: () => Promise.resolve(new Response("here")) });
  const taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = taken.addr as Deno.NetAddr;
  for (let i = 0; i < 3; i++) await endpoint.listenOn({ hostname: "127.0.0.1", port });
  assert.deepEqual(log.events("error"), ["Cannot listen for HTTP"]);
  assert.match(String(log.fieldsOf("Cannot listen for HTTP")?.error), /in use/i);
  taken.close();
  await endpoint.listenOn({ hostname: "127.0.0.1", port });
  assert.equal(await read(port), "here");
  await endpoint.listenOn(null);
});

Deno.test("HttpEndpoint warns when other machines can reach it", async () => {
  const log = new LogRecorder();
  const endpoint = new HttpEndpoint({ log, answer: () => Promise.resolve(new Response("here")) });
  await endpoint.listenOn({ hostname: "0.0.0.0", port: freePort() });
  await endpoint.listenOn(null);
  assert.deepEqual(log.events("warning"), ["The status can be read by whoever reaches this address"]);
});

Deno.test("HttpEndpoint answers 500 for an error of its own and goes on", async () => {
  const log = new LogRecorder();
  let calls = 0;
  const endpoint = new HttpEndpoint({
    log,
    answer: () => ++calls === 1 ? Promise.reject(new Error("bug")) : Promise.resolve(new Response("here")),
  });
  const port = freePort();
  await endpoint.listenOn({ hostname: "127.0.0.1", port });
  assert.equal(await read(port), "Cannot answer: an error of the agent's, see its log\n");
  assert.equal(await read(port), "here");
  assert.deepEqual(log.events("error"), ["Cannot answer an HTTP request"]);
  await endpoint.listenOn(null);
});

Deno.test("HttpEndpoint does not wait for a client that reads nothing", async () => {
  const log = new LogRecorder();
  const large = new Uint8Array(MAX_HTTP_ANSWER_BYTES);
  const endpoint = new HttpEndpoint({ log, answer: () => Promise.resolve(new Response(large)) });
  const port = freePort();
  await endpoint.listenOn({ hostname: "127.0.0.1", port });
  using client = await Deno.connect({ hostname: "127.0.0.1", port });
  await client.write(new TextEncoder().encode("GET / HTTP/1.1\r\nhost: localhost\r\n\r\n"));
  await client.read(new Uint8Array(100));
  const start = performance.now();
  await endpoint.listenOn(null);
  assert.ok(performance.now() - start < 2_000);
});

Deno.test("HttpEndpoint on a loopback address answers only for the names of this machine", async () => {
  const log = new LogRecorder();
  const endpoint = new HttpEndpoint({ log, answer: () => Promise.resolve(new Response("here")) });
  const port = freePort();
  await endpoint.listenOn({ hostname: "127.0.0.1", port });
  for (const host of ["127.0.0.1", `127.0.0.1:${port}`, "localhost", "LOCALHOST:80", "[::1]", "[::1]:9464"]) {
    assert.match(await ask(port, `GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`), /^HTTP\/1\.1 200 OK\r\n/, host);
  }
  for (const host of ["evil.example", `evil.example:${port}`, "localhost.evil.example", "10.0.0.7"]) {
    const answer = await ask(port, `GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
    assert.match(answer, /^HTTP\/1\.1 421 Misdirected Request\r\n/, host);
    assert.match(
      answer,
      /it must be localhost, 127\.0\.0\.1 or \[::1\]\..*send the header Host: 127\.0\.0\.1\n$/,
    );
  }
  // The host of an absolute target comes before that of the header.
  const target = "GET http://evil.example/ HTTP/1.1\r\nHost: localhost\r\n\r\n";
  assert.match(await ask(port, target), /^HTTP\/1\.1 421 /);
  await endpoint.listenOn(null);
});

Deno.test("HttpEndpoint on another address answers for any host name", async () => {
  const log = new LogRecorder();
  const endpoint = new HttpEndpoint({ log, answer: () => Promise.resolve(new Response("here")) });
  const port = freePort();
  await endpoint.listenOn({ hostname: "0.0.0.0", port });
  const answer = await ask(port, "GET / HTTP/1.1\r\nHost: miner.example\r\n\r\n");
  await endpoint.listenOn(null);
  assert.match(answer, /^HTTP\/1\.1 200 /);
});

Deno.test({
  name: "HttpEndpoint answers /healthz while slow clients ask for more connections than it allows",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    const count = 2 * MAX_HTTP_CONNECTIONS;
    const { opened, healthAnswers, healthFailures, slowestHealthMs, mostOpenFiles } = await holdConnections(
      count,
      1_500,
    );
    assert.ok(opened >= count, `only ${opened} connections were opened`);
    assert.ok(healthAnswers > 3, `only ${healthAnswers} answers`);
    assert.equal(healthFailures, 0);
    // A second is the promise; other tests keep the host busy.
    assert.ok(slowestHealthMs < 3_000, `an answer took ${slowestHealthMs} ms`);
    // Deno's own files and libraries, beside the connections.
    assert.ok(mostOpenFiles < MAX_HTTP_CONNECTIONS + 150, `${mostOpenFiles} files were open`);
  },
});

Deno.test("Telemetry listens where the settings that were read last say", async () => {
  await using agent = new FakeAgent();
  const port = freePort();
  await agent.readSettings(`[http]\nlisten = "127.0.0.1:${port}"\n`);
  // The endpoint takes its turn after the observer returned.
  await new Promise((resolve) => setTimeout(resolve));
  const response = await fetch(`http://127.0.0.1:${port}/readyz`);
  assert.equal(response.status, 503);
  await response.body?.cancel();
  const head = await fetch(`http://127.0.0.1:${port}/`, { method: "HEAD" });
  assert.equal(await head.text(), "");
  assert.equal(agent.log.events().includes("Listening for HTTP"), true);
});
