import assert from "node:assert/strict";
import { decidePublishing, type PublishReason } from "../../../src/agent/jobs/publish_decision.ts";

const text = "2;b;BTC,1=0.45:2";
const hex = (value: string): string => `0x${new TextEncoder().encode(value).toHex()}`;

function reasonFor(
  data: string | null,
  options: { block?: number | null; head?: number; force?: boolean } = {},
): PublishReason | null {
  const { block = 1000, head = 1000, force = false } = options;
  const current = { block, fieldKind: "Raw16", data };
  return decidePublishing({ current, wantedText: text, headNumber: head, force }).reason;
}

Deno.test("decidePublishing() publishes when there is no commitment", () => {
  const decision = decidePublishing({ current: null, wantedText: text, headNumber: 5, force: false });
  assert.deepEqual(decision, { reason: "missing", currentText: null, ageSeconds: null });
});

Deno.test("decidePublishing() leaves an equal and young commitment alone, unless forced", () => {
  assert.equal(reasonFor(hex(text)), null);
  assert.equal(reasonFor(hex(text), { force: true }), "forced");
});

Deno.test("decidePublishing() renews at an age of exactly 72 minutes, 360 blocks", () => {
  assert.equal(reasonFor(hex(text), { head: 1359 }), null);
  assert.equal(reasonFor(hex(text), { head: 1360 }), "renewal");
  assert.equal(reasonFor(hex(text), { block: null }), "renewal");
});

Deno.test("decidePublishing() replaces another bid, and a commitment that is not a bid", () => {
  assert.equal(reasonFor(hex("2;b;BTC,1=0.45:3")), "differs");
  assert.equal(reasonFor(hex("2;b;BTC,1.0=0.45:2")), "differs");
  assert.equal(reasonFor(hex("1;p;TAO_USDC=300")), "undecodable");
  assert.equal(reasonFor(hex("2;b;BTC,1=9:2")), "undecodable");
  assert.equal(reasonFor("0xfffe"), "undecodable");
  assert.equal(reasonFor(null), "undecodable");
});
