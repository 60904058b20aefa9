import assert from "node:assert/strict";
import { LogRecorder } from "../support/log_recorder.ts";
import type { EndpointFailure } from "../../src/chain/errors.ts";
import {
  type CommitmentKeeperContext,
  isPublishingPaused,
  keepCommitment,
} from "../../src/agent/commitment_keeper.ts";
import type { DaemonEvent } from "../../src/agent/events.ts";
import { FailureLog } from "../../src/lib/failure_log.ts";
import { PublishingPause } from "../../src/agent/publishing_pause.ts";
import type { SettingsSource } from "../../src/agent/settings.ts";
import { JobFailedError } from "../../src/agent/workers/job_host.ts";
import type { CommitmentResult } from "../../src/agent/jobs/commitment_job.ts";

const FAILURE: EndpointFailure = { endpoint: "wss://a.example", kind: "timeout" };

/** Runs whose job answers at once, with the events they emit and the hooks they call. */
function runsOf(
  answer: CommitmentResult | Error,
): {
  run: () => Promise<void>;
  events: DaemonEvent[];
  hooks: [name: string, document: unknown][];
  pause: PublishingPause;
} {
  const events: DaemonEvent[] = [];
  const hooks: [name: string, document: unknown][] = [];
  const last = { config: { hooks: { programs: {}, timeoutMs: 1 } } };
  let nowMs = 0;
  const pause = new PublishingPause();
  const context: CommitmentKeeperContext = {
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
    pause,
    headNumber: () => 100,
  };
  return { run: () => keepCommitment(new LogRecorder(), context), events, hooks, pause };
}

Deno.test("keepCommitment() reports the run, failed endpoints, and the bid on the chain", async () => {
  const result = { action: "up-to-date" } as CommitmentResult;
  const { run, events } = runsOf(result);
  await run();
  assert.deepEqual(events, [
    { kind: "run-started", job: "commitment" },
    { kind: "endpoint-failed", failure: FAILURE },
    { kind: "commitment-checked", result },
    { kind: "run-ended", job: "commitment", durationMs: 500, error: null },
  ]);
});

Deno.test("keepCommitment() reports the error of a failed run", async () => {
  const error = new Error("hotkey not registered");
  const { run, events } = runsOf(error);
  await run();
  assert.deepEqual(events.at(-1), { kind: "run-ended", job: "commitment", durationMs: 500, error });
});

Deno.test("keepCommitment() calls on_error when a failure is logged, and not for each repetition", async () => {
  const { run, hooks } = runsOf(new Error("hotkey not registered"));
  for (let i = 0; i < 5; i++) await run();
  const document = {
    job: "commitment",
    status: "failed",
    dryRun: false,
    routing: undefined,
    error: { name: "Error", message: "hotkey not registered" },
  };
  assert.deepEqual(hooks, Array(3).fill(["on_error", document]), "the 1st, 2nd and 4th");
});

Deno.test("keepCommitment() pauses until the block at which the chain accepts a commitment again", async () => {
  const failure = { name: "DispatchError", message: "space limit", stack: null, wrongInput: false };
  const { run, pause } = runsOf(new JobFailedError({ ...failure, notBeforeBlock: 250 }));
  await run();
  assert.equal(pause.untilBlock, 250);
  const log = new LogRecorder();
  assert.equal(isPublishingPaused(log, { pause, headNumber: () => 249 }), true);
  assert.deepEqual(log.fieldsOf("Publishing waits for the chain's limit to end"), {
    until_block: 250,
    head_block: 249,
  });
  assert.equal(isPublishingPaused(log, { pause, headNumber: () => null }), false, "unknown head: try");
  assert.equal(isPublishingPaused(log, { pause, headNumber: () => 250 }), false);
});

Deno.test("keepCommitment() does not pause after other failures, nor longer than two epochs", async () => {
  const failure = { name: "DispatchError", message: "refused", stack: null, wrongInput: false };
  const other = runsOf(new JobFailedError({ ...failure, notBeforeBlock: null }));
  await other.run();
  assert.equal(other.pause.untilBlock, null);
  const absurd = runsOf(new JobFailedError({ ...failure, notBeforeBlock: 1e15 }));
  await absurd.run();
  assert.equal(absurd.pause.untilBlock, 100 + 722);
});
