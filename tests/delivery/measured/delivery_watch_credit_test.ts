import assert from "node:assert/strict";
import { DEFAULT_DELIVERY_LIMITS } from "../../../src/delivery/measured/judgement.ts";
import type { DeliverySource, Source, Span } from "../../../src/delivery/measured/sources.ts";
import type { WorkerHashrates } from "../../../src/delivery/measured/workers_api.ts";
import { deliveredWindow } from "./delivered_window.ts";
import { FakeSource } from "./fake_source.ts";
import { START_MS, WatchBench } from "./watch_bench.ts";

const WINDOW_MS = 720_000;
const HIGH = 1_050_000_000_000_000_000n;
const LOW = 980_000_000_000_000_000n;
const OVER = "Window's delivery";

/** A workers API whose answers a test decides. */
class FakeApi implements Source<WorkerHashrates> {
  readonly key = "api";
  readonly name = "the workers API";
  readonly spans: Span[] = [];
  /** PH/s by worker, or why it fails. */
  says: Record<string, number> | Error = {};

  read(_signal: AbortSignal, span: Span): Promise<WorkerHashrates> {
    this.spans.push(span);
    const { says } = this;
    if (says instanceof Error) return Promise.reject(says);
    return Promise.resolve(
      new Map(Object.entries(says).map(([name, ph]) => [name, BigInt(Math.round(ph * 1e15))])),
    );
  }
}

class Bench extends WatchBench {
  readonly api = new FakeApi();

  constructor(delivered: readonly DeliverySource[] = []) {
    super();
    this.watch.use({ delivered, credited: [this.api] }, DEFAULT_DELIVERY_LIMITS);
  }

  /** Follows a window in which two workers of 0.9 PH won, unless it is told otherwise. */
  follow(number: number, overrides: Parameters<typeof deliveredWindow>[0] = {}): void {
    const startMs = START_MS + number * WINDOW_MS;
    this.watch.follow(deliveredWindow({
      firstBlock: 1_000 + number * 60,
      windowIndex: number,
      won: [{ hashratePh: 0.9, priceFp18: HIGH }, { hashratePh: 0.9, priceFp18: HIGH }],
      wonHashratePh: 1.8,
      span: { startMs, endMs: startMs + WINDOW_MS },
      ...overrides,
    }));
  }
}

Deno.test("DeliveryWatch asks for the window so far, from its first block, and judges what is credited", async () => {
  const bench = new Bench();
  bench.api.says = { a: 0.9, b: 0.63 };
  await bench.pass(30);
  bench.follow(0);
  await bench.pass(140);
  assert.deepEqual(bench.api.spans.at(-1), { startMs: START_MS, endMs: START_MS + 170_000 });
  assert.deepEqual([bench.last.level, bench.last.basis], ["unknown", "credited"]);
  await bench.pass(20);
  const { level, ratio, unpaidPh, surplusPh, wonHashratePh, averagePh, credit, measuredSeconds } = bench.last;
  assert.deepEqual([level, ratio?.toFixed(6), unpaidPh?.toFixed(6), surplusPh], [
    "warning",
    "0.850000",
    "0.270000",
    0,
  ]);
  assert.deepEqual([wonHashratePh, averagePh?.toFixed(6), measuredSeconds], [1.8, "1.530000", 190]);
  assert.deepEqual(credit?.workers, [{ worker: "a", hashratePh: 0.9 }, { worker: "b", hashratePh: 0.63 }]);
  const { hint, ...fields } = bench.log.fieldsOf("Delivering less than won")!;
  assert.match(String(hint), /under a wrong worker id/);
  assert.deepEqual(fields, {
    window_index: 0,
    first_block: 1_000,
    won_hashrate_ph: 1.8,
    delivered_hashrate_ph: 1.53,
    credited_hashrate_ph: 1.53,
    ratio: 0.85,
    unpaid_hashrate_ph: 0.27,
    measured_seconds: 190,
  });
});

Deno.test("DeliveryWatch asks once more for the closed window, up to the next one's first block", async () => {
  const bench = new Bench();
  bench.api.says = { a: 1.8 };
  bench.follow(0);
  await bench.pass(725);
  assert.equal(bench.finals.length, 0);
  // The chain was late: the window took 725 s.
  const startMs = START_MS + 725_000;
  bench.api.says = { a: 1.7 };
  bench.follow(1, { span: { startMs, endMs: startMs + WINDOW_MS } });
  assert.equal(bench.finals.length, 0, "it is judged when the answer is there");
  await bench.pass(2);
  const [final, ...more] = bench.finals;
  assert.deepEqual(more, []);
  assert.deepEqual(bench.api.spans.at(-2), { startMs: START_MS, endMs: startMs });
  assert.deepEqual([final?.firstBlock, final?.level, final?.credit?.creditedPh], [1_000, "ok", 1.7]);
  assert.equal(final?.measuredSeconds, 725);
  assert.equal(bench.log.fieldsOf(OVER)?.credited_hashrate_ph, 1.7);
  assert.equal(bench.last.firstBlock, 1_060, "then it goes on with the next window");
});

Deno.test("DeliveryWatch ends a closed window without a successor at its expected end", async () => {
  const bench = new Bench();
  bench.api.says = { a: 1.8 };
  bench.follow(0);
  await bench.pass(800);
  bench.watch.follow(null);
  await bench.pass(2);
  assert.deepEqual(bench.api.spans.at(-1), { startMs: START_MS, endMs: START_MS + WINDOW_MS });
  assert.equal(bench.finals[0]?.level, "ok");
  const { length } = bench.api.spans;
  await bench.pass(600);
  assert.deepEqual([bench.api.spans.length, bench.clock.countTimers()], [length, 0]);
});

Deno.test("DeliveryWatch tries three times for a closed window, and then has no credit for it", async () => {
  const bench = new Bench();
  bench.api.says = { a: 1.8 };
  bench.follow(0);
  await bench.pass(720);
  bench.api.says = new Error("Cannot read the workers API: it is off");
  bench.follow(1);
  await bench.pass(41);
  assert.equal(bench.finals.length, 0);
  await bench.pass(1);
  const [final] = bench.finals;
  assert.deepEqual([final?.level, final?.credit, final?.basis], ["unknown", null, "delivered"]);
  assert.deepEqual(bench.last.errors, ["Cannot read the workers API: it is off"]);
  assert.equal(bench.last.unreadableSinceMs, START_MS + 722_000);

  // What it says later belongs to the next window.
  bench.api.says = { a: 1.8 };
  await bench.pass(200);
  assert.deepEqual([bench.last.firstBlock, bench.last.level, bench.last.unreadableSinceMs], [
    1_060,
    "ok",
    null,
  ]);
  assert.equal(bench.finals.length, 1);
});

Deno.test("DeliveryWatch warns of a surplus, and of two prices under one worker id", async () => {
  const bench = new Bench();
  bench.api.says = { worker1: 1.98 };
  bench.follow(0);
  await bench.pass(200);
  assert.deepEqual([bench.last.level, bench.last.surplusPh?.toFixed(6)], ["surplus", "0.180000"]);
  assert.equal(bench.log.fieldsOf("Delivering more than won")?.surplus_hashrate_ph, 0.18);
  assert.match(String(bench.log.fieldsOf("Delivering more than won")?.hint), /is not paid/);

  bench.api.says = { worker1: 1.8 };
  await bench.pass(520);
  bench.follow(1, {
    won: [{ hashratePh: 0.9, priceFp18: LOW }, { hashratePh: 0.9, priceFp18: HIGH }],
  });
  await bench.pass(200);
  const { level, ratio, unpaidPh, surplusPh } = bench.last;
  assert.deepEqual([level, ratio, unpaidPh, surplusPh], ["warning", 0.5, 0.9, 0]);
});

Deno.test("DeliveryWatch raises the alarm long before the ban, and names its share", async () => {
  const bench = new Bench();
  bench.api.says = { a: 0.3 };
  bench.follow(0);
  await bench.pass(200);
  assert.deepEqual([bench.last.level, bench.last.credit?.isBan], ["alert", false]);
  const hint = String(bench.log.fieldsOf("Delivering far less than won")?.hint);
  assert.match(hint, /^below 10 % of what was won validators ban the hotkey for 12 hours/);
  bench.api.says = { a: 0.1 };
  await bench.pass(20);
  assert.equal(bench.last.credit?.isBan, true);
});

Deno.test("DeliveryWatch shows what metrics measure beside the credit, and judges by it where there is no credit", async () => {
  const proxy = new FakeSource("proxy");
  const bench = new Bench([proxy]);
  proxy.says = 1.8;
  bench.api.says = { a: 1.2 };
  bench.follow(0);
  await bench.pass(200);
  assert.deepEqual([bench.last.averagePh, bench.last.nowPh, bench.last.ratio?.toFixed(3)], [
    1.8,
    1.8,
    "0.667",
  ]);
  bench.api.says = new Error("Cannot read the workers API: it is off");
  await bench.pass(20);
  const { basis, level, ratio, credit, errors } = bench.last;
  assert.deepEqual([basis, level, ratio, credit, errors.length], ["delivered", "ok", 1, null, 1]);
});

Deno.test("DeliveryWatch asks for no span that this host's clock cannot tell", async () => {
  const bench = new Bench();
  bench.api.says = { a: 1.8 };
  bench.follow(0, { span: "the chain has no time" });
  await bench.pass(200);
  assert.deepEqual(bench.last.errors, ["Cannot tell what is credited: the chain has no time"]);
  assert.deepEqual([bench.last.level, bench.last.unreadableSinceMs], ["unknown", START_MS + 20_000]);
  bench.follow(0, { span: { startMs: START_MS + 260_000, endMs: START_MS + 900_000 } });
  await bench.pass(20);
  assert.match(bench.last.errors[0]!, /the window begins in 40 s by this host's clock; check its time/);
  assert.deepEqual(bench.api.spans, []);
});

for (const hours of [-10, 10]) {
  Deno.test(`DeliveryWatch claims no credit of a window in which the host's clock steps by ${hours} h`, async () => {
    const bench = new Bench();
    bench.api.says = { a: 1.8 };
    bench.follow(0);
    await bench.pass(400);
    assert.equal(bench.last.basis, "credited");
    const asked = bench.api.spans.length;
    bench.step(hours);
    await bench.pass(20);
    const how = hours < 0 ? "back" : "ahead";
    assert.match(
      bench.last.errors[0]!,
      new RegExp(`this host's clock was set ${how} by 36000 s in this window`),
    );
    assert.deepEqual([bench.last.credit, bench.api.spans.length], [null, asked]);
    bench.step(-hours);
    await bench.pass(20);
    assert.deepEqual([bench.last.basis, bench.last.errors], ["credited", []]);
  });
}

Deno.test("use() of DeliveryWatch judges a closed window at once when nothing can be asked any more", async () => {
  const bench = new Bench();
  bench.api.says = { a: 1.8 };
  bench.follow(0);
  await bench.pass(720);
  bench.follow(1);
  bench.watch.use({ delivered: [], credited: [] }, DEFAULT_DELIVERY_LIMITS);
  assert.deepEqual([bench.finals.length, bench.finals[0]?.credit], [1, null]);
});

Deno.test("stop() of DeliveryWatch leaves a closed window unjudged, and no timer", async () => {
  const bench = new Bench();
  bench.follow(0);
  await bench.pass(720);
  bench.follow(1);
  await bench.watch.stop();
  await bench.pass(60);
  assert.deepEqual([bench.finals, bench.clock.countTimers()], [[], 0]);
});
