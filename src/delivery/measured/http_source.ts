/**
 * Downloads what a source of the delivered hashrate serves: with its login, within its size, and without a redirect elsewhere.
 *
 * @module
 */

import { fetchFailure } from "../../lib/errors.ts";

export const MAX_SOURCE_BYTES = 4 * 1024 * 1024;
/** About the hashrate of all Bitcoin miners in 2025: reveals a wrong unit. */
export const MAX_HASHRATE_PH = 1_000_000;
const MAX_REDIRECTIONS = 3;
const REDIRECTIONS = [301, 302, 303, 307, 308];

/**
 * The kind of failure.
 *
 * - `unreachable`: no connection, or it broke; `timeout`: no complete response in time
 * - `http-status`: a status other than 200; `redirected`: a redirect elsewhere
 * - `too-large`: more than 4 MiB; `not-prometheus`, `not-workers`: another or a malformed format
 * - `no-metric`: no series matches; `no-gauge`: a matching series is not a gauge; `no-hashrate`: its value is not a hashrate
 * - `endless`: pages without an end; `foreign`: workers of another hotkey; `clock`: its clock differs from this host's
 */
export type DeliverySourceErrorKind =
  | "unreachable"
  | "timeout"
  | "http-status"
  | "redirected"
  | "too-large"
  | "not-prometheus"
  | "not-workers"
  | "no-metric"
  | "no-gauge"
  | "no-hashrate"
  | "endless"
  | "foreign"
  | "clock";

/** A source could not be read. The message names host, reason and remedy, and contains no secrets. */
export class DeliverySourceError extends Error {
  override readonly name = "DeliverySourceError";

  constructor(readonly kind: DeliverySourceErrorKind, message: string) {
    super(message);
  }
}

/** Options of {@linkcode readInTime}. */
export interface ReadOptions {
  /** @default globalThis.fetch */
  readonly fetch?: typeof globalThis.fetch;
  /** For the whole reading, redirects included. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

/** Downloads a URL. */
export type Download = (url: string, accept: string) => Promise<Downloaded>;

/** An answer with status 200. */
export interface Downloaded {
  readonly text: string;
  /** The server's clock, in milliseconds since 1970; `null` if it does not tell. */
  readonly serverMs: number | null;
}

/**
 * Runs a reading of one or several downloads within its time.
 *
 * @param url for messages.
 * @throws {DeliverySourceError} if a download fails, or all together take too long.
 * @throws the signal's reason if it aborts.
 */
export async function readInTime<T>(
  url: string,
  options: ReadOptions,
  read: (download: Download) => Promise<T>,
): Promise<T> {
  const { fetch = globalThis.fetch, timeoutMs, signal } = options;
  const timeout = new AbortController();
  const timer = setTimeout(() => {
    const hint = "check that the proxy runs and that no firewall blocks it";
    timeout.abort(
      failure("timeout", hostOf(url), `no complete response within ${timeoutMs / 1000} s; ${hint}`),
    );
  }, timeoutMs);
  const ended = signal === undefined ? timeout.signal : AbortSignal.any([signal, timeout.signal]);
  try {
    return await read((url, accept) => download(url, accept, fetch, ended));
  } finally {
    clearTimeout(timer);
  }
}

/** Scheme and host. `redactUrls()` would not do: in running text it has to guess where a password ends. */
export function hostOf(url: string): string {
  const { protocol, host } = new URL(url);
  return `${protocol}//${host}`;
}

/** The error of a source. */
export function failure(kind: DeliverySourceErrorKind, place: string, why: string): DeliverySourceError {
  return new DeliverySourceError(kind, `Cannot read the delivered hashrate from ${place}: ${why}`);
}

async function download(
  url: string,
  accept: string,
  fetch: typeof globalThis.fetch,
  signal: AbortSignal,
): Promise<Downloaded> {
  const place = hostOf(url);
  const headers = headersFor(url, accept);
  let target = withoutLogin(new URL(url));
  try {
    for (let hops = 0; hops <= MAX_REDIRECTIONS; hops++) {
      const response = await fetch(target, { headers, redirect: "manual", signal });
      if (REDIRECTIONS.includes(response.status)) {
        await response.body?.cancel();
        target = redirection(target, response.headers.get("location"), place);
        continue;
      }
      if (response.status !== 200) {
        await response.body?.cancel();
        throw failure("http-status", place, `it answers with HTTP status ${statusText(response)}`);
      }
      return { text: await bodyOf(response, place), serverMs: timeOf(response) };
    }
    throw failure("redirected", place, "it redirects too often; correct the URL");
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    if (error instanceof DeliverySourceError) throw error;
    throw failure("unreachable", place, `${reasonOf(error, target, place)}; check the URL and the proxy`);
  }
}

/** The server's clock as its header says. */
function timeOf(response: Response): number | null {
  const ms = Date.parse(response.headers.get("date") ?? "");
  return Number.isNaN(ms) ? null : ms;
}

function headersFor(url: string, accept: string): Headers {
  const headers = new Headers({ accept });
  const { username, password } = new URL(url);
  if (username !== "" || password !== "") {
    const login = `${decode(username)}:${decode(password)}`;
    headers.set("authorization", `Basic ${new TextEncoder().encode(login).toBase64()}`);
  }
  return headers;
}

/** The URL for `fetch()`, whose messages quote it, and which refuses one with a password. */
function withoutLogin(url: URL): URL {
  url.username = url.password = url.hash = "";
  return url;
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    // A bare percent sign stands for itself.
    return part;
  }
}

/** The target of a redirect: never another host, which must not get the password, nor http after https. */
function redirection(from: URL, location: string | null, place: string): URL {
  const next = location === null ? null : URL.parse(location, from);
  if (next === null) {
    throw failure("redirected", place, "it redirects without a valid target; correct the URL");
  }
  const isUpgrade = from.protocol === "http:" && next.protocol === "https:";
  if (next.host !== from.host || (next.protocol !== from.protocol && !isUpgrade)) {
    const where = `${next.protocol}//${next.host}`;
    throw failure("redirected", place, `it redirects to ${where}; name that in the URL if it is right`);
  }
  return withoutLogin(next);
}

function statusText({ status, statusText }: Response): string {
  const hint = status === 401 || status === 403
    ? "put user:password@ before the host in the URL, or allow this machine"
    : status === 404
    ? "correct the path in the URL"
    : "see the proxy's log";
  return `${status}${statusText === "" ? "" : ` ${statusText}`}; ${hint}`;
}

async function bodyOf(response: Response, place: string): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    // Leaving the loop cancels the download.
    if (bytes > MAX_SOURCE_BYTES) {
      const limit = `${MAX_SOURCE_BYTES / 1024 / 1024} MiB`;
      throw failure("too-large", place, `it serves more than ${limit}; name a URL with fewer metrics`);
    }
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

/** The runtime's message without the URL, whose path and query may be secret. */
function reasonOf(error: unknown, target: URL, place: string): string {
  return fetchFailure(error).replaceAll(target.href, place);
}
