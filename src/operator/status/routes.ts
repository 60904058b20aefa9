/**
 * The answers of the HTTP endpoint. It is read-only and needs no login, so no answer contains anything secret.
 *
 * @module
 */

import { documentText } from "../../lib/document.ts";
import { printable } from "../../lib/printable.ts";
import { noticesOf } from "./notices.ts";
import { renderPage } from "./page.ts";
import type { StatusReport } from "./status_report.ts";

/** Where the answers come from. */
export interface HttpSources {
  readonly report: () => StatusReport;
  readonly metrics: () => Promise<string>;
  readonly metricsContentType: string;
}

const TEXT = "text/plain; charset=utf-8";

/** Headers of every answer: no caching, no embedding, no guessing of the content type. */
const COMMON_HEADERS = {
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "no-referrer",
};

/** Answers one request. */
export async function answer(request: Request, sources: HttpSources): Promise<Response> {
  if (request.method !== "GET" && request.method !== "HEAD") {
    return respond(405, TEXT, `Cannot ${request.method}: only GET is possible here\n`, {
      allow: "GET, HEAD",
    });
  }
  const { pathname } = new URL(request.url);
  switch (pathname) {
    case "/": {
      const page = renderPage(sources.report(), crypto.randomUUID());
      const headers = { "content-security-policy": page.contentSecurityPolicy };
      return respond(200, "text/html; charset=utf-8", page.html, headers);
    }
    case "/metrics":
      return respond(200, sources.metricsContentType, await sources.metrics());
    case "/healthz":
      return respond(200, TEXT, "alive\n");
    case "/readyz":
      return readiness(sources.report());
    case "/api/status":
      return respond(
        200,
        "application/json; charset=utf-8",
        statusText(sources.report()),
      );
    default:
      return respond(404, TEXT, "Not found; there are /, /metrics, /healthz, /readyz and /api/status\n");
  }
}

/** The status with the notices that page and terminal show. */
function statusText(report: StatusReport): string {
  return documentText({ ...report, notices: noticesOf(report) });
}

/** 200 or 503, with at least one line per check; each line of a longer message repeats the check's name. */
function readiness({ ready, checks }: StatusReport): Response {
  const lines = checks.flatMap(({ name, ok, isFailing, message }) =>
    printable(message).split("\n").map((line) =>
      `${!ok ? "FAIL" : isFailing ? "warn" : "ok  "} ${name}: ${line}`
    )
  );
  return respond(ready ? 200 : 503, TEXT, `${[ready ? "ready" : "not ready", ...lines].join("\n")}\n`);
}

function respond(
  status: number,
  contentType: string,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): Response {
  // Deno leaves the body out for HEAD.
  return new Response(body, {
    status,
    headers: { ...COMMON_HEADERS, "content-type": contentType, ...headers },
  });
}
