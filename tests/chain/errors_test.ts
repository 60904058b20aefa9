import assert from "node:assert/strict";
import { ChainError, DispatchError } from "../../src/chain/errors.ts";

Deno.test("ChainError carries the endpoint, the request, and whether to retry", () => {
  const cause = new Error("cause");
  const error = new ChainError("message", {
    kind: "rpc",
    endpoint: "ws://a",
    request: "chain_getHeader",
    retryable: true,
    code: -32601,
    cause,
  });
  assert.equal(error.name, "ChainError");
  assert.deepEqual(
    [error.kind, error.endpoint, error.request, error.retryable, error.code, error.cause],
    ["rpc", "ws://a", "chain_getHeader", true, -32601, cause],
  );
});

Deno.test("DispatchError names the remedy of known errors, and quotes the docs of others", () => {
  const located = { endpoint: "ws://a", extrinsicHash: "0x01", blockHash: "0x02", blockNumber: 3 };
  const known = new DispatchError({
    ...located,
    pallet: "Commitments",
    errorName: "CommitmentSetRateLimitExceeded",
    docs: "too fast",
  });
  assert.equal(known.name, "DispatchError");
  assert.ok(known instanceof ChainError);
  assert.equal(known.retryable, true);
  assert.match(
    known.message,
    /Commitments\.CommitmentSetRateLimitExceeded \(too fast\) in block 3; .*100 blocks/,
  );
  const unknown = new DispatchError({ ...located, pallet: "BadOrigin", errorName: "BadOrigin", docs: "" });
  assert.equal(unknown.retryable, false);
  assert.match(unknown.message, /BadOrigin\.BadOrigin in block 3; see the chain's documentation/);
});
