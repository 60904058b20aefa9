/**
 * A relay between a client and a node that writes down what passes: when, how many bytes, which question.
 *
 * @module
 */

/** A message of the client, or of the node. */
export interface RelayedMessage {
  /** Milliseconds since 1970. */
  readonly atMs: number;
  readonly from: "client" | "node";
  /** The JSON text's length in bytes, without the WebSocket's frame. */
  readonly bytes: number;
  readonly text: string;
  /** The method of a question or of a notification; `null` for an answer. */
  readonly method: string | null;
}

/** What passed since the recording began. */
export interface Recording {
  /** When the first client connected, in milliseconds since 1970; `null` if none did. */
  readonly connectedAtMs: number | null;
  readonly messages: readonly RelayedMessage[];
}

/** The relay; listens on 127.0.0.1. */
export class RecordingRelay implements AsyncDisposable {
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  readonly #sockets = new Set<WebSocket>();
  #connectedAtMs: number | null = null;
  #messages: RelayedMessage[] = [];

  constructor(private readonly target: string) {
    this.#server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen: () => {} },
      (request) => this.#accept(request),
    );
  }

  get url(): string {
    return `ws://127.0.0.1:${this.#server.addr.port}`;
  }

  get recording(): Recording {
    return { connectedAtMs: this.#connectedAtMs, messages: this.#messages };
  }

  /** Forgets what was recorded. */
  begin(): void {
    this.#connectedAtMs = null;
    this.#messages = [];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.close();
    await this.#server.shutdown();
  }

  #accept(request: Request): Response {
    this.#connectedAtMs ??= nowMs();
    const { socket: client, response } = Deno.upgradeWebSocket(request);
    const node = new WebSocket(this.target);
    this.#sockets.add(client).add(node);
    const waiting: string[] = [];
    node.onopen = () => waiting.forEach((text) => node.send(text));
    client.onmessage = ({ data }) => {
      this.#note("client", data);
      if (node.readyState === WebSocket.OPEN) node.send(data);
      else waiting.push(data);
    };
    node.onmessage = ({ data }) => {
      this.#note("node", data);
      if (client.readyState === WebSocket.OPEN) client.send(data);
    };
    client.onclose = () => this.#end(client, node);
    node.onclose = () => this.#end(node, client);
    return response;
  }

  #note(from: RelayedMessage["from"], text: string): void {
    const method = from === "client" ? (JSON.parse(text).method ?? null) : null;
    this.#messages.push({ atMs: nowMs(), from, bytes: new TextEncoder().encode(text).length, text, method });
  }

  #end(ended: WebSocket, other: WebSocket): void {
    this.#sockets.delete(ended);
    if (other.readyState <= WebSocket.OPEN) other.close();
  }
}

function nowMs(): number {
  return performance.timeOrigin + performance.now();
}
