import assert from "node:assert/strict";
import {
  HTTP_ANSWER_TIMEOUT_MS,
  HTTP_REQUEST_TIMEOUT_MS,
  HttpServer,
  type HttpTimeLimits,
  MAX_HTTP_ANSWER_BYTES,
  MAX_HTTP_BODY_BYTES,
  MAX_HTTP_CONNECTIONS,
  MAX_HTTP_HEAD_BYTES,
  MAX_HTTP_UNREAD_ANSWERS,
  oldestOfBusiest,
} from "../../src/lib/http_server.ts";
import { freePort } from "../../scripts/scene/free_port.ts";

/** A server on a port of its own. */
class Bench implements AsyncDisposable {
  readonly errors: unknown[] = [];
  readonly server: HttpServer;
  readonly #port = freePort();
  readonly #connections: Deno.TcpConn[] = [];

  constructor(limits: HttpTimeLimits = {}, body: BodyInit = "here") {
    this.server = new HttpServer({
      ...limits,
      address: { hostname: "127.0.0.1", port: this.#port },
      answer: ({ url }) =>
        url.endsWith("/bug") ? Promise.reject(new Error("bug")) : Promise.resolve(new Response(body)),
      onError: (error) => this.errors.push(error),
    });
  }

  async connect(): Promise<Deno.TcpConn> {
    const connection = await Deno.connect({ hostname: "127.0.0.1", port: this.#port });
    this.#connections.push(connection);
    return connection;
  }

  /** What the server sends until it closes the connection; what breaks off counts as far as it came. */
  async read(connection: Deno.TcpConn): Promise<string> {
    const decoder = new TextDecoder();
    const buffer = new Uint8Array(65_536);
    let text = "";
    try {
      for (let n = await connection.read(buffer); n !== null; n = await connection.read(buffer)) {
        text += decoder.decode(buffer.subarray(0, n), { stream: true });
      }
    } catch {
      // The server has reset the connection.
    }
    return text;
  }

  async ask(request: string): Promise<string> {
    const connection = await this.connect();
    await send(connection, request);
    return await this.read(connection);
  }

  /** Sends a request, and reads no more than the first four bytes that come; none from a server that refuses. */
  async begin(request: string): Promise<string> {
    const connection = await this.connect();
    const buffer = new Uint8Array(4);
    try {
      await send(connection, request);
      await connection.read(buffer);
    } catch {
      // The server has reset the connection.
    }
    return new TextDecoder().decode(buffer).replaceAll("\0", "");
  }

  /** Closes the client's side of all connections. */
  hangUp(): void {
    for (const connection of this.#connections.splice(0)) connection.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.hangUp();
    await this.server.close(5_000);
  }
}

async function send(connection: Deno.TcpConn, text: string): Promise<void> {
  const bytes = new TextEncoder().encode(text);
  for (let sent = 0; sent < bytes.length;) sent += await connection.write(bytes.subarray(sent));
}

const GET = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";

Deno.test("HttpServer answers one request and closes the connection", async () => {
  await using bench = new Bench();
  const answer = await bench.ask(GET + GET);
  assert.match(answer, /^HTTP\/1\.1 200 OK\r\n/);
  assert.match(answer, /\r\nconnection: close\r\n/);
  assert.match(answer, /\r\ncontent-length: 4\r\n/);
  assert.match(answer, /\r\n\r\nhere$/);
});

Deno.test("HttpServer puts a request together that arrives byte by byte", async () => {
  await using bench = new Bench();
  const connection = await bench.connect();
  for (const byte of GET) await send(connection, byte);
  assert.match(await bench.read(connection), /here$/);
});

Deno.test("HttpServer leaves the body out of an answer to HEAD", async () => {
  await using bench = new Bench();
  const answer = await bench.ask(GET.replace("GET", "HEAD"));
  assert.match(answer, /\r\ncontent-length: 4\r\n/);
  assert.match(answer, /\r\n\r\n$/);
});

Deno.test("HttpServer says what is wrong with a request that it cannot read", async () => {
  await using bench = new Bench();
  const answer = await bench.ask("hello\r\n\r\n");
  assert.match(answer, /^HTTP\/1\.1 400 Bad Request\r\n[^]*it must be like GET \/ HTTP\/1\.1\n$/);
});

Deno.test("HttpServer answers 500 for an error behind it, and reports it", async () => {
  await using bench = new Bench();
  assert.match(await bench.ask(GET.replace("/", "/bug")), /^HTTP\/1\.1 500 Internal Server Error\r\n/);
  assert.equal(bench.errors.length, 1);
});

Deno.test("HttpServer refuses a head longer than MAX_HTTP_HEAD_BYTES", async () => {
  await using bench = new Bench();
  const fitting = `GET / HTTP/1.1\r\nHost: localhost\r\nX: `;
  const filler = "x".repeat(MAX_HTTP_HEAD_BYTES - fitting.length - 4);
  assert.match(await bench.ask(`${fitting}${filler}\r\n\r\n`), /^HTTP\/1\.1 200 /);
  const answer = await bench.ask(`${fitting}${filler}x\r\n\r\n`);
  assert.match(answer, /^HTTP\/1\.1 431 [^]*longer than 16384 bytes\n$/);
});

Deno.test("HttpServer reads at most MAX_HTTP_BODY_BYTES of a body that nobody needs", async () => {
  await using bench = new Bench();
  assert.match(await bench.ask(`${GET}${"x".repeat(1_000)}`), /here$/);
  const connection = await bench.connect();
  await send(connection, GET);
  const answer = bench.read(connection);
  const body = "x".repeat(MAX_HTTP_BODY_BYTES);
  let sent = 0;
  await assert.rejects(async () => {
    // What the kernel takes for the server counts, too.
    for (; sent < 400; sent++) await send(connection, body);
  });
  assert.match(await answer, /^HTTP\/1\.1 200 /);
});

Deno.test("HttpServer serves no answer larger than MAX_HTTP_ANSWER_BYTES", async () => {
  await using bench = new Bench({}, "x".repeat(MAX_HTTP_ANSWER_BYTES + 1));
  assert.match(await bench.ask(GET), /^HTTP\/1\.1 500 [^]*it would be more than 8388608 bytes\n$/);
});

Deno.test("HttpServer drops a client whose request takes longer than its limit", async () => {
  await using bench = new Bench({ requestMs: 100 });
  const silent = await bench.connect();
  const slow = await bench.connect();
  const dribble = setInterval(() => void send(slow, "x").catch(() => clearInterval(dribble)), 20);
  const startMs = performance.now();
  assert.deepEqual(await Promise.all([bench.read(silent), bench.read(slow)]), ["", ""]);
  clearInterval(dribble);
  assert.ok(performance.now() - startMs < 2_000);
});

Deno.test("HttpServer drops a client that takes its answer too slowly", async () => {
  await using bench = new Bench({ answerMs: 100 }, new Uint8Array(MAX_HTTP_ANSWER_BYTES));
  const connection = await bench.connect();
  await send(connection, GET);
  await waitUntil(() => bench.server.connections === 1);
  await waitUntil(() => bench.server.connections === 0);
  assert.ok((await bench.read(connection)).length < MAX_HTTP_ANSWER_BYTES);
});

Deno.test("HttpServer refuses an address whose clients leave MAX_HTTP_UNREAD_ANSWERS answers unread, until they go", async () => {
  await using bench = new Bench({ answerMs: 100 }, new Uint8Array(MAX_HTTP_ANSWER_BYTES));
  for (let i = 0; i < MAX_HTTP_UNREAD_ANSWERS; i++) {
    assert.match(await bench.begin(GET), /^HTTP/);
    await waitUntil(() => bench.server.connections === 0);
  }
  assert.equal(await bench.begin(GET), "");
  bench.hangUp();
  for (let i = 0; i < 100 && await bench.begin(GET) === ""; i++) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.match(await bench.begin(GET), /^HTTP/);
});

Deno.test("HttpServer allows HTTP_REQUEST_TIMEOUT_MS and HTTP_ANSWER_TIMEOUT_MS unless it is told otherwise", async () => {
  await using bench = new Bench({}, new Uint8Array(MAX_HTTP_ANSWER_BYTES));
  const [silent, reader] = [await bench.connect(), await bench.connect()];
  const startMs = performance.now();
  await send(reader, GET);
  assert.equal(await bench.read(silent), "");
  const requestMs = performance.now() - startMs;
  assert.ok(requestMs > HTTP_REQUEST_TIMEOUT_MS - 500 && requestMs < HTTP_REQUEST_TIMEOUT_MS + 3_000);
  assert.equal(bench.server.connections, 1);
  await waitUntil(() => bench.server.connections === 0, HTTP_ANSWER_TIMEOUT_MS);
  assert.ok(performance.now() - startMs > HTTP_ANSWER_TIMEOUT_MS - 500);
});

Deno.test("HttpServer has at most MAX_HTTP_CONNECTIONS, and drops the oldest for a new one", async () => {
  await using bench = new Bench();
  const silent: Deno.TcpConn[] = [];
  for (let i = 0; i < 2 * MAX_HTTP_CONNECTIONS; i++) silent.push(await bench.connect());
  await waitUntil(() => bench.server.connections === MAX_HTTP_CONNECTIONS);
  assert.equal(await bench.read(silent[0]!), "");
  assert.match(await bench.ask(GET), /here$/);
  await send(silent.at(-1)!, GET);
  assert.match(await bench.read(silent.at(-1)!), /here$/);
});

Deno.test("oldestOfBusiest spares the address with fewer connections", () => {
  const clients = ["a", "b", "b", "a", "b"].map((address, id) => ({ address, id }));
  assert.equal(oldestOfBusiest(clients).id, 1);
  assert.equal(oldestOfBusiest(clients.slice(0, 2)).id, 0);
});

async function waitUntil(isTrue: () => boolean, limitMs = 5_000): Promise<void> {
  for (let i = 0; i < limitMs / 10 && !isTrue(); i++) await new Promise((resolve) => setTimeout(resolve, 10));
  assert.ok(isTrue(), "not in time");
}
