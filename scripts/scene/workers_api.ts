/**
 * The workers API of InfiniteHash Proxy, for demos and tests: the average hashrate of each worker over a span.
 *
 * @module
 */

/** A worker's hashrate from a moment on. */
interface Change {
  readonly atMs: number;
  readonly hashratePh: number;
}

/** Options of {@link WorkersApi}. */
export interface WorkersApiOptions {
  /** Milliseconds since 1970. @default Date.now */
  readonly nowMs?: () => number;
}

/** A proxy's API on 127.0.0.1. Tests tell it what the machines deliver. */
export class WorkersApi implements AsyncDisposable {
  /** The requests so far. */
  readonly requests: URL[] = [];
  /** Replaces the answer, to play a broken proxy. */
  answer: ((url: URL) => Response | Promise<Response>) | null = null;
  readonly #nowMs: () => number;
  readonly #changes = new Map<string, Change[]>();
  readonly #server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    const url = new URL(request.url);
    this.requests.push(url);
    return this.answer === null ? this.#list(url) : this.answer(url);
  });

  constructor({ nowMs = Date.now }: WorkersApiOptions = {}) {
    this.#nowMs = nowMs;
  }

  /** As `workers_api` in the configuration. */
  get url(): string {
    return `http://127.0.0.1:${this.#server.addr.port}`;
  }

  /** Sets the hashrate of a worker from now on, or from another time. */
  deliver(workerId: string, hashratePh: number, sinceMs = this.#nowMs()): void {
    const changes = this.#changes.get(workerId) ?? [];
    this.#changes.set(workerId, [...changes, { atMs: sinceMs, hashratePh }]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }

  #list({ pathname, searchParams }: URL): Response {
    if (pathname !== "/api/v1/workers") return Response.json({ detail: "Not Found" }, { status: 404 });
    const [startMs, endMs] = ["start_time", "end_time"].map((name) =>
      Date.parse(searchParams.get(name) ?? "")
    );
    const [limit, offset] = ["limit", "offset"].map((name) => Number(searchParams.get(name) ?? NaN));
    if (!(startMs! < endMs!) || !(limit! > 0) || !(offset! >= 0)) {
      return Response.json({ detail: "Unprocessable Entity" }, { status: 422 });
    }
    const pattern = globOf(searchParams.get("pattern") ?? "*");
    const workers = [...this.#changes].filter(([workerId]) => pattern.test(workerId))
      .sort(([a], [b]) => a < b ? -1 : 1)
      .slice(offset, offset! + limit!)
      .map(([worker_id, changes]) => ({ worker_id, hashrate: averagePh(changes, startMs!, endMs!) * 1e15 }));
    return Response.json({ workers });
  }
}

function averagePh(changes: readonly Change[], startMs: number, endMs: number): number {
  const sum = changes.reduce((sum, { atMs, hashratePh }, i) => {
    const fromMs = Math.max(startMs, atMs);
    const toMs = Math.min(endMs, changes[i + 1]?.atMs ?? Infinity);
    return sum + hashratePh * Math.max(0, toMs - fromMs);
  }, 0);
  return sum / (endMs - startMs);
}

/** `*` stands for any text. */
function globOf(pattern: string): RegExp {
  const parts = pattern.split("*").map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`, "s");
}
