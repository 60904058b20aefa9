import assert from "node:assert/strict";
import { WorkerLog } from "../../../src/agent/workers/worker_log.ts";
import { LogRecorder } from "../../support/log_recorder.ts";

/** The most characters of a run, with room for what comes around the texts. */
const LIMIT = 1024 * 1024;

/** How many characters the lines of a recorder have as JSON. */
function sizeOf({ lines }: LogRecorder): number {
  return JSON.stringify(lines, (_key, value) => typeof value === "bigint" ? value.toString() : value).length;
}

/** A value that fills each place that a field has. */
function full(leaf: unknown): Record<string, unknown> {
  const inner = Array(50).fill(Array(50).fill(leaf));
  return Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`field${i}`, inner]));
}

for (
  const [what, leaf] of [
    ["texts", "x".repeat(2000)],
    ["whole numbers", 10n ** 59n],
    ["numbers", 1 / 3],
    ["empty objects", {}],
    ["objects with long keys", { ["k".repeat(2000)]: 1 }],
  ] as const
) {
  Deno.test(`WorkerLog bounds the characters of a single line, and of a run, that is full of ${what}`, () => {
    const recorder = new LogRecorder();
    const log = new WorkerLog(recorder);
    log.add({ type: "log", level: "info", event: "Full", fields: full(leaf) });
    assert.ok(sizeOf(recorder) < LIMIT, `one line has ${sizeOf(recorder)} characters`);
    for (let i = 0; i < 20; i++) log.add({ type: "log", level: "info", event: "Full", fields: full(leaf) });
    assert.ok(sizeOf(recorder) < 2 * LIMIT, `the run has ${sizeOf(recorder)} characters`);
  });
}

Deno.test("WorkerLog passes what a job logs on as it is, and says how many lines it left out", () => {
  const recorder = new LogRecorder();
  const log = new WorkerLog(recorder);
  const fields = { list: [1, "a", null, true, { deep: [1n] }], text: "x", number: 1.5, none: null };
  log.add({ type: "log", level: "warning", event: "Odd", fields: { ...fields, job: "another" } });
  assert.deepEqual(recorder.lines, [{ level: "warning", event: "Odd", fields }]);
  for (let i = 0; i < 501; i++) log.add({ type: "log", level: "info", event: "More", fields: {} });
  log.end();
  assert.equal(recorder.events().length, 501);
  assert.deepEqual(recorder.fieldsOf("Worker's log cut"), { lines_left_out: 2 });
});
