import assert from "node:assert/strict";
import * as fc from "fast-check";
import { redactAddress, redactCommand, redactUrls } from "../../src/lib/redact.ts";

const cases: [string, string][] = [
  ["wss://node.example", "wss://node.example"],
  ["wss://node.example:443/", "wss://node.example:443"],
  ["wss://node.example/v1/0123abc", "wss://node.example/…"],
  ["wss://user:pass@node.example:443?apikey=x", "wss://node.example:443/…"],
  ["ws://[::1]:9944/key", "ws://[::1]:9944/…"],
  ["Cannot connect to wss://a.example/key: refused", "Cannot connect to wss://a.example/…: refused"],
  ['"https://hooks.example/T0/B0/x", "ws://127.0.0.1:9"', '"https://hooks.example/…", "ws://127.0.0.1:9"'],
  [
    "tries ws://127.0.0.1:9: refused; wss://b.example#part",
    "tries ws://127.0.0.1:9: refused; wss://b.example/…",
  ],
  ["no address: 12:30, a/b, mailto:x", "no address: 12:30, a/b, mailto:x"],
];
for (const [text, expected] of cases) {
  Deno.test(`redactUrls() keeps scheme and host of ${JSON.stringify(text)}`, () => {
    assert.equal(redactUrls(text), expected);
  });
}

Deno.test("redactUrls() cuts more when a URL contains characters that may end it", () => {
  assert.equal(redactUrls("http://user:pa'ss@proxy:9100/x'y failed"), "http://proxy:9100/… failed");
  assert.equal(redactUrls("(http://h:1/a)b?key=s)."), "(http://h:1/…).");
  assert.equal(redactUrls('["wss://a/k,ey","wss://b/"]'), '["wss://a/…","wss://b"]');
});

Deno.test("redactUrls() shows nothing of a login, path or query, whatever it contains", () => {
  const secret = "kEy0fS0me0ne";
  const rest = fc.stringMatching(/^[!-~]{0,8}$/).filter((text) => !text.includes('"'));
  fc.assert(fc.property(rest, rest, fc.constantFrom("/", "?", "#", "/a@"), (before, after, sign) => {
    const login = `${before}:${secret}${after}`;
    for (const url of [`ws://${login}@h.example:1/`, `ws://h.example${sign}${before}${secret}${after}`]) {
      for (const text of [url, `Cannot use ${url}: refused`, JSON.stringify([url])]) {
        assert.ok(!redactUrls(text).includes(secret), redactUrls(text));
        assert.equal(redactUrls(redactUrls(text)), redactUrls(text));
      }
      assert.ok(!redactAddress(url).includes(secret));
      assert.ok(!redactAddress(url.slice("ws://".length)).includes(secret));
    }
  }));
});

Deno.test("redactAddress() keeps the host of an address without a scheme", () => {
  for (
    const address of ["finney", "node.example:443", "[::1]:9944", "wss://node.example:443", "192.168.1.21"]
  ) {
    assert.equal(redactAddress(address), address);
  }
  assert.equal(redactAddress("user:key@node.example/key"), "node.example/…");
  assert.equal(redactAddress("node.example:key"), "node.example/…");
});

Deno.test("redactCommand() keeps the program, if it is one, and no argument", () => {
  assert.deepEqual(redactCommand([]), []);
  assert.deepEqual(redactCommand(["/usr/local/bin/tell-me"]), ["/usr/local/bin/tell-me"]);
  assert.deepEqual(redactCommand(["~/bin/größe 2.sh", "secret"]), ["~/bin/größe 2.sh", "…"]);
  for (const program of ["TOKEN=secret", "user:secret@host", "https://host/secret", "secret@host"]) {
    assert.deepEqual(redactCommand([program, "curl"]), ["…", "…"]);
    assert.deepEqual(redactCommand([program]), ["…"]);
  }
});
