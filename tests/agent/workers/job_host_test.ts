import assert from "node:assert/strict";
import type { EndpointFailure } from "../../../src/chain/errors.ts";
import { LogRecorder } from "../../support/log_recorder.ts";
import { MAX_GROWTH_BYTES } from "../../support/shared_process.ts";
import {
  JobFailedError,
  JobTimeoutError,
  MAX_WORKER_GROWTH_BYTES,
  type RunningJob,
  startJob,
  WorkerDiedError,
} from "../../../src/agent/workers/job_host.ts";

const module = new URL("./jobs/test_worker.ts", import.meta.url);

interface Started extends RunningJob<unknown> {
  readonly log: LogRecorder;
  readonly failures: EndpointFailure[];
}

function start(
  task: string,
  options: {
    timeoutMs?: number;
    maxGrowthBytes?: number | undefined;
    signal?: AbortSignal;
    path?: string;
    url?: string;
  } = {},
): Started {
  const log = new LogRecorder();
  const failures: EndpointFailure[] = [];
  const { timeoutMs = 20_000, maxGrowthBytes, signal, ...rest } = {
    maxGrowthBytes: MAX_GROWTH_BYTES,
    ...options,
  };
  const job = startJob<unknown, unknown>({
    name: "test",
    module,
    input: () => ({ task, ...rest }),
    readAnswer: (answer) => answer,
    endpoints: ["wss://a.example", "wss://b.example"],
    permissions: { net: [], read: [] },
    timeoutMs,
    ...maxGrowthBytes === undefined ? {} : { maxGrowthBytes },
    log,
    onEndpointFailed: (failure) => failures.push(failure),
    signal,
  });
  return { ...job, log, failures };
}

Deno.test("startJob() gives the job's answer, its log lines, and removes its folder", async () => {
  const folders: string[] = [];
  const { makeTempDir } = Deno;
  Deno.makeTempDir = async (options) => {
    folders.push(await makeTempDir(options));
    return folders[0]!;
  };
  const job = start("answer");
  assert.deepEqual(await job.result, { answer: 42n });
  assert.equal(await job.ended, true);
  assert.deepEqual(job.log.lines, [{
    level: "info",
    event: "working",
    fields: { error: "as text", big: 5n },
  }]);
  Deno.makeTempDir = makeTempDir;
  assert.equal(folders.length, 1);
  await assert.rejects(Deno.stat(folders[0]!), Deno.errors.NotFound);
});

Deno.test("startJob() turns console output of libraries into log lines", async () => {
  const job = start("talk");
  await job.result;
  await job.ended;
  assert.deepEqual(job.log.fieldsOf("Message of a library"), { text: "library says { x: 1 }" });
});

Deno.test("startJob() reports each failed endpoint once, including that of the job's own failure", async () => {
  const job = start("fail by endpoints");
  await assert.rejects(job.result, { name: "ChainError" });
  await job.ended;
  assert.deepEqual(job.failures, [
    { endpoint: "wss://a.example", kind: "timeout" },
    { endpoint: "wss://b.example", kind: "unreachable" },
  ]);
});

Deno.test("startJob() passes on the error a job failed with, and whether the input was wrong", async () => {
  for (
    const [task, message, wrongInput] of [["fail", "went wrong", false], [
      "fail by input",
      "wrong input",
      true,
    ]] as const
  ) {
    const job = start(task);
    await assert.rejects(job.result, (error) => {
      assert.ok(error instanceof JobFailedError);
      assert.deepEqual([error.name, error.message, error.wrongInput], ["OwnError", message, wrongInput]);
      return true;
    });
    await job.ended;
  }
});

for (const task of ["spin", "spin in wasm", "hang"]) {
  Deno.test(`startJob() terminates a job that does "${task}" for too long, and its worker ends`, async () => {
    // Long enough for the worker to start on a busy machine.
    const job = start(task, { timeoutMs: 4_000 });
    await assert.rejects(job.result, (error) => {
      assert.ok(error instanceof JobTimeoutError, String(error));
      assert.equal(error.step, `doing ${task}`);
      return true;
    });
    assert.equal(await job.ended, true);
  });
}

Deno.test("startJob() terminates a job while whose run the process grows by more than MAX_WORKER_GROWTH_BYTES", async () => {
  const { memoryUsage } = Deno;
  let grownBytes = 0;
  const usage = memoryUsage();
  Deno.memoryUsage = () => ({ ...usage, rss: usage.rss + grownBytes });
  try {
    const job = start("wait for a head", { maxGrowthBytes: undefined });
    grownBytes = MAX_WORKER_GROWTH_BYTES;
    const timer = setInterval(() => job.announceHead(), 500);
    assert.equal(await job.result, "seen");
    clearInterval(timer);
    assert.equal(await job.ended, true);

    grownBytes = 0;
    const grown = start("hang", { maxGrowthBytes: undefined });
    const growth = setTimeout(() => grownBytes = MAX_WORKER_GROWTH_BYTES + 1, 500);
    await assert.rejects(grown.result, {
      name: "WorkerGrowthError",
      message: /took over 512 MiB more memory/,
    });
    clearTimeout(growth);
    assert.equal(await grown.ended, true);
  } finally {
    Deno.memoryUsage = memoryUsage;
  }
});

Deno.test("startJob() wakes a job that waits when a head is announced", async () => {
  const job = start("wait for a head");
  const timer = setInterval(() => job.announceHead(), 20);
  assert.equal(await job.result, "seen");
  clearInterval(timer);
  await job.ended;
});

Deno.test("startJob() reports why a worker died", async () => {
  const job = start("throw outside");
  await assert.rejects(job.result, (error) => {
    assert.ok(error instanceof WorkerDiedError);
    assert.match(error.message, /while doing throw outside: .*nobody catches this/);
    return true;
  });
  await job.ended;
});

Deno.test("startJob() stops a job when its signal aborts", async () => {
  const controller = new AbortController();
  const job = start("hang", { signal: controller.signal });
  controller.abort(new Error("shutting down"));
  await assert.rejects(job.result, /shutting down/);
  assert.equal(await job.ended, true);
});

Deno.test("startJob() denies a worker what the job was not granted", async () => {
  const path = await Deno.makeTempFile();
  for (
    const job of [start("write", { path }), start("connect", { url: "http://127.0.0.1:1/" }), start("run")]
  ) {
    await assert.rejects(
      job.result,
      (error) => error instanceof JobFailedError && error.name === "NotCapable",
    );
    await job.ended;
  }
  await Deno.remove(path);
});
