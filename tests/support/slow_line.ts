/**
 * A line with little bandwidth and long delays, in both directions.
 *
 * @module
 */

/** As much is on its way at once, so that a client sees progress. */
const PIECE_BYTES = 512;

/** What a line is like. */
export interface LineQuality {
  readonly bytesPerSecond: number;
  /** One way: half a round trip. */
  readonly delayMs: number;
}

const PERFECT: LineQuality = { bytesPerSecond: Infinity, delayMs: 0 };

/** Relays TCP connections to another port of 127.0.0.1. It is perfect until it is told otherwise. */
export class SlowLine implements AsyncDisposable {
  /** Bytes that came from the target so far. */
  receivedBytes = 0;
  quality: LineQuality = PERFECT;
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #targetPort: number;
  readonly #connections = new Set<Deno.TcpConn>();
  readonly #serving: Promise<void>;

  constructor(targetPort: number) {
    this.#targetPort = targetPort;
    this.#serving = this.#serve();
  }

  get url(): string {
    return `ws://127.0.0.1:${this.#listener.addr.port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    for (const connection of this.#connections) this.#close(connection);
    await this.#serving;
  }

  async #serve(): Promise<void> {
    const relays: Promise<void>[] = [];
    try {
      for await (const client of this.#listener) relays.push(this.#relay(client));
    } catch (error) {
      if (!(error instanceof Deno.errors.BadResource)) throw error;
    }
    await Promise.all(relays);
  }

  async #relay(client: Deno.TcpConn): Promise<void> {
    const target = await Deno.connect({ hostname: "127.0.0.1", port: this.#targetPort });
    const both = [client, target];
    for (const connection of both) this.#connections.add(connection);
    const count = (bytes: number): void => void (this.receivedBytes += bytes);
    await Promise.all([this.#carry(client, target, () => {}), this.#carry(target, client, count)]);
  }

  /** Carries bytes in one direction until one of the two ends is gone, then ends both. */
  async #carry(from: Deno.TcpConn, to: Deno.TcpConn, count: (bytes: number) => void): Promise<void> {
    /** When the line is free for the next piece. */
    let freeMs = 0;
    let written: Promise<void> = Promise.resolve();
    try {
      const buffer = new Uint8Array(64 * 1024);
      for (let length = await from.read(buffer); length !== null; length = await from.read(buffer)) {
        const chunk = buffer.slice(0, length);
        count(length);
        for (let start = 0; start < chunk.length; start += PIECE_BYTES) {
          const piece = chunk.slice(start, start + PIECE_BYTES);
          const { bytesPerSecond, delayMs } = this.quality;
          freeMs = Math.max(freeMs, performance.now()) + piece.length / bytesPerSecond * 1000;
          const arrivesMs = freeMs + delayMs;
          written = written.then(async () => {
            await until(arrivesMs);
            await writeAll(to, piece);
          });
        }
      }
      await written;
    } catch (error) {
      if (!isGone(error)) throw error;
    } finally {
      await written.catch(() => {});
      for (const connection of [from, to]) this.#close(connection);
    }
  }

  #close(connection: Deno.TcpConn): void {
    if (this.#connections.delete(connection)) connection.close();
  }
}

async function until(ms: number): Promise<void> {
  const restMs = ms - performance.now();
  if (restMs > 0) await new Promise((resolve) => setTimeout(resolve, restMs));
}

async function writeAll(to: Deno.TcpConn, bytes: Uint8Array): Promise<void> {
  for (let sent = 0; sent < bytes.length;) sent += await to.write(bytes.subarray(sent));
}

function isGone(error: unknown): boolean {
  return error instanceof Deno.errors.BadResource || error instanceof Deno.errors.ConnectionReset ||
    error instanceof Deno.errors.BrokenPipe || error instanceof Deno.errors.Interrupted;
}
