import assert from "node:assert/strict";
import { HttpRefusal, parseRequestHead } from "../../src/lib/http_request.ts";

function refusal(head: string): HttpRefusal {
  try {
    parseRequestHead(head);
  } catch (error) {
    if (error instanceof HttpRefusal) return error;
    throw error;
  }
  throw new assert.AssertionError({ message: `${JSON.stringify(head)} is accepted` });
}

Deno.test("parseRequestHead reads method, address and headers", () => {
  const request = parseRequestHead(
    "HEAD /api/status?x=1 HTTP/1.1\r\nhOST: localhost:9464\r\nAccept:  text/html ",
  );
  assert.equal(request.method, "HEAD");
  assert.equal(request.url, "http://localhost:9464/api/status?x=1");
  assert.equal(request.headers.get("accept"), "text/html");
});

Deno.test("parseRequestHead accepts bare line feeds, absolute targets, and HTTP/1.0 without a host", () => {
  assert.equal(parseRequestHead("GET / HTTP/1.1\nHost: [::1]:9464").url, "http://[::1]:9464/");
  assert.equal(parseRequestHead("GET http://a.example/b HTTP/1.1\r\nHost: c").url, "http://a.example/b");
  assert.equal(parseRequestHead("GET /healthz HTTP/1.0").url, "http://localhost/healthz");
});

Deno.test("parseRequestHead refuses what it cannot read, and says what is wrong", () => {
  for (
    const [head, why] of [
      ["", /request line/],
      ["GET /", /request line/],
      ["get / HTTP/1.1\r\nHost: a", /request line/],
      ["GET / HTTP/2.0\r\nHost: a", /request line/],
      ["GET  / HTTP/1.1\r\nHost: a", /request line/],
      ["\x16\x03\x01\x02\x00", /request line/],
      ["GET / HTTP/1.1", /address/],
      ["GET / HTTP/1.1\r\nHost: a\r\nHost: b", /address/],
      ["GET / HTTP/1.1\r\nHost: a/b", /address/],
      ["GET / HTTP/1.1\r\nHost: user@localhost", /address/],
      ["GET / HTTP/1.1\r\nHost: a:99999", /address/],
      ["GET * HTTP/1.1\r\nHost: a", /address/],
      ["GET / HTTP/1.1\r\nHost: a\r\nno colon", /header/],
      ["GET / HTTP/1.1\r\nHost: a\r\n folded: line", /header/],
      ["GET / HTTP/1.1\r\nHost : a", /header/],
      ["GET / HTTP/1.1\r\nHost: a\r\nX: a\0b", /header/],
      ["TRACE / HTTP/1.1\r\nHost: a", /only GET/],
    ] as const
  ) {
    const { status, message } = refusal(head);
    assert.equal(status, 400, head);
    assert.match(message, why, head);
  }
});
