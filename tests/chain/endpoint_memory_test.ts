import assert from "node:assert/strict";
import { EndpointMemory } from "../../src/chain/endpoint_memory.ts";

const [A, B, C] = ["wss://a.example/key-1", "wss://b.example", "wss://c.example"] as const;

Deno.test("EndpointMemory puts slow endpoints last, and forgets after a quarter of an hour", () => {
  let nowMs = 5_000;
  const memory = new EndpointMemory(() => nowMs);
  assert.deepEqual(memory.order([A, B, C]), [A, B, C]);
  memory.note({ endpoint: "wss://a.example/…", kind: "timeout" });
  assert.deepEqual(memory.order([A, B, C]), [B, C, A]);
  nowMs += 60_000;
  memory.note({ endpoint: "wss://b.example", kind: "timeout" });
  assert.deepEqual(memory.order([A, B, C]), [C, A, B], "the one that was slow last is the last one");
  nowMs += 14 * 60_000;
  assert.deepEqual(memory.order([A, B, C]), [A, C, B]);
  nowMs += 60_000;
  assert.deepEqual(memory.order([A, B, C]), [A, B, C]);
});

Deno.test("EndpointMemory does not count what costs no time", () => {
  const memory = new EndpointMemory(() => 0);
  memory.note({ endpoint: "wss://b.example", kind: "unreachable" });
  memory.note({ endpoint: "wss://b.example", kind: "stale-head" });
  assert.deepEqual(memory.order([B, A]), [B, A]);
});
