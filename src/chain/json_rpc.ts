/**
 * JSON-RPC 2.0 over one WebSocket: every request has its own time limit, every failure names the endpoint and the request,
 * and closing is immediate.
 *
 * Time limits follow progress as far as it shows. A `WebSocket` hands over whole messages, so the bytes of a large one
 * that is on its way cannot be counted. Small answers are limited by the time since the last answer; while a large one
 * may be under way in front of them, only the large one's own limit holds, which is that of the job. Deno's WebSocket is
 * kept because it uses the site's HTTP proxy and tries all addresses of a host, which raw connections do not.
 *
 * It replaces the `WsProvider` of @polkadot/api, which checks timeouts only every 5 s, logs to the console, throws from its
 * event handlers on an answer that is not JSON (which ends a Deno process), and loads the whole codec library, which the
 * head watcher does not need.
 *
 * @module
 */

import { certificateFailure } from "../lib/certificate_failure.ts";
import { within } from "../lib/within.ts";
import { ChainError, type ChainErrorKind } from "./errors.ts";
import { HEDGE_AFTER_MS } from "./hedge.ts";
import { endpointLabel } from "./networks.ts";

/** Options of {@linkcode openJsonRpc}. */
export interface JsonRpcOptions {
  /** A ws or wss URL. */
  readonly endpoint: string;
  /** For the WebSocket handshake, in milliseconds. */
  readonly connectTimeoutMs: number;
  /** For a small answer since the request or the last answer, in milliseconds. */
  readonly requestTimeoutMs: number;
  /** For an answer that may be large, in milliseconds. @default requestTimeoutMs */
  readonly largeRequestTimeoutMs?: number | undefined;
  /** Called once if the handshake takes longer than {@linkcode HEDGE_AFTER_MS}. */
  readonly onSlowHandshake?: (() => void) | undefined;
  /** Closes the connection and fails all pending requests. */
  readonly signal?: AbortSignal | undefined;
}

/** Receives the notifications of a subscription. */
export interface SubscriptionHandlers {
  onMessage(result: unknown): void;
  /** Called at most once, when the subscription ends. */
  onEnd(error: ChainError): void;
}

/** A live subscription. */
export interface JsonRpcSubscription {
  /** Stops deliveries at once and tells the node, ignoring failures. */
  unsubscribe(): void;
}

interface PendingRequest {
  readonly method: string;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: ChainError) => void;
  readonly isLarge: boolean;
  readonly askedMs: number;
  timer: number;
}

/** The methods whose answers may take longer than any small answer: metadata, lists of records, whole blocks. */
const LARGE_ANSWERS: ReadonlySet<string> = new Set([
  "state_getMetadata",
  "state_call",
  "state_getKeysPaged",
  "state_queryStorageAt",
  "chain_getBlock",
]);

// The messages of Substrate nodes for a pruned or unknown block. The code (4003) is that of every client error, including a
// trapped runtime call, so only the text distinguishes them.
const UNKNOWN_BLOCK = /UnknownBlock|State already discarded|Header was not found|unknown block/i;
/** The longest message of a node: sixty times the metadata, and several times 4096 records of the largest kind. */
export const MAX_REPLY_CHARACTERS = 32 * 1024 * 1024;
// A node that sends more notifications than this for unknown subscriptions is broken or hostile.
const MAX_EARLY_NOTIFICATIONS = 1000;
const CLOSE_TIMEOUT_MS = 250;

/**
 * Opens a connection.
 *
 * @throws {ChainError} `unreachable`, `timeout` or `aborted`.
 */
export async function openJsonRpc(options: JsonRpcOptions): Promise<JsonRpcConnection> {
  const { endpoint, connectTimeoutMs, signal, onSlowHandshake } = options;
  const label = endpointLabel(endpoint);
  if (signal?.aborted) throw abortedError(label, null, signal);
  const socket = new WebSocket(endpoint);
  const opened = Promise.withResolvers<void>();
  const fail = (kind: ChainErrorKind, what: string): void => {
    const why = certificateFailure(what) ?? `${what}; check the address, that the node runs, and the network`;
    opened.reject(
      new ChainError(`Cannot connect to ${label}: ${why}`, { kind, endpoint: label, retryable: true }),
    );
  };
  const timer = setTimeout(
    () => fail("timeout", `no answer within ${connectTimeoutMs} ms`),
    connectTimeoutMs,
  );
  const slow = setTimeout(() => onSlowHandshake?.(), HEDGE_AFTER_MS);
  const onAbort = (): void => opened.reject(abortedError(label, null, signal));
  signal?.addEventListener("abort", onAbort, { once: true });
  socket.onopen = () => opened.resolve();
  socket.onerror = (event) => fail("unreachable", errorEventText(event));
  socket.onclose = (event) => fail("unreachable", `the connection was closed (code ${event.code})`);
  try {
    await opened.promise;
  } catch (error) {
    await closeSocket(socket);
    throw error;
  } finally {
    clearTimeout(timer);
    clearTimeout(slow);
    signal?.removeEventListener("abort", onAbort);
  }
  return new JsonRpcConnection(socket, options);
}

/** An open connection; created by {@linkcode openJsonRpc}. */
export class JsonRpcConnection {
  /** The endpoint without access keys. */
  readonly endpoint: string;

  readonly #socket: WebSocket;
  readonly #requestTimeoutMs: number;
  readonly #largeRequestTimeoutMs: number;
  readonly #stallListeners = new Set<() => void>();
  readonly #pending = new Map<number, PendingRequest>();
  readonly #subscriptions = new Map<string, SubscriptionHandlers>();
  readonly #early = new Map<string, unknown[]>();
  readonly #signal: AbortSignal | undefined;
  readonly #onAbort: () => void;
  #receivedBytes = 0;
  #earlyCount = 0;
  #nextId = 1;
  #ended: ChainError | null = null;
  readonly #gone = Promise.withResolvers<void>();
  #lastAnswerMs = -Infinity;
  #stallTimer: number | undefined;

  constructor(socket: WebSocket, options: JsonRpcOptions) {
    this.endpoint = endpointLabel(options.endpoint);
    this.#socket = socket;
    this.#requestTimeoutMs = options.requestTimeoutMs;
    this.#largeRequestTimeoutMs = options.largeRequestTimeoutMs ?? options.requestTimeoutMs;
    this.#signal = options.signal;
    this.#onAbort = () => {
      this.#end(abortedError(this.endpoint, null, this.#signal));
      void closeSocket(this.#socket);
    };
    this.#signal?.addEventListener("abort", this.#onAbort, { once: true });
    socket.onmessage = (event) => this.#receive(event.data);
    socket.onerror = (event) => this.#lost(errorEventText(event));
    socket.onclose = (event) => this.#lost(`the connection was closed (code ${event.code})`);
    socket.addEventListener("close", () => this.#gone.resolve());
    if (socket.readyState === WebSocket.CLOSED) this.#gone.resolve();
    if (socket.readyState !== WebSocket.OPEN) this.#lost("the connection was closed at once");
  }

  /**
   * Resolves when the socket is closed. Deno offers no way to drop the socket of a node that hangs: it stays until the node
   * answers the closing handshake or the kernel gives up, which takes about 15 minutes.
   */
  get gone(): Promise<void> {
    return this.#gone.promise;
  }

  /** How much the node has sent. Its texts are ASCII but for words of error messages. */
  get receivedBytes(): number {
    return this.#receivedBytes;
  }

  /** Whether requests can be sent. */
  get isOpen(): boolean {
    return this.#ended === null;
  }

  /**
   * Sends one request.
   *
   * @param params positional; trailing `null`s count as missing.
   * @returns the `result` member, unchecked.
   * @throws {ChainError} `rpc`, `missing-state`, `timeout`, `unreachable` or `aborted`.
   */
  request(method: string, params: readonly unknown[] = []): Promise<unknown> {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    if (this.#ended !== null) {
      reject(this.#errorFor(method, this.#ended));
      return promise;
    }
    const id = this.#nextId++;
    const isLarge = LARGE_ANSWERS.has(method);
    const limitMs = isLarge ? this.#largeRequestTimeoutMs : this.#requestTimeoutMs;
    const timer = setTimeout(() => this.#checkLimit(id), limitMs);
    this.#pending.set(id, { method, resolve, reject, isLarge, askedMs: performance.now(), timer });
    this.#stallTimer ??= this.#stallLater();
    this.#socket.send(JSON.stringify({ jsonrpc: "2.0", id, method, params }));
    return promise;
  }

  /**
   * Calls the listener whenever requests wait and no answer has come for {@linkcode HEDGE_AFTER_MS}.
   *
   * @returns stops that.
   */
  watchStalls(listener: () => void): () => void {
    this.#stallListeners.add(listener);
    return () => this.#stallListeners.delete(listener);
  }

  /**
   * Starts a subscription. Notifications that arrive before the answer to `method` are delivered in order.
   *
   * @throws {ChainError} as {@linkcode request}.
   */
  async subscribe(
    method: string,
    unsubscribeMethod: string,
    params: readonly unknown[],
    handlers: SubscriptionHandlers,
  ): Promise<JsonRpcSubscription> {
    const result = await this.request(method, params);
    const id = subscriptionId(result);
    if (id === null) throw invalidAnswer(this.endpoint, method, "it is not a subscription ID");
    this.#subscriptions.set(id, handlers);
    const early = this.#early.get(id) ?? [];
    this.#early.delete(id);
    this.#earlyCount -= early.length;
    for (const notification of early) this.#deliver(id, notification);
    // The connection may have ended since the answer, before this subscriber was registered.
    if (this.#ended !== null && this.#subscriptions.delete(id)) {
      handlers.onEnd(this.#errorFor(method, this.#ended));
    }
    return {
      unsubscribe: () => {
        if (!this.#subscriptions.delete(id) || !this.isOpen) return;
        this.request(unsubscribeMethod, [result]).catch(() => {});
      },
    };
  }

  /** Closes the connection; pending requests fail as `aborted`. Safe to call twice. */
  async close(): Promise<void> {
    this.#end(
      new ChainError(`Cannot use the connection to ${this.endpoint}: it has been closed; open a new one`, {
        kind: "aborted",
        endpoint: this.endpoint,
        retryable: true,
      }),
    );
    await closeSocket(this.#socket);
  }

  #receive(data: unknown): void {
    if (typeof data === "string") this.#receivedBytes += data.length;
    if (typeof data === "string" && data.length > MAX_REPLY_CHARACTERS) {
      this.#lost(`it sent a message of more than ${MAX_REPLY_CHARACTERS} characters`);
      void closeSocket(this.#socket);
      return;
    }
    let message: unknown;
    try {
      message = typeof data === "string" ? JSON.parse(data) : undefined;
    } catch {
      message = undefined;
    }
    if (!isRecord(message)) {
      this.#lost("it sent something that is not a JSON-RPC message");
      void closeSocket(this.#socket);
      return;
    }
    if (typeof message["method"] === "string") {
      const params = isRecord(message["params"]) ? message["params"] : {};
      const id = subscriptionId(params["subscription"]);
      if (id !== null) this.#notify(id, params["result"]);
      return;
    }
    const id = message["id"];
    const pending = typeof id === "number" ? this.#pending.get(id) : undefined;
    // An answer after its deadline is ignored.
    if (pending === undefined) return;
    this.#pending.delete(id as number);
    clearTimeout(pending.timer);
    this.#noteProgress();
    const error = message["error"];
    if (isRecord(error)) pending.reject(this.#rpcError(pending.method, error));
    else if (Object.hasOwn(message, "result")) pending.resolve(message["result"]);
    else pending.reject(invalidAnswer(this.endpoint, pending.method, "it has neither result nor error"));
  }

  #noteProgress(): void {
    this.#lastAnswerMs = performance.now();
    clearTimeout(this.#stallTimer);
    this.#stallTimer = this.#pending.size === 0 ? undefined : this.#stallLater();
  }

  #stallLater(): number {
    return setTimeout(() => {
      this.#stallTimer = undefined;
      if (this.#pending.size > 0) { for (const listener of [...this.#stallListeners]) listener(); }
    }, HEDGE_AFTER_MS);
  }

  /** Ends a request whose time is up, or gives it the rest of it. */
  #checkLimit(id: number): void {
    const pending = this.#pending.get(id);
    if (pending === undefined) return;
    const { method, isLarge, askedMs, reject } = pending;
    let limitMs = this.#largeRequestTimeoutMs;
    if (!isLarge) {
      limitMs = this.#requestTimeoutMs;
      const waitsForLarge = this.#pending.values().some((other) => other.isLarge);
      const sinceMs = waitsForLarge ? performance.now() : Math.max(askedMs, this.#lastAnswerMs);
      const restMs = sinceMs + limitMs - performance.now();
      if (restMs > 0) {
        pending.timer = setTimeout(() => this.#checkLimit(id), restMs);
        return;
      }
    }
    this.#pending.delete(id);
    reject(
      new ChainError(
        `Cannot complete ${method}: ${this.endpoint} did not answer within ${limitMs} ms; ` +
          "try again or use another endpoint",
        { kind: "timeout", endpoint: this.endpoint, request: method, retryable: true },
      ),
    );
  }

  #notify(id: string, result: unknown): void {
    if (this.#subscriptions.has(id)) {
      this.#deliver(id, result);
      return;
    }
    if (this.#earlyCount >= MAX_EARLY_NOTIFICATIONS) return;
    this.#earlyCount++;
    const early = this.#early.get(id);
    if (early === undefined) this.#early.set(id, [result]);
    else early.push(result);
  }

  #deliver(id: string, result: unknown): void {
    this.#subscriptions.get(id)?.onMessage(result);
  }

  #rpcError(method: string, error: Record<string, unknown>): ChainError {
    const code = typeof error["code"] === "number" ? error["code"] : null;
    const text = [error["message"], error["data"]].filter((part) => typeof part === "string").join(": ");
    const isMissingState = UNKNOWN_BLOCK.test(text);
    return new ChainError(
      isMissingState
        ? `Cannot complete ${method}: ${this.endpoint} has pruned, or does not know, the state of that block ` +
          `(${text}); use a node that keeps at least 256 blocks, or an archive node`
        : `Cannot complete ${method}: ${this.endpoint} answered with error ${
          code ?? "without code"
        }: ${text}`,
      {
        kind: isMissingState ? "missing-state" : "rpc",
        endpoint: this.endpoint,
        request: method,
        retryable: true,
        code,
      },
    );
  }

  #lost(what: string): void {
    this.#end(
      new ChainError(`Cannot go on with ${this.endpoint}: ${what}; try again or use another endpoint`, {
        kind: "unreachable",
        endpoint: this.endpoint,
        retryable: true,
      }),
    );
  }

  #end(reason: ChainError): void {
    if (this.#ended !== null) return;
    this.#ended = reason;
    this.#signal?.removeEventListener("abort", this.#onAbort);
    clearTimeout(this.#stallTimer);
    const pending = [...this.#pending.values()];
    const subscribers = [...this.#subscriptions.values()];
    this.#pending.clear();
    this.#subscriptions.clear();
    this.#early.clear();
    for (const request of pending) {
      clearTimeout(request.timer);
      request.reject(this.#errorFor(request.method, reason));
    }
    for (const subscriber of subscribers) subscriber.onEnd(reason);
  }

  #errorFor(method: string, reason: ChainError): ChainError {
    return new ChainError(`Cannot complete ${method}: ${reason.message}`, {
      kind: reason.kind,
      endpoint: this.endpoint,
      request: method,
      retryable: reason.retryable,
      cause: reason,
    });
  }
}

/** The error of an answer with the wrong shape. */
export function invalidAnswer(endpoint: string, request: string, what: string, cause?: unknown): ChainError {
  return new ChainError(
    `Cannot read the answer of ${endpoint} to ${request}: ${what}; use another endpoint, or report this`,
    { kind: "invalid-answer", endpoint, request, retryable: true, cause },
  );
}

function abortedError(endpoint: string, request: string | null, signal: AbortSignal | undefined): ChainError {
  return new ChainError(`Cannot go on with ${endpoint}: the job was stopped`, {
    kind: "aborted",
    endpoint,
    request,
    retryable: true,
    cause: signal?.reason,
  });
}

function errorEventText(event: Event): string {
  return event instanceof ErrorEvent && event.message !== "" ? event.message : "the connection failed";
}

/** A subscription's ID; `null` for what is none. */
function subscriptionId(value: unknown): string | null {
  return typeof value === "string" || typeof value === "number" ? String(value) : null;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Closes the socket and waits for its close event, with a timeout for peers that do not answer. */
async function closeSocket(socket: WebSocket): Promise<void> {
  if (socket.readyState === WebSocket.CLOSED) return;
  const closed = Promise.withResolvers<void>();
  socket.addEventListener("close", () => closed.resolve(), { once: true });
  try {
    socket.close();
  } catch {
    // It is already failing; the close event follows.
  }
  await within(CLOSE_TIMEOUT_MS, closed.promise);
}
