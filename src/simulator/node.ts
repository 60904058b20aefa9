/**
 * The JSON-RPC side of the simulated node: requests and batches over WebSocket and HTTP POST, subscriptions, request
 * counts and faults.
 *
 * @module
 */

import { within } from "../lib/within.ts";
import type { Fault } from "./fault.ts";
import { invalidParams, methodNotFound, RpcError } from "./rpc_error.ts";
import { RPC_METHODS, type RpcContext, type SubscriptionHost } from "./rpc_methods.ts";
import { Params } from "./rpc_params.ts";
import { asError } from "../lib/errors.ts";

/** A JSON-RPC response. */
interface RpcResponse {
  readonly jsonrpc: "2.0";
  readonly id: unknown;
  readonly result?: unknown;
  readonly error?: unknown;
}

/** Where a request came from. */
interface Connection {
  /** `null` if the transport cannot notify. */
  readonly subscriptions: SubscriptionHost | null;
  close(): void;
}

/** No answer is to be sent. */
class SilenceError extends Error {
  override readonly name = "SilenceError";
}

/** A client may have gone without an answer to the end of its connection. */
const CLOSE_PATIENCE_MS = 1_000;

/** Plain HTTP: no subscriptions, and nothing to close. */
const HTTP_CONNECTION: Connection = { subscriptions: null, close: () => {} };

/** Answers JSON-RPC. */
export class RpcNode {
  readonly #context: Omit<RpcContext, "subscriptions">;
  readonly #faults: Map<string, Fault>;
  readonly #counts = new Map<string, number>();
  readonly #sockets = new Set<WebSocket>();
  readonly #stopped = new AbortController();
  #subscriptionCount = 0;

  constructor(context: Omit<RpcContext, "subscriptions">, faults: Readonly<Record<string, Fault>>) {
    this.#context = context;
    this.#faults = new Map(Object.entries(faults));
  }

  /** How often each method was called. */
  get counts(): Record<string, number> {
    return Object.fromEntries(this.#counts);
  }

  /** Starts counting again. */
  resetCounts(): void {
    this.#counts.clear();
  }

  /** Sets or, with `null`, removes the fault of an RPC method or of a runtime API method. */
  setFault(method: string, fault: Fault | null): void {
    if (fault === null) this.#faults.delete(method);
    else this.#faults.set(method, fault);
  }

  /** Handles an HTTP request: an upgrade to WebSocket, or JSON-RPC by POST. */
  async handle(request: Request): Promise<Response> {
    if (request.headers.get("upgrade")?.toLowerCase() === "websocket") return this.#upgrade(request);
    if (request.method !== "POST") return new Response("Use WebSocket, or POST JSON-RPC\n", { status: 405 });
    const answer = await this.#answer(HTTP_CONNECTION, await request.text());
    return answer === null ? new Response(null, { status: 204 }) : Response.json(answer);
  }

  /** Closes all connections, as a node that goes down does; new ones are still taken. */
  disconnectAll(): void {
    for (const socket of this.#sockets) socket.close();
  }

  /** Ends what still waits, and closes all connections; resolves when they are closed. */
  async close(): Promise<void> {
    this.#stopped.abort();
    const closed = Array.from(
      this.#sockets,
      (socket) => new Promise((resolve) => socket.addEventListener("close", resolve, { once: true })),
    );
    this.disconnectAll();
    await within(CLOSE_PATIENCE_MS, Promise.all(closed));
  }

  #upgrade(request: Request): Response {
    const { socket, response } = Deno.upgradeWebSocket(request, { idleTimeout: 0 });
    const stops = new Map<string, () => void>();
    const send = (text: string): void => {
      if (socket.readyState === WebSocket.OPEN) socket.send(text);
    };
    const close = (id: string): boolean => {
      stops.get(id)?.();
      return stops.delete(id);
    };
    this.#sockets.add(socket);
    socket.onclose = () => {
      this.#sockets.delete(socket);
      for (const id of stops.keys()) close(id);
    };
    // A broken connection is closed too; there is nothing else to do.
    socket.onerror = () => {};
    socket.onmessage = async ({ data }) => {
      // A client must learn a subscription's id before its first notification.
      let backlog: string[] | null = [];
      const open: SubscriptionHost["open"] = (method, start) => {
        const id = subscriptionId(++this.#subscriptionCount);
        const stop = start((result) => {
          const text = JSON.stringify({ jsonrpc: "2.0", method, params: { subscription: id, result } });
          if (backlog === null) send(text);
          else backlog.push(text);
        });
        stops.set(id, stop);
        return id;
      };
      const connection = { close: () => socket.close(), subscriptions: { open, close } };
      const answer = await this.#answer(connection, String(data));
      if (answer !== null) send(JSON.stringify(answer));
      for (const text of backlog) send(text);
      backlog = null;
    };
    return response;
  }

  async #answer(connection: Connection, text: string): Promise<RpcResponse | RpcResponse[] | null> {
    let body: unknown;
    try {
      body = JSON.parse(text);
    } catch {
      return failure(null, new RpcError(-32700, "Parse error"));
    }
    if (!Array.isArray(body)) return await this.#call(connection, body);
    if (body.length === 0) return failure(null, new RpcError(-32600, "Invalid request"));
    const answers: RpcResponse[] = [];
    for (const call of body) {
      const answer = await this.#call(connection, call);
      if (answer !== null) answers.push(answer);
    }
    return answers.length === 0 ? null : answers;
  }

  async #call(connection: Connection, call: unknown): Promise<RpcResponse | null> {
    if (!isCall(call)) return failure(null, new RpcError(-32600, "Invalid request"));
    const { id, method } = call;
    this.#counts.set(method, (this.#counts.get(method) ?? 0) + 1);
    try {
      const result = await this.#run(connection, method, call.params);
      return id === undefined ? null : { jsonrpc: "2.0", id, result };
    } catch (error) {
      if (error instanceof SilenceError || id === undefined) return null;
      return failure(id, error instanceof RpcError ? error : unexpected(error));
    }
  }

  async #run(connection: Connection, method: string, given: unknown): Promise<unknown> {
    const known = RPC_METHODS.get(method);
    if (known === undefined || this.#context.disabled.has(method)) throw methodNotFound();
    const { subscriptions } = connection;
    if (known.needsSubscriptions && subscriptions === null) throw methodNotFound();
    const params = new Params(known.params, given);
    const fault = this.#faults.get(method) ??
      (method === "state_call" ? this.#faults.get(params.text(0)) : undefined);
    if (fault !== undefined) await this.#misbehave(fault, connection);
    return known.run({ ...this.#context, subscriptions: subscriptions ?? NO_SUBSCRIPTIONS }, params);
  }

  async #misbehave(fault: Fault, connection: Connection): Promise<void> {
    switch (fault.kind) {
      case "delay":
        return await this.#delay(fault.delayMs);
      case "hang":
        throw new SilenceError();
      case "close":
        connection.close();
        throw new SilenceError();
      case "error":
        throw new RpcError(fault.code, fault.message, fault.data);
    }
  }

  async #delay(delayMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, delayMs);
    this.#stopped.signal.addEventListener("abort", () => resolve(), { once: true });
    await promise;
    clearTimeout(timer);
  }
}

/** For methods that do not need any. */
const NO_SUBSCRIPTIONS: SubscriptionHost = {
  open: () => {
    throw methodNotFound();
  },
  close: () => false,
};

function isCall(call: unknown): call is { id?: unknown; method: string; params?: unknown } {
  return typeof call === "object" && call !== null && "method" in call && typeof call.method === "string";
}

/** What encoders and checks throw is about the caller's input; anything else is our own fault. */
function unexpected(error: unknown): RpcError {
  if (error instanceof RangeError || error instanceof TypeError) return invalidParams(error.message);
  return new RpcError(-32603, "Internal error", asError(error).message);
}

function failure(id: unknown, error: RpcError): RpcResponse {
  return { jsonrpc: "2.0", id, error: error.toJSON() };
}

/** Whole bytes of hex: turbobt reads ids as bytes and writes them back. */
function subscriptionId(count: number): string {
  const digits = count.toString(16);
  return `0x${digits.length % 2 === 0 ? digits : `0${digits}`}`;
}
