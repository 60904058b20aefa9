/**
 * A simulated miner's API over real TCP, on 127.0.0.1 only.
 *
 * @module
 */

import { SimulatedMiner, type SimulatedMinerOptions } from "./miner.ts";

/** Options of {@linkcode startMiner}. */
export interface MinerServerOptions extends SimulatedMinerOptions {
  /** @default {0} any free one */
  readonly port?: number;
}

/** A listening miner. Like cgminer, it serves one connection at a time and one request per connection. */
export class MinerServer {
  readonly miner: SimulatedMiner;
  readonly host = "127.0.0.1";
  readonly port: number;
  /** What follows each answer. cgminer sends a NUL; other firmware a newline, several NULs, nothing, or garbage. */
  ending = "\0";
  /** Changes the text of each answer, for the sins of real firmware. */
  rewrite: (json: string) => string = (json) => json;

  #listener: Deno.TcpListener | null = null;
  #connection: Deno.TcpConn | null = null;
  #stop = new AbortController();
  #served: Promise<void> = Promise.resolve();
  #accepted = 0;

  constructor({ port = 0, ...options }: MinerServerOptions) {
    this.miner = new SimulatedMiner(options);
    this.port = this.#listen(port);
  }

  /** Connections taken so far. */
  get acceptedCount(): number {
    return this.#accepted;
  }

  /** Pulls the plug: nothing listens any more, and the connection that is open breaks. */
  async stop(): Promise<void> {
    if (this.#listener === null) return;
    this.#listener.close();
    this.#listener = null;
    this.#stop.abort();
    this.#closeConnection();
    await this.#served;
  }

  /** Puts the plug back, at the same port. */
  resume(): void {
    if (this.#listener === null) this.#listen(this.port);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #listen(port: number): number {
    this.#listener = Deno.listen({ hostname: this.host, port });
    this.#stop = new AbortController();
    this.#served = this.#serve(this.#listener);
    return this.#listener.addr.port;
  }

  async #serve(listener: Deno.TcpListener): Promise<void> {
    for await (const connection of listener) {
      this.#accepted++;
      this.#connection = connection;
      try {
        await this.#answer(connection);
      } catch (error) {
        // The client went away, or the plug was pulled.
        if (!isConnectionEnd(error)) throw error;
      } finally {
        this.#closeConnection();
      }
    }
  }

  async #answer(connection: Deno.TcpConn): Promise<void> {
    const { miner } = this;
    if (miner.fault?.kind === "shut-out") return;
    const request = await readRequest(connection);
    if (request === null) return;
    const { fault } = miner;
    if (fault?.kind === "mute") return await untilClosed(connection);
    const json = this.rewrite(miner.answer(request));
    if (fault?.kind === "mute-switch" && request.includes("switchpool")) return await untilClosed(connection);
    const answer = new TextEncoder().encode(
      (fault?.kind === "garbled" ? "<html>It works!</html>" : json) + this.ending,
    );
    if (fault?.kind === "slow") await this.#wait(fault.delayMs);
    if (fault?.kind === "trickle") return await this.#trickle(connection, answer, fault.delayMs);
    await writeAll(connection, fault?.kind === "drop" ? answer.subarray(0, answer.length >> 1) : answer);
  }

  async #trickle(connection: Deno.TcpConn, answer: Uint8Array, delayMs: number): Promise<void> {
    for (let i = 0; i < answer.length && !this.#stop.signal.aborted; i++) {
      await writeAll(connection, answer.subarray(i, i + 1));
      await this.#wait(delayMs);
    }
  }

  /** Ends early when the plug is pulled. */
  #wait(ms: number): Promise<void> {
    const { signal } = this.#stop;
    return new Promise((resolve) => {
      const finish = (): void => {
        clearTimeout(timer);
        signal.removeEventListener("abort", finish);
        resolve();
      };
      const timer = setTimeout(finish, signal.aborted ? 0 : ms);
      signal.addEventListener("abort", finish);
    });
  }

  #closeConnection(): void {
    this.#connection?.close();
    this.#connection = null;
  }
}

/**
 * Starts a miner.
 *
 * ```ts
 * await using server = startMiner({ hashratePh: 0.2, dialect: "bmminer", switchMs: 3000 });
 * server.miner.fault = { kind: "liar" };
 * ```
 */
export function startMiner(options: MinerServerOptions = {}): MinerServer {
  return new MinerServer(options);
}

/** A request ends with its closing brace, a newline or a NUL; `null`: the client went away first. */
async function readRequest(connection: Deno.TcpConn): Promise<string | null> {
  const decoder = new TextDecoder();
  const buffer = new Uint8Array(4096);
  let text = "";
  for (;;) {
    const count = await connection.read(buffer);
    if (count === null) return null;
    text += decoder.decode(buffer.subarray(0, count), { stream: true });
    if (/[}\n\0]\s*$/.test(text)) return text.replaceAll("\0", "").trim();
  }
}

async function untilClosed(connection: Deno.TcpConn): Promise<void> {
  const buffer = new Uint8Array(64);
  while (await connection.read(buffer) !== null);
}

async function writeAll(connection: Deno.TcpConn, data: Uint8Array): Promise<void> {
  for (let written = 0; written < data.length;) written += await connection.write(data.subarray(written));
}

function isConnectionEnd(error: unknown): boolean {
  return [
    Deno.errors.BadResource,
    Deno.errors.Interrupted,
    Deno.errors.BrokenPipe,
    Deno.errors.ConnectionReset,
    Deno.errors.ConnectionAborted,
    Deno.errors.NotConnected,
  ].some((kind) => error instanceof kind);
}
