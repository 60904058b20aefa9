import assert from "node:assert/strict";
import { formatListenAddress, isLoopback, parseListenAddress } from "../../src/lib/listen_address.ts";

const valid: [string, string, number, boolean][] = [
  ["127.0.0.1:9464", "127.0.0.1", 9464, true],
  ["localhost:80", "localhost", 80, true],
  ["[::1]:9464", "::1", 9464, true],
  ["0.0.0.0:65535", "0.0.0.0", 65535, false],
  ["[::]:1", "::", 1, false],
  ["127.example.net:9464", "127.example.net", 9464, false],
];
for (const [text, hostname, port, loopback] of valid) {
  Deno.test(`parseListenAddress() parses ${text}, and formatListenAddress() formats it`, () => {
    const address = parseListenAddress(` ${text} `);
    assert.deepEqual(address, { hostname, port });
    assert.equal(formatListenAddress({ hostname, port }), text);
    assert.equal(isLoopback({ hostname }), loopback);
  });
}

Deno.test("parseListenAddress() rejects anything else", () => {
  for (
    const text of [
      "9464",
      ":9464",
      "127.0.0.1",
      "127.0.0.1:0",
      "127.0.0.1:65536",
      "::1:9464",
      "a b:1",
      "http://a:1",
    ]
  ) {
    assert.equal(parseListenAddress(text), null, text);
  }
});
