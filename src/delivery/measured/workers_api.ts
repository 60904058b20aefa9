/**
 * Reads the workers API of InfiniteHash Proxy, from which validators learn what a hotkey delivered (spec, section 10).
 *
 * @module
 */

import * as z from "zod";
import { mergeWorkers, type WorkerRecord } from "../../auction/credit/delivery_credit.ts";
import { HASHES_PER_PETAHASH } from "../../auction/protocol/constants.ts";
import {
  type Download,
  failure,
  hostOf,
  MAX_HASHRATE_PH,
  readInTime,
  type ReadOptions,
} from "./http_source.ts";
import { type Source, SOURCE_TIMEOUT_MS, type Span } from "./sources.ts";

/** The workers API of a proxy, and whose workers to ask for. */
export interface WorkersApi {
  /** http or https, without the API's own path; `user:password@` is sent as basic authentication. */
  readonly url: string;
  /** The account at the subnet's pool. */
  readonly account: string;
  /** SS58 address. */
  readonly hotkey: string;
}

/** The average hashrate of each worker of a hotkey in H/s, by suffix. */
export type WorkerHashrates = ReadonlyMap<string, bigint>;

const PATH = "api/v1/workers";
/** Workers on a page. */
const PAGE_LIMIT = 500;
/** More pages than any miner's workers fill: 25,000 workers. */
export const MAX_WORKERS_PAGES = 50;
const MAX_HASHRATE = MAX_HASHRATE_PH * HASHES_PER_PETAHASH;
/** A proxy whose clock differs more averages over another span than the window. */
export const MAX_CLOCK_DIFFERENCE_SECONDS = 30;

const page = z.object({ workers: z.array(z.unknown()) });
const worker = z.object({ worker_id: z.string(), hashrate: z.number().gte(0).lte(MAX_HASHRATE) });

/**
 * Reads the workers of a hotkey.
 *
 * @param span more than a second long.
 * @throws {import("./http_source.ts").DeliverySourceError} if they cannot be read or believed.
 * @throws the signal's reason if it aborts.
 */
export async function readWorkersApi(
  api: WorkersApi,
  span: Span,
  options: ReadOptions & { readonly nowMs?: () => number },
): Promise<WorkerHashrates> {
  const { url, hotkey } = api;
  const { nowMs = Date.now } = options;
  return await readInTime(url, options, async (download) => {
    const records: WorkerRecord[] = [];
    for (let pages = 0; pages < MAX_WORKERS_PAGES; pages++) {
      const workers = await readPage(api, span, pages * PAGE_LIMIT, download, nowMs);
      records.push(...workers);
      if (workers.length < PAGE_LIMIT) return mergeWorkers(hotkey, [], records);
    }
    throw failure(
      "endless",
      hostOf(url),
      `its list of workers does not end after ${MAX_WORKERS_PAGES} pages`,
    );
  });
}

/** The API as a source of the credited hashrate. */
export function workersSource(
  api: WorkersApi,
  options: Pick<ReadOptions, "fetch"> & { readonly nowMs?: () => number } = {},
): Source<WorkerHashrates> {
  return {
    key: JSON.stringify(api),
    name: `the workers API at ${hostOf(api.url)}`,
    read: (signal, span) => readWorkersApi(api, span, { timeoutMs: SOURCE_TIMEOUT_MS, ...options, signal }),
  };
}

async function readPage(
  { url, account, hotkey }: WorkersApi,
  { startMs, endMs }: Span,
  offset: number,
  download: Download,
  nowMs: () => number,
): Promise<WorkerRecord[]> {
  const place = hostOf(url);
  const prefix = `${account}.${hotkey}.`;
  const target = new URL(url);
  target.pathname = `${target.pathname.replace(/\/*$/, "")}/${PATH}`;
  target.search = new URLSearchParams({
    pattern: `${prefix}*`,
    start_time: isoSeconds(startMs),
    end_time: isoSeconds(endMs),
    limit: String(PAGE_LIMIT),
    offset: String(offset),
  }).toString();
  const { text, serverMs } = await download(target.href, "application/json");
  checkClock(place, serverMs, nowMs());
  const workers = parsePage(text, place);
  if (workers.length > PAGE_LIMIT) {
    throw failure(
      "not-workers",
      place,
      `it lists ${workers.length} workers where ${PAGE_LIMIT} were asked for`,
    );
  }
  const records = workers.map((item, i) => parseWorker(item, offset + i, place));
  const foreign = records.find(({ workerId }) => !workerId.startsWith(prefix));
  if (foreign === undefined) return records;
  const shown = JSON.stringify(foreign.workerId.slice(0, 100));
  throw failure("foreign", place, `it lists ${shown} where only workers of ${prefix}* were asked for`);
}

function parsePage(text: string, place: string): readonly unknown[] {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    throw failure("not-workers", place, "it answers with something other than JSON; correct workers_api");
  }
  const parsed = page.safeParse(document);
  if (parsed.success) return parsed.data.workers;
  throw failure("not-workers", place, "its answer has no list workers; correct workers_api");
}

function parseWorker(item: unknown, index: number, place: string): WorkerRecord {
  const parsed = worker.safeParse(item);
  if (parsed.success) return { workerId: parsed.data.worker_id, hashrate: parsed.data.hashrate };
  const key = parsed.error.issues[0]?.path.at(-1) ?? "entry";
  const value = typeof item === "object" && item !== null ? Reflect.get(item, key) : item;
  const shown = (JSON.stringify(value) ?? "missing").slice(0, 100);
  const kind = key === "hashrate" ? "no-hashrate" : "not-workers";
  const wanted = key === "hashrate" ? "a hashrate in H/s" : "a worker id";
  throw failure(
    kind,
    place,
    `workers[${index}].${String(key)} is ${shown}, not ${wanted}; see the proxy's log`,
  );
}

function checkClock(place: string, serverMs: number | null, nowMs: number): void {
  const seconds = serverMs === null ? 0 : Math.round((serverMs - nowMs) / 1000);
  if (Math.abs(seconds) <= MAX_CLOCK_DIFFERENCE_SECONDS) return;
  const how = `${Math.abs(seconds)} s ${seconds < 0 ? "behind" : "ahead of"} this host's`;
  const why = "it averages over another span than the window; check the time synchronisation of both";
  throw failure("clock", place, `its clock is ${how}, so ${why}`);
}

/** ISO 8601 to the second, in UTC. */
function isoSeconds(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, "Z");
}
