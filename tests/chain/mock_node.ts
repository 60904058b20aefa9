/**
 * A node of nothing but canned answers, for faults that a chain simulator does not have.
 *
 * @module
 */

/** Gives the result of a request; throws `RpcFault` for an error answer; `NO_ANSWER` says nothing at all. */
export type MockMethod = (params: unknown[], node: MockSession) => unknown;

/** The side of one connected client. */
export interface MockSession {
  /** Sends a notification of a subscription. */
  notify(subscription: string, result: unknown): void;
  /** Sends any text. */
  sendText(text: string): void;
  /** Closes the connection. */
  close(): void;
}

/** An error answer. */
export class RpcFault extends Error {
  constructor(readonly code: number, message: string, readonly data?: string) {
    super(message);
  }
}

/** Returned by a method that never answers. */
export const NO_ANSWER = Symbol("no answer");

/** A running mock. */
export interface MockNode extends AsyncDisposable {
  readonly url: string;
  /** The methods asked for, in order. */
  readonly requests: string[];
  /** The parameters of the requests for one method, in order. */
  paramsOf(method: string): unknown[][];
}

/** Starts a mock on a free port of 127.0.0.1; unknown methods answer -32601. */
export function startMockNode(methods: Record<string, MockMethod>): MockNode {
  const log: { method: string; params: unknown[] }[] = [];
  const sockets = new Set<WebSocket>();
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    if (request.headers.get("upgrade") !== "websocket") return new Response("mock", { status: 426 });
    const { socket, response } = Deno.upgradeWebSocket(request);
    sockets.add(socket);
    socket.onclose = () => sockets.delete(socket);
    const send = (message: object): void => {
      if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify({ jsonrpc: "2.0", ...message }));
    };
    const session: MockSession = {
      notify: (subscription, result) =>
        send({ method: "mock_notification", params: { subscription, result } }),
      sendText: (text) => socket.send(text),
      close: () => socket.close(),
    };
    socket.onmessage = ({ data }) => {
      const { id, method, params } = JSON.parse(data);
      log.push({ method, params });
      try {
        const handler = methods[method];
        if (handler === undefined) throw new RpcFault(-32601, "Method not found");
        const result = handler(params, session);
        if (result !== NO_ANSWER) send({ id, result });
      } catch (error) {
        if (!(error instanceof RpcFault)) throw error;
        send({ id, error: { code: error.code, message: error.message, data: error.data } });
      }
    };
    return response;
  });
  return {
    url: `ws://127.0.0.1:${server.addr.port}`,
    get requests() {
      return log.map(({ method }) => method);
    },
    paramsOf: (method) => log.filter((entry) => entry.method === method).map(({ params }) => params),
    async [Symbol.asyncDispose](): Promise<void> {
      for (const socket of sockets) socket.close();
      await server.shutdown();
    },
  };
}
