import assert from "node:assert/strict";
import { createClock } from "@sinonjs/fake-timers";
import { type Readings, SourceReader } from "../../../src/delivery/measured/sources.ts";
import { LogRecorder } from "../../support/log_recorder.ts";
import { FakeSource } from "./fake_source.ts";

const FAILED = "Cannot read what is delivered";

class Bench {
  readonly clock = createClock(1_000_000);
  readonly log = new LogRecorder();
  readonly stop = new AbortController();
  readonly reader = new SourceReader({
    log: this.log,
    nowMs: () => this.clock.now,
    timers: {
      setTimer: (callback, delayMs) => Number(this.clock.setTimeout(callback, delayMs)),
      clearTimer: (timer) => this.clock.clearTimeout(timer),
    },
  });

  read(...sources: FakeSource[]): Promise<Readings<number>> {
    return this.reader.read(sources, { startMs: 0, endMs: 60_000 }, this.stop.signal);
  }
}

Deno.test("read() of SourceReader reads all sources", async () => {
  const bench = new Bench();
  const [left, right] = [new FakeSource("left"), new FakeSource("right")];
  left.says = 0.25;
  assert.deepEqual(await bench.read(left, right), { values: [0.25, 1], errors: [] });
  assert.equal(bench.clock.countTimers(), 0, "leaves no timers");
  assert.deepEqual(bench.log.lines, []);
});

Deno.test("read() of SourceReader has no values when one source fails, and logs which one, less and less often", async () => {
  const bench = new Bench();
  const [left, right] = [new FakeSource("left"), new FakeSource("right")];
  right.says = new Error("Cannot read right: it is off; switch it on");
  for (let i = 0; i < 5; i++) {
    assert.deepEqual(await bench.read(left, right), { values: null, errors: [right.says.message] });
  }
  assert.deepEqual(bench.log.events("error"), [FAILED, `${FAILED} again`, `${FAILED} again`]);
  assert.deepEqual(bench.log.lines[0]!.fields, { source: "right", error: right.says.message });

  right.says = 2;
  assert.deepEqual(await bench.read(left, right), { values: [1, 2], errors: [] });
  assert.deepEqual(bench.log.events("info"), ["Delivery can be read again"]);
});

for (const figure of [NaN, Infinity, -0.001]) {
  Deno.test(`read() of SourceReader does not accept ${figure} as a hashrate`, async () => {
    const bench = new Bench();
    const source = new FakeSource("odd");
    source.says = figure;
    const { values, errors } = await bench.read(source);
    assert.equal(values, null);
    assert.match(errors[0]!, /^Cannot use the figure of odd: .* PH\/s is not a hashrate; check /);
  });
}

Deno.test("read() of SourceReader waits 5 s for a source, or for as long as that source asks for", async () => {
  const bench = new Bench();
  const [slow, slower] = [
    new FakeSource("slow"),
    Object.assign(new FakeSource("slower"), { timeoutMs: 30_000 }),
  ];
  slow.says = slower.says = "slow";
  const done: string[] = [];
  const readings = [slow, slower].map((source) =>
    bench.read(source).then(({ errors }) => done.push(`${bench.clock.now - 1_000_000} ms: ${errors[0]}`))
  );
  await bench.clock.tickAsync(60_000);
  await Promise.all(readings);
  const hint = "check that it runs and is reachable";
  assert.deepEqual(done, [
    `5000 ms: Cannot read slow: no answer within 5 s; ${hint}`,
    `30000 ms: Cannot read slower: no answer within 30 s; ${hint}`,
  ]);
  assert.ok(slow.lastSignal!.aborted, "a source is aborted when its reading is no longer awaited");
});

Deno.test("read() of SourceReader never asks a source that has not ended yet", async () => {
  const bench = new Bench();
  const source = new FakeSource("stuck");
  source.says = "hangs";
  const first = bench.read(source);
  await bench.clock.tickAsync(5_000);
  assert.match((await first).errors[0]!, /no answer within 5 s/);
  source.says = 1;
  assert.match(
    (await bench.read(source)).errors[0]!,
    /^Cannot read stuck: an earlier reading has not ended; check/,
  );
  assert.equal(source.readings, 1);
});

Deno.test("read() of SourceReader ends with its signal, whatever the sources do, and then logs no failure", async () => {
  const bench = new Bench();
  const sources = [new FakeSource("a"), new FakeSource("b")];
  sources[0]!.says = "hangs";
  sources[1]!.says = "slow";
  const reading = bench.read(...sources);
  bench.stop.abort(new Error("over"));
  await reading;
  const late = new FakeSource("late");
  await bench.read(late);
  assert.equal(late.readings, 0);
  assert.deepEqual(bench.log.lines, []);
  assert.equal(bench.clock.countTimers(), 0, "leaves no timers");
});
