import assert from "node:assert/strict";
import fc from "fast-check";
import {
  endpointLabel,
  knownGenesisHash,
  NETWORK_NAMES,
  NetworkError,
  resolveEndpoints,
} from "../../src/chain/networks.ts";

const FINNEY = "wss://entrypoint-finney.opentensor.ai:443";

Deno.test("resolveEndpoints() turns the public names into their endpoints", () => {
  assert.deepEqual(resolveEndpoints("finney"), [FINNEY]);
  assert.deepEqual(resolveEndpoints("test"), ["wss://test.finney.opentensor.ai:443"]);
  assert.deepEqual(resolveEndpoints("archive"), ["wss://archive.chain.opentensor.ai:443"]);
  assert.deepEqual(resolveEndpoints("local"), ["ws://127.0.0.1:9944"]);
  assert.deepEqual([...NETWORK_NAMES].sort(), ["archive", "finney", "local", "test"]);
});

Deno.test("resolveEndpoints() keeps URLs as they are and the order of a list, without repetitions", () => {
  assert.deepEqual(resolveEndpoints(" ws://host:1/path?key=1 "), ["ws://host:1/path?key=1"]);
  assert.deepEqual(
    resolveEndpoints(["ws://b", "finney", "ws://a", "wss://entrypoint-finney.opentensor.ai", "ws://b/"]),
    ["ws://b", FINNEY, "ws://a"],
  );
});

Deno.test("resolveEndpoints() names the value it cannot use", () => {
  for (const value of ["finey", "http://127.0.0.1:9944", "127.0.0.1:9944", "ws://", "toString"]) {
    assert.throws(
      () => resolveEndpoints(["finney", value]),
      (error) =>
        error instanceof NetworkError && error.value === value && error.message.includes(`"${value}"`),
    );
  }
  assert.throws(
    () => resolveEndpoints("ws://user:secret@a/secret#b"),
    (error) => error instanceof NetworkError && error.value === "ws://a/…" && !/secret/.test(error.message),
  );
  assert.throws(() => resolveEndpoints(""), NetworkError);
  assert.throws(() => resolveEndpoints([]), NetworkError);
});

Deno.test("resolveEndpoints() gives WebSocket URLs or a NetworkError, whatever the text", () => {
  fc.assert(fc.property(fc.oneof(fc.string(), fc.string().map((rest) => `ws://${rest}`)), (text) => {
    try {
      for (const endpoint of resolveEndpoints(text)) assert.match(new URL(endpoint).protocol, /^wss?:$/);
    } catch (error) {
      assert.ok(error instanceof NetworkError);
    }
  }));
});

Deno.test("knownGenesisHash() knows the public chains, by name and by URL", () => {
  const finney = knownGenesisHash("finney");
  assert.match(finney ?? "", /^0x[0-9a-f]{64}$/);
  assert.equal(knownGenesisHash("archive"), finney);
  assert.equal(knownGenesisHash(["ws://mine:9944", "wss://entrypoint-finney.opentensor.ai/"]), finney);
  assert.notEqual(knownGenesisHash("test"), finney);
  assert.equal(knownGenesisHash("local"), undefined);
  assert.equal(knownGenesisHash("ws://mine:9944"), undefined);
});

Deno.test("knownGenesisHash() refuses a list of two chains", () => {
  assert.throws(() => knownGenesisHash(["finney", "test"]), NetworkError);
});

Deno.test("endpointLabel() hides credentials, path and query", () => {
  assert.equal(endpointLabel(FINNEY), FINNEY);
  assert.equal(endpointLabel("ws://127.0.0.1:9944/"), "ws://127.0.0.1:9944");
  assert.equal(endpointLabel("wss://host/0123abc"), "wss://host/…");
  assert.equal(endpointLabel("wss://us'er:secret@host:1/path?key=secret"), "wss://host:1/…");
  assert.equal(endpointLabel("wss://host?key=secret"), "wss://host/…");
});
