import assert from "node:assert/strict";
import { LogRecorder } from "../support/log_recorder.ts";
import { type DaemonControl, type DaemonParts, realParts, runDaemon } from "../../src/agent/daemon.ts";
import type { DaemonEvent } from "../../src/agent/events.ts";
import type { ScheduledTask, Scheduler } from "../../src/agent/scheduler.ts";
import { type Rig, setUpRig } from "../../scripts/scene/rig.ts";
import { JobFailedError, type RunningJob } from "../../src/agent/workers/job_host.ts";
import { startSimulator } from "../../src/simulator/mod.ts";

/** Runs tasks when the test says so. */
class HandScheduler implements Scheduler {
  readonly tasks = new Map<string, ScheduledTask>();
  stopped = false;

  schedule(task: ScheduledTask): void {
    this.tasks.set(task.name, task);
  }
  stop(): void {
    this.stopped = true;
  }
}

/** A job that ends when the test says so, and whose worker ends or not. */
class HandJob {
  readonly #result = Promise.withResolvers<never>();
  readonly #ended = Promise.withResolvers<boolean>();

  get running(): RunningJob<never> {
    return { result: this.#result.promise, ended: this.#ended.promise, announceHead: () => {} };
  }
  fail(why: string | Error): void {
    this.#result.reject(why instanceof Error ? why : new Error(why));
  }
  end(ended: boolean): void {
    this.#ended.resolve(ended);
  }
}

interface Bench extends AsyncDisposable {
  readonly rig: Rig;
  readonly log: LogRecorder;
  readonly scheduler: HandScheduler;
  readonly auctions: HandJob[];
  readonly commitments: HandJob[];
  readonly events: readonly DaemonEvent[];
  readonly stop: AbortController;
  readonly control: () => DaemonControl;
  readonly end: ReturnType<typeof runDaemon>;
}

/** @param more added to the end of the configuration. */
async function start(more = "", chainUrl = "ws://127.0.0.1:1"): Promise<Bench> {
  const rig = await setUpRig({ chainUrl });
  await Deno.writeTextFile(rig.configPath, more, { append: true });
  const events: DaemonEvent[] = [];
  const log = new LogRecorder();
  const scheduler = new HandScheduler();
  const auctions: HandJob[] = [];
  const commitments: HandJob[] = [];
  const launch = (jobs: HandJob[]) => (): RunningJob<never> => {
    jobs.push(new HandJob());
    return jobs.at(-1)!.running;
  };
  const parts: DaemonParts = {
    ...realParts(),
    scheduler,
    jitterMs: () => 0,
    staggerMs: 0,
    launchAuction: launch(auctions),
    launchCommitment: launch(commitments),
  };
  const stop = new AbortController();
  const ready = Promise.withResolvers<DaemonControl>();
  const end = runDaemon({
    configPath: rig.configPath,
    environment: { HOME: rig.folder },
    log,
    signal: stop.signal,
    observe: (event) => events.push(event),
    onReady: ready.resolve,
  }, parts);
  const control = await ready.promise;
  await settled(() => auctions.length === 1 && commitments.length === 1);
  return {
    rig,
    log,
    scheduler,
    auctions,
    commitments,
    events,
    stop,
    control: () => control,
    end,
    [Symbol.asyncDispose]: () => Deno.remove(rig.folder, { recursive: true }),
  };
}

/** Lets work that is under way go on until it has done this. */
async function settled(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 2000 && !condition(); i++) await new Promise((resolve) => setTimeout(resolve, 2));
  assert.ok(condition());
}

/** Ends all jobs and the daemon. */
async function finish(bench: Bench): Promise<{ stuckWorker: boolean }> {
  bench.stop.abort();
  for (const job of [...bench.auctions, ...bench.commitments]) {
    job.fail("stopped");
    job.end(true);
  }
  return await bench.end;
}

Deno.test("runDaemon() runs both jobs at once on start and schedules them by the minute and by five", async () => {
  await using bench = await start();
  assert.deepEqual(
    [...bench.scheduler.tasks.values()].map(({ name, everyMinutes }) => [name, everyMinutes]),
    [
      ["auction", 1],
      ["commitment", 5],
    ],
  );
  assert.deepEqual(await finish(bench), { stuckWorker: false });
  assert.equal(bench.scheduler.stopped, true);
});

Deno.test("runDaemon() skips a run while the previous one is in progress, logs it, and runs again afterwards", async () => {
  await using bench = await start();
  const tick = bench.scheduler.tasks.get("auction")!.run;
  tick();
  await settled(() => bench.log.events().includes("Run skipped: the previous one is still going on"));
  assert.equal(bench.auctions.length, 1);

  bench.auctions[0]!.fail("the endpoint is gone");
  bench.auctions[0]!.end(true);
  await settled(() => bench.log.events().includes("Auction failed"));
  tick();
  await settled(() => bench.auctions.length === 2);
  const runIds = new Set(bench.log.lines.map(({ fields }) => fields.run_id).filter((id) => id !== undefined));
  assert.ok(runIds.size >= 2, "each run has an id of its own");
  await finish(bench);
});

Deno.test("runDaemon() runs both jobs on request, as on SIGHUP", async () => {
  await using bench = await start();
  for (const job of [...bench.auctions, ...bench.commitments]) {
    job.fail("first");
    job.end(true);
  }
  await settled(() => bench.log.events("error").length === 2);
  bench.control().runNow();
  await settled(() => bench.auctions.length === 2 && bench.commitments.length === 2);
  await finish(bench);
});

Deno.test("runDaemon() runs once more after the run in progress, however often it is requested", async () => {
  await using bench = await start();
  bench.control().runNow();
  bench.control().runNow();
  await settled(() => true);
  assert.equal(bench.auctions.length, 1);
  for (const job of [...bench.auctions, ...bench.commitments]) {
    job.fail("first");
    job.end(true);
  }
  await settled(() => bench.auctions.length === 2 && bench.commitments.length === 2);
  for (const job of [bench.auctions[1]!, bench.commitments[1]!]) {
    job.fail("second");
    job.end(true);
  }
  await settled(() => bench.log.events("error").length + bench.log.events("debug").length >= 4);
  assert.equal(bench.auctions.length, 2);
  await finish(bench);
});

Deno.test("runDaemon() ends by itself when a worker cannot be ended, for the supervisor to restart it", async () => {
  await using bench = await start();
  bench.auctions[0]!.fail("took too long");
  bench.auctions[0]!.end(false);
  bench.commitments[0]!.fail("stopped");
  bench.commitments[0]!.end(true);
  assert.deepEqual(await bench.end, { stuckWorker: true });
  assert.equal(bench.log.fieldsOf("Stopping")?.reason, "a worker did not end");
});

Deno.test("runDaemon() reports the end of each hook program", async () => {
  await using bench = await start('[hooks]\non_error = ["sh", "-c", "exit 7"]\n');
  const ends = (): DaemonEvent[] => bench.events.filter(({ kind }) => kind === "hook-ended");
  bench.commitments[0]!.fail("no endpoint answers");
  bench.commitments[0]!.end(true);
  await settled(() => ends().length > 0);
  assert.deepEqual(ends(), [{ kind: "hook-ended", hook: "on_error", error: "ended with exit code 7" }]);
  await finish(bench);
});

Deno.test("runDaemon() leaves out ticks until the chain's space limit ends, and publishes at that block", async () => {
  await using simulator = await startSimulator({ startBlock: 7_500_000 });
  await using bench = await start("", simulator.url);
  await settled(() => bench.events.some(({ kind }) => kind === "head-seen"));
  const failure = { name: "DispatchError", message: "space limit", stack: null, wrongInput: false };
  bench.commitments[0]!.fail(new JobFailedError({ ...failure, notBeforeBlock: 7_500_002 }));
  bench.commitments[0]!.end(true);
  await settled(() => bench.log.events().includes("Commitment failed"));
  bench.scheduler.tasks.get("commitment")!.run();
  await settled(() => bench.log.events().includes("Publishing waits for the chain's limit to end"));
  simulator.chain.advance();
  await settled(() =>
    bench.events.some((event) => event.kind === "head-seen" && event.blockNumber === 7_500_001)
  );
  assert.equal(bench.commitments.length, 1);
  simulator.chain.advance();
  await settled(() => bench.commitments.length === 2);
  await finish(bench);
});
