/**
 * A small HTTP/1 server for GET requests that no client can exhaust: the number of connections, times and sizes are bounded,
 * and each connection serves one request. `Deno.serve` and `node:http` of Deno 2.6 offer no such limits: there, each slow
 * client keeps a file open for as long as it likes, until connections to the chain, to proxies and to ASICs find none.
 *
 * @module
 */

import { STATUS_CODES } from "node:http";
import { setImmediate } from "node:timers";
import { HttpRefusal, parseRequestHead } from "./http_request.ts";
import type { ListenAddress } from "./listen_address.ts";
import { within } from "./within.ts";

/** How many connections are open at a time. One more takes the place of the oldest one of the busiest address. */
export const MAX_HTTP_CONNECTIONS = 512;
/** How long a client may take to send its request, in milliseconds. */
export const HTTP_REQUEST_TIMEOUT_MS = 5_000;
/** How long a client may take to receive its answer, in milliseconds. */
export const HTTP_ANSWER_TIMEOUT_MS = 10_000;
/** The longest request line with headers. */
export const MAX_HTTP_HEAD_BYTES = 16 * 1024;
/** How much of a body, which no request here needs, is read past before the connection is closed. */
export const MAX_HTTP_BODY_BYTES = 64 * 1024;
/** The largest answer. */
export const MAX_HTTP_ANSWER_BYTES = 8 * 1024 * 1024;

/**
 * How many dropped clients of one address may still hold their files. Deno keeps a connection open until a write that has
 * begun has ended, so that a client that reads nothing of its answer costs a file until it goes.
 */
export const MAX_HTTP_UNREAD_ANSWERS = 16;

/** How many clients are let in before it is looked at what they have sent: few beside {@link MAX_HTTP_CONNECTIONS}. */
const ADMITTED_AT_ONCE = 4;
/** The first buffer of a connection; most requests fit. */
const FIRST_BUFFER_BYTES = 1024;
/** How long a client may take to close its side after its answer. */
const LINGER_MS = 1_000;
const LATIN1 = new TextDecoder("latin1");
const [LF, CR] = [0x0a, 0x0d];
/** The pause after a connection could not be accepted, as when the process may open no more files. */
const ACCEPT_PAUSE_MS = 100;

/** Time limits, which tests shorten. */
export interface HttpTimeLimits {
  /** @default HTTP_REQUEST_TIMEOUT_MS */
  readonly requestMs?: number;
  /** @default HTTP_ANSWER_TIMEOUT_MS */
  readonly answerMs?: number;
}

/** Options of {@link HttpServer}. */
export interface HttpServerOptions extends HttpTimeLimits {
  readonly address: ListenAddress;
  readonly answer: (request: Request) => Promise<Response>;
  /** Called when `answer` rejects; the client gets status 500. */
  readonly onError: (error: unknown) => void;
}

/** A server that listens until it is closed. */
export class HttpServer {
  readonly #options: HttpServerOptions;
  readonly #listener: Deno.TcpListener;
  /** The oldest first. */
  readonly #clients = new Set<Client>();
  /** Dropped while an answer was being sent, and not yet closed. */
  readonly #leaving = new Set<Client>();
  readonly #accepting: Promise<void>;
  #isClosed = false;

  /** @throws {Error} of `Deno.errors` if it cannot listen there. */
  constructor(options: HttpServerOptions) {
    this.#options = options;
    this.#listener = Deno.listen({ ...options.address });
    this.#accepting = this.#acceptAll();
  }

  /** How many clients are connected. */
  get connections(): number {
    return this.#clients.size;
  }

  /** Stops listening, and ends the connections: those that are being answered after at most this time. */
  async close(patienceMs: number): Promise<void> {
    this.#isClosed = true;
    this.#listener.close();
    const clients = [...this.#clients, ...this.#leaving];
    for (const client of clients) if (!client.isAnswered) client.drop();
    await within(patienceMs, Promise.all(clients.map(({ ended }) => ended)));
    for (const client of clients) client.drop();
    await this.#accepting;
  }

  async #acceptAll(): Promise<void> {
    for (let admitted = 1; !this.#isClosed; admitted++) {
      try {
        const connection = await this.#listener.accept();
        if (this.#isRefused(connection.remoteAddr.hostname)) {
          connection.close();
          continue;
        }
        if (this.#clients.size >= MAX_HTTP_CONNECTIONS) oldestOfBusiest(this.#clients).drop();
        this.#admit(connection);
        // While others wait to be accepted, Deno would accept them all before it looks at what has arrived.
        if (admitted % ADMITTED_AT_ONCE === 0) await new Promise((resolve) => setImmediate(resolve));
      } catch {
        if (this.#isClosed) return;
        await new Promise((resolve) => setTimeout(resolve, ACCEPT_PAUSE_MS));
      }
    }
  }

  #admit(connection: Deno.TcpConn): void {
    const client = new Client(connection, this.#options, () => {
      this.#clients.delete(client);
      if (client.isAnswered) this.#leaving.add(client);
    });
    this.#clients.add(client);
    client.ended.then(() => this.#leaving.delete(client));
  }

  /** Whether an address, or all together, hold as many files of dropped connections as they may. */
  #isRefused(address: string): boolean {
    if (this.#leaving.size >= MAX_HTTP_CONNECTIONS) return true;
    const unread = [...this.#leaving].filter((client) => client.address === address);
    return unread.length >= MAX_HTTP_UNREAD_ANSWERS;
  }
}

/**
 * Who must go for a new client: so an address that holds many connections pushes out only its own.
 *
 * @param clients the oldest first, at least one.
 */
export function oldestOfBusiest<T extends { readonly address: string }>(clients: Iterable<T>): T {
  const counts = new Map<string, { readonly oldest: T; count: number }>();
  for (const client of clients) {
    const entry = counts.get(client.address);
    if (entry === undefined) counts.set(client.address, { oldest: client, count: 1 });
    else entry.count++;
  }
  return [...counts.values()].reduce((busiest, entry) => entry.count > busiest.count ? entry : busiest)
    .oldest;
}

/** One connection: a request, its answer, and the end. */
class Client {
  /** The address of the other side. */
  readonly address: string;
  /** Resolves when the connection is closed, and its file with it; never rejects. */
  readonly ended: Promise<void>;
  readonly #connection: Deno.TcpConn;
  readonly #options: HttpServerOptions;
  readonly #onEnd: () => void;
  #isAnswered = false;
  #isClosed = false;

  constructor(connection: Deno.TcpConn, options: HttpServerOptions, onEnd: () => void) {
    this.#connection = connection;
    this.#options = options;
    this.#onEnd = onEnd;
    this.address = connection.remoteAddr.hostname;
    this.ended = this.#serve();
  }

  /** Whether its request is complete, so that an answer is on its way. */
  get isAnswered(): boolean {
    return this.#isAnswered;
  }

  /** Closes the connection: at once, unless a write has begun. */
  drop(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#connection.close();
    this.#onEnd();
  }

  async #serve(): Promise<void> {
    const { requestMs = HTTP_REQUEST_TIMEOUT_MS, answerMs = HTTP_ANSWER_TIMEOUT_MS } = this.#options;
    try {
      const request = await this.#inTime(requestMs, () => this.#readRequest());
      if (request === null) return;
      this.#isAnswered = true;
      await this.#inTime(answerMs, async () => await this.#send(await this.#messageFor(request)));
      await this.#inTime(LINGER_MS, () => this.#linger());
    } catch {
      // The client has gone, or was dropped.
    } finally {
      this.drop();
    }
  }

  /** Takes a step, and drops the client if that takes too long. */
  async #inTime<T>(limitMs: number, step: () => Promise<T>): Promise<T> {
    const timer = setTimeout(() => this.drop(), limitMs);
    try {
      return await step();
    } finally {
      clearTimeout(timer);
    }
  }

  /** The request, or why it is refused; `null` if the client leaves without one. */
  async #readRequest(): Promise<Request | HttpRefusal | null> {
    let buffer = new Uint8Array(FIRST_BUFFER_BYTES);
    let length = 0;
    while (length < MAX_HTTP_HEAD_BYTES) {
      if (length === buffer.length) buffer = enlarged(buffer);
      const count = await this.#connection.read(buffer.subarray(length));
      if (count === null) return null;
      const end = endOfHead(buffer, length, length + count);
      length += count;
      if (end === null) continue;
      try {
        return parseRequestHead(LATIN1.decode(buffer.subarray(0, end)).trimEnd());
      } catch (error) {
        if (error instanceof HttpRefusal) return error;
        throw error;
      }
    }
    return new HttpRefusal(
      431,
      `Cannot answer: the request line and headers are longer than ${MAX_HTTP_HEAD_BYTES} bytes`,
    );
  }

  async #messageFor(request: Request | HttpRefusal): Promise<Uint8Array[]> {
    if (request instanceof HttpRefusal) {
      return await messageOf(plainResponse(request.status, request.message));
    }
    let response: Response;
    try {
      response = await this.#options.answer(request);
    } catch (error) {
      this.#options.onError(error);
      response = plainResponse(500, "Cannot answer: an error of the agent's, see its log");
    }
    const [head, body] = await messageOf(response);
    return request.method === "HEAD" ? [head] : [head, body];
  }

  async #send(parts: readonly Uint8Array[]): Promise<void> {
    for (const part of parts) {
      for (let sent = 0; sent < part.length;) sent += await this.#connection.write(part.subarray(sent));
    }
    await this.#connection.closeWrite();
  }

  /** Reads on until the client closes its side: closing before would destroy an answer that is still on its way. */
  async #linger(): Promise<void> {
    const buffer = new Uint8Array(4096);
    for (let length = 0; length < MAX_HTTP_BODY_BYTES;) {
      const count = await this.#connection.read(buffer);
      if (count === null) return;
      length += count;
    }
  }
}

function enlarged(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(2 * bytes.length);
  larger.set(bytes);
  return larger;
}

/** Where the blank line after a head begins, if it ends among the new bytes; each byte is looked at once. */
function endOfHead(bytes: Uint8Array, from: number, to: number): number | null {
  for (let i = from; i < to; i++) {
    if (bytes[i] !== LF) continue;
    const start = bytes[i - 1] === CR ? i - 1 : i;
    if (bytes[start - 1] === LF) return start - 1;
  }
  return null;
}

/** A response on the wire: its head and its body. */
async function messageOf(response: Response): Promise<[Uint8Array, Uint8Array]> {
  const body = await response.bytes();
  if (body.length > MAX_HTTP_ANSWER_BYTES) {
    return await messageOf(
      plainResponse(500, `Cannot answer: it would be more than ${MAX_HTTP_ANSWER_BYTES} bytes`),
    );
  }
  const headers = new Headers(response.headers);
  headers.set("connection", "close");
  headers.set("content-length", String(body.length));
  headers.set("date", new Date().toUTCString());
  const lines = [...headers].map(([name, value]) => `${name}: ${value}\r\n`);
  const status = `HTTP/1.1 ${response.status} ${STATUS_CODES[response.status] ?? ""}\r\n`;
  return [new TextEncoder().encode(`${status}${lines.join("")}\r\n`), body];
}

/** A response of one line of text. */
export function plainResponse(status: number, sentence: string): Response {
  return new Response(`${sentence}\n`, { status, headers: { "content-type": "text/plain; charset=utf-8" } });
}
