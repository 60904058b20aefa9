import assert from "node:assert/strict";
import { LogRecorder } from "../support/log_recorder.ts";
import type { EndpointFailure } from "../../src/chain/errors.ts";
import { CommitmentKeeper } from "../../src/agent/commitment_keeper.ts";
import type { DaemonEvent } from "../../src/agent/events.ts";
import { FailureLog } from "../../src/lib/failure_log.ts";
import type { SettingsSource } from "../../src/agent/settings.ts";
import type { CommitmentResult } from "../../src/agent/jobs/commitment_job.ts";

const FAILURE: EndpointFailure = { endpoint: "wss://a.example", kind: "timeout" };

/** A keeper whose job answers at once, and what it told its observer. */
function keeperOf(
  answer: CommitmentResult | Error,
): { keeper: CommitmentKeeper; events: DaemonEvent[]; hooks: [name: string, document: unknown][] } {
  const events: DaemonEvent[] = [];
  const hooks: [name: string, document: unknown][] = [];
  const last = { config: { hooks: { programs: {}, timeoutMs: 1 } } };
  let nowMs = 0;
  const keeper = new CommitmentKeeper({
    settings: { read: () => Promise.resolve({}), last } as unknown as SettingsSource,
    hooks: { call: (name, document) => hooks.push([name, document]) },
    launch: ({ onEndpointFailed }) => {
      onEndpointFailed?.(FAILURE);
      return {
        result: answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer),
        ended: Promise.resolve(true),
        announceHead: () => {},
      };
    },
    failures: new FailureLog(() => 0),
    monotonicMs: () => nowMs += 500,
    observe: (event) => events.push(event),
    signal: new AbortController().signal,
  });
  return { keeper, events, hooks };
}

Deno.test("CommitmentKeeper tells its observer of the run, the endpoints that failed, and the bid on the chain", async () => {
  const result = { action: "up-to-date" } as CommitmentResult;
  const { keeper, events } = keeperOf(result);
  await keeper.run(new LogRecorder());
  assert.deepEqual(events, [
    { kind: "run-started", job: "commitment" },
    { kind: "endpoint-failed", failure: FAILURE },
    { kind: "commitment-checked", result },
    { kind: "run-ended", job: "commitment", durationMs: 500, error: null },
  ]);
});

Deno.test("CommitmentKeeper tells its observer with which error a run failed", async () => {
  const error = new Error("hotkey not registered");
  const { keeper, events } = keeperOf(error);
  await keeper.run(new LogRecorder());
  assert.deepEqual(events.at(-1), { kind: "run-ended", job: "commitment", durationMs: 500, error });
});

Deno.test("CommitmentKeeper calls on_error when the log tells of a failure, and not for each one like it", async () => {
  const { keeper, hooks } = keeperOf(new Error("hotkey not registered"));
  for (let i = 0; i < 5; i++) await keeper.run(new LogRecorder());
  const document = {
    job: "commitment",
    status: "failed",
    dryRun: false,
    routing: undefined,
    error: { name: "Error", message: "hotkey not registered" },
  };
  assert.deepEqual(hooks, Array(3).fill(["on_error", document]), "the 1st, 2nd and 4th");
});
