import assert from "node:assert/strict";
import type { RelayedMessage } from "../../../scripts/bench/recording_relay.ts";
import { stagesOf } from "../../../scripts/bench/stages.ts";

const asked = (atMs: number, method: string, params: unknown[] = []): RelayedMessage => {
  const text = JSON.stringify({ method, params });
  return { atMs, from: "client", bytes: text.length, text, method };
};
const answered = (atMs: number): RelayedMessage => ({
  atMs,
  from: "node",
  bytes: 2,
  text: "{}",
  method: null,
});

const RUN = { startedAtMs: 1000, endedAtMs: 2000, computedAtMs: 1900, solveMs: 40 };

Deno.test("stagesOf: the stages are the whole run", () => {
  const messages = [
    asked(1310, "chain_getBlockHash"),
    answered(1320),
    asked(1330, "state_call", ["Metadata_metadata_at_version", "0x"]),
    answered(1400),
    asked(1600, "state_getStorage"),
    answered(1700),
    // The pay is asked for after the outcome.
    answered(1950),
  ];
  const stages = stagesOf({ ...RUN, recording: { connectedAtMs: 1300, messages } });
  assert.deepEqual(stages, {
    start: 300,
    connect: 30,
    metadata: 270,
    reads: 100,
    decode: 160,
    solve: 40,
    route: 100,
  });
  assert.equal(Object.values(stages).reduce((sum, ms) => sum + ms), RUN.endedAtMs - RUN.startedAtMs);
});

Deno.test("stagesOf: without a question for the metadata, preparing them begins with the last answer before a read", () => {
  const messages = [
    asked(1310, "state_getStorageHash"),
    answered(1350),
    asked(1500, "state_queryStorageAt"),
    answered(1700),
  ];
  const { connect, metadata } = stagesOf({ ...RUN, recording: { connectedAtMs: 1300, messages } });
  assert.deepEqual([connect, metadata], [50, 150]);
});

Deno.test("stagesOf: a run that read nothing has no stages", () => {
  assert.throws(() => stagesOf({ ...RUN, recording: { connectedAtMs: 1300, messages: [] } }), /did not read/);
});
