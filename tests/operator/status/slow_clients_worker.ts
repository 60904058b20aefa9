/** The slow clients of `slow_connections.ts`, in a thread of their own, so that they do not slow down who watches. */

/// <reference no-default-lib="true" />
/// <reference lib="deno.worker" />

import type { Order } from "./slow_connections.ts";

const DRIBBLE_INTERVAL_MS = 1_000;
/** How many connections are being opened at a time. */
const OPENING = 100;

let attack: Attack | null = null;
self.onmessage = async ({ data }: MessageEvent<Order>): Promise<void> => {
  if (data !== "how many") {
    attack = new Attack(data.port, data.count);
    await attack.start();
  }
  self.postMessage(attack?.opened);
};

/** The slow clients. */
class Attack {
  opened = 0;
  readonly #port: number;
  readonly #count: number;
  readonly #open = new Set<Deno.TcpConn>();
  #opening = 0;

  constructor(port: number, count: number) {
    this.#port = port;
    this.#count = count;
  }

  /** Resolves when all connections have been opened once; goes on then. */
  async start(): Promise<void> {
    await this.#openAll();
    void this.#dribble();
  }

  #close(connection: Deno.TcpConn): void {
    if (this.#open.delete(connection)) connection.close();
  }

  async #dribble(): Promise<void> {
    const byte = new TextEncoder().encode("x");
    while (true) {
      await new Promise((resolve) => setTimeout(resolve, DRIBBLE_INTERVAL_MS));
      for (const connection of this.#open) {
        connection.write(byte).catch(() => this.#close(connection));
      }
      await this.#openAll();
    }
  }

  async #openAll(): Promise<void> {
    const openOne = async (): Promise<void> => {
      while (this.#open.size + this.#opening < this.#count) {
        this.#opening++;
        try {
          this.#open.add(await Deno.connect({ hostname: "127.0.0.1", port: this.#port }));
          this.opened++;
        } catch {
          return;
        } finally {
          this.#opening--;
        }
      }
    };
    await Promise.all(Array.from({ length: OPENING }, openOne));
  }
}
