/**
 * A proxy in front of a node that misbehaves at one stage of a conversation.
 *
 * A stage is a request by its method, with `#2`, `#3` … for repetitions: `chain_getHeader`, `state_getStorage#2`. Calls
 * of the runtime go by their own name: `Metadata_metadata_versions`. A notification is a stage by its method
 * (`chain_newHead`), and {@linkcode CONNECT} is the handshake.
 *
 * @module
 */

import { ServerSocket } from "./server_socket.ts";

/** The stage of a new connection, before the handshake is answered. */
export const CONNECT = "connect";

/** A message of the node to the client, at the stage of a fault. */
export interface StruckMessage {
  /** The node's message; at {@linkcode CONNECT} the answer to the handshake. */
  readonly text: string;
  readonly stage: string;
  /** The client's connection. */
  readonly client: ServerSocket;
  /** What else the fault can turn: the node's door. */
  readonly proxy: FaultProxy;
}

/** How the node misbehaves. */
export interface Fault {
  readonly name: string;
  /** Whether it concerns the handshake, or messages. */
  readonly at: "handshake" | "message";
  /** Whether the client's request stays partly unread, so that closing the connection resets it. */
  readonly leavesUnread?: boolean;
  /** Takes the message's place. It may send anything, or nothing. */
  strike(message: StruckMessage): void | Promise<void>;
}

/** One client's connection with its own connection to the node. */
interface Session {
  readonly client: ServerSocket;
  readonly node: WebSocket;
}

/** The proxy; listens on 127.0.0.1. */
export class FaultProxy implements AsyncDisposable {
  readonly #port: number;
  readonly #sessions = new Set<Session>();
  #listener: Deno.TcpListener | null;
  #serving: Promise<void>;
  #target: string;
  #armed: { readonly fault: Fault; readonly stage: string } | null = null;
  #counts = new Map<string, number>();
  #hasStruck = false;
  #rewrite: ((text: string) => string) | null = null;
  #reopening: number | undefined;
  #opening: Promise<void> = Promise.resolve();

  constructor(target: string) {
    this.#target = target;
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    this.#port = this.#listener.addr.port;
    this.#serving = this.#serve(this.#listener);
  }

  get url(): string {
    return `ws://127.0.0.1:${this.#port}`;
  }

  /** The stages seen since {@linkcode arm}, in order. */
  get stages(): readonly string[] {
    return [...this.#counts].flatMap(([name, count]) =>
      Array.from({ length: count }, (_, index) => index === 0 ? name : `${name}#${index + 1}`)
    );
  }

  /** Whether the fault's stage was reached. */
  get hasStruck(): boolean {
    return this.#hasStruck;
  }

  /** Whether no fault is to come any more. */
  get isQuiet(): boolean {
    return this.#armed === null || this.#hasStruck;
  }

  /** Resolves when new clients are accepted. */
  get isOpen(): Promise<void> {
    return this.#opening;
  }

  /** How many clients are connected. */
  get connectionCount(): number {
    return [...this.#sessions].filter(({ client }) => !client.isClosed).length;
  }

  /** Forgets what was seen, and misbehaves once at this stage. */
  arm(fault: Fault, stage: string): void {
    this.calm();
    this.#armed = { fault, stage };
  }

  /** Forgets what was seen, and behaves. */
  calm(): void {
    this.#armed = null;
    this.#rewrite = null;
    this.#counts = new Map();
    this.#hasStruck = false;
  }

  /** Ends the connections that hang. */
  endHanging(): void {
    for (const { client } of this.#sessions) if (client.isMute) client.close();
  }

  /** Rewrites all further messages of the node. */
  rewrite(change: (text: string) => string): void {
    this.#rewrite = change;
  }

  /** Sends new clients to another node. */
  retarget(target: string): void {
    this.#target = target;
  }

  /** Closes all connections, and refuses new ones for this long. */
  restart(downMs: number): void {
    this.#listener?.close();
    this.#listener = null;
    for (const { client } of this.#sessions) client.close();
    this.#opening = new Promise((resolve) => {
      this.#reopening = setTimeout(() => {
        this.#listener = Deno.listen({ hostname: "127.0.0.1", port: this.#port });
        this.#serving = Promise.all([this.#serving, this.#serve(this.#listener)]).then(() => {});
        resolve();
      }, downMs);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearTimeout(this.#reopening);
    this.#listener?.close();
    for (const { client } of this.#sessions) client.close();
    await this.#serving;
    await Promise.all([...this.#sessions].map(({ node }) => closed(node)));
  }

  async #serve(listener: Deno.TcpListener): Promise<void> {
    const sessions: Promise<void>[] = [];
    try {
      for await (const conn of listener) sessions.push(this.#accept(new ServerSocket(conn)));
    } catch (error) {
      if (!(error instanceof Deno.errors.BadResource)) throw error;
    }
    await Promise.all(sessions);
  }

  async #accept(client: ServerSocket): Promise<void> {
    const session = { client, node: new WebSocket(this.#target) };
    this.#sessions.add(session);
    const opened = new Promise<void>((resolve) => {
      session.node.onopen = () => resolve();
      session.node.onclose = () => resolve();
    });
    const answer = await client.readHandshake();
    await opened;
    if (answer !== null) {
      const fault = this.#struckBy(this.#enter(CONNECT));
      if (fault === null) await client.write(new TextEncoder().encode(answer));
      else await fault.strike({ text: answer, stage: CONNECT, client, proxy: this });
      await this.#relay(session);
    }
    client.close();
    await closed(session.node);
    this.#sessions.delete(session);
  }

  /** Carries messages in both directions until the client is gone. */
  async #relay({ client, node }: Session): Promise<void> {
    const stages = new Map<unknown, { readonly stage: string; readonly fault: Fault | null }>();
    node.onmessage = ({ data }) => {
      const text = this.#rewrite === null ? String(data) : this.#rewrite(String(data));
      const { id, method } = JSON.parse(text);
      const stage = method === undefined ? stages.get(id)?.stage : this.#enter(method);
      const fault = method === undefined ? stages.get(id)?.fault ?? null : this.#struckBy(stage!);
      if (fault === null) void client.send(text);
      else void fault.strike({ text, stage: stage!, client, proxy: this });
    };
    node.onclose = () => client.close();
    for (;;) {
      const request = await client.readObject();
      if (request === null) return;
      const { id, method, params } = JSON.parse(request.text);
      const stage = this.#enter(method === "state_call" ? params[0] : method);
      const fault = this.#struckBy(stage);
      stages.set(id, { stage, fault });
      if (node.readyState === WebSocket.OPEN) node.send(request.text);
      if (fault?.leavesUnread !== true) await request.finish();
      else await new Promise((resolve) => setTimeout(resolve, UNREAD_MS));
    }
  }

  #enter(name: string): string {
    const count = (this.#counts.get(name) ?? 0) + 1;
    this.#counts.set(name, count);
    return count === 1 ? name : `${name}#${count}`;
  }

  /** The fault that strikes at this stage: each strikes once. */
  #struckBy(stage: string): Fault | null {
    if (this.#hasStruck || this.#armed?.stage !== stage) return null;
    this.#hasStruck = true;
    return this.#armed.fault;
  }
}

/** How long a request stays unread, for its answer to come and the connection to be closed. */
const UNREAD_MS = 1_000;

async function closed(socket: WebSocket): Promise<void> {
  if (socket.readyState === WebSocket.CLOSED) return;
  const ended = new Promise((resolve) => socket.addEventListener("close", resolve, { once: true }));
  socket.close();
  await ended;
}
