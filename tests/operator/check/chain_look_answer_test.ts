import assert from "node:assert/strict";
import { readChainLook } from "../../../src/operator/check/chain_look_answer.ts";

const ENDPOINTS = ["wss://a.example", "wss://b.example/key"];
const LOOK = {
  wallet: { address: "5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty", canSign: true },
  endpoints: [
    { endpoint: "wss://a.example", spec: "node/1", headNumber: 5, headAgeSeconds: -1.5, connectMs: 12.5 },
    { endpoint: "wss://b.example/…", error: "no answer" },
  ],
  registration: { uid: 7 },
};

Deno.test("readChainLook() passes an honest answer on, and cuts foreign text", () => {
  assert.deepEqual(readChainLook(LOOK, ENDPOINTS), LOOK);
  const wallet = { address: null, kind: "malformed", error: "x".repeat(1e7) };
  const read = readChainLook({ ...LOOK, wallet, registration: null }, ENDPOINTS);
  assert.ok(read.wallet.address === null && read.wallet.error.length < 3000);
});

for (
  const [what, lie] of [
    ["nothing", undefined],
    ["an address that is none", { ...LOOK, wallet: { address: "../x", canSign: true } }],
    ["an endpoint too few", { ...LOOK, endpoints: LOOK.endpoints.slice(1) }],
    ["an endpoint too many", { ...LOOK, endpoints: [...LOOK.endpoints, LOOK.endpoints[1]] }],
    ["other endpoints", { ...LOOK, endpoints: LOOK.endpoints.toReversed() }],
    ["a head that is none", {
      ...LOOK,
      endpoints: [{ ...LOOK.endpoints[0], headNumber: 1e300 }, LOOK.endpoints[1]],
    }],
    ["a UID that is none", { ...LOOK, registration: { uid: 65_536 } }],
  ] as const
) {
  Deno.test(`readChainLook() refuses ${what}`, () => {
    assert.throws(() => readChainLook(lie, ENDPOINTS), { name: "WorkerAnswerError" });
  });
}
