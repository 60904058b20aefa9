import assert from "node:assert/strict";
import type { DeliveredWindow, DeliveryReport } from "../../../src/delivery/measured/delivery_report.ts";
import { DeliveryWatch } from "../../../src/delivery/measured/delivery_watch.ts";
import type { DeliveryLimits } from "../../../src/delivery/measured/judgement.ts";
import type { DeliverySource } from "../../../src/delivery/measured/sources.ts";
import { LogRecorder } from "../../support/log_recorder.ts";
import { deliveredWindow } from "./delivered_window.ts";
import { FakeSource } from "./fake_source.ts";
import { START_MS, WatchBench } from "./watch_bench.ts";

const LIMITS: DeliveryLimits = { warnBelow: 0.97, alertBelow: 0.95 };
const LESS = "Delivering less than won";
const MORE = "Delivering more than won";
const FAR_LESS = "Delivering far less than won";
const AGAIN = "Delivering what was won again";
const OVER = "Window's delivery";

/** A watch with one source; it tells nothing but what a test brings about. */
class Bench extends WatchBench {
  readonly source = new FakeSource("proxy");

  /** A watch that follows a window with 1 PH/s won. */
  static following(window: Partial<DeliveredWindow> = {}): Bench {
    const bench = new Bench();
    bench.use([bench.source], LIMITS);
    bench.follow(window);
    return bench;
  }

  follow(overrides: Partial<DeliveredWindow>): void {
    this.watch.follow(deliveredWindow(overrides));
  }

  use(delivered: readonly DeliverySource[], limits: DeliveryLimits): void {
    this.watch.use({ delivered, credited: [] }, limits);
  }

  /** The next window. */
  next(wonHashratePh = 1): void {
    const { firstBlock, windowIndex } = this.last;
    this.follow({ firstBlock: firstBlock + 60, windowIndex: windowIndex + 1, wonHashratePh });
  }

  /** The last report on a window that was over. */
  get final(): DeliveryReport {
    return this.finals.at(-1)!;
  }

  /** The log, as levels and events. */
  get lines(): string[] {
    return this.log.lines.map(({ level, event }) => `${level}: ${event}`);
  }
}

Deno.test("DeliveryWatch reads every 20 s, first 20 s after the window began to be delivered", async () => {
  const bench = Bench.following();
  assert.deepEqual(bench.reports, [{
    firstBlock: 1_000,
    windowIndex: 0,
    wonHashratePh: 1,
    nowPh: null,
    averagePh: null,
    credit: null,
    basis: "delivered",
    ratio: null,
    unpaidPh: null,
    surplusPh: null,
    measuredSeconds: 0,
    sinceMs: START_MS,
    isFinal: false,
    level: "unknown",
    errors: [],
    unreadableSinceMs: null,
  }]);
  await bench.pass(19.999);
  assert.equal(bench.source.readings, 0);
  bench.source.says = 0.5;
  await bench.pass(0.001);
  bench.source.says = 1.5;
  await bench.pass(40);
  assert.equal(bench.source.readings, 3);
  assert.equal(bench.reports.length, 4);
  const { nowPh, averagePh, ratio, measuredSeconds, level } = bench.last;
  assert.deepEqual([nowPh, measuredSeconds, level], [1.5, 60, "unknown"]);
  assert.equal(averagePh!.toFixed(9), (3.5 / 3).toFixed(9));
  assert.equal(ratio, averagePh);
});

Deno.test("DeliveryWatch adds the readings of several sources", async () => {
  const bench = Bench.following({ wonHashratePh: 4 });
  const other = new FakeSource("other");
  bench.source.says = 1;
  other.says = 2;
  bench.use([bench.source, other], LIMITS);
  await bench.pass(20);
  assert.equal(bench.last.averagePh, 3);
  assert.equal(bench.last.ratio, 0.75);
});

Deno.test("DeliveryWatch judges a running window after 180 s, and warns once of a shortfall", async () => {
  const bench = Bench.following();
  bench.source.says = 0.96;
  await bench.pass(160);
  assert.equal(bench.last.level, "unknown");
  assert.deepEqual(bench.lines, []);
  await bench.pass(20);
  assert.equal(bench.last.level, "warning");
  await bench.pass(400);
  assert.deepEqual(bench.lines, [`warning: ${LESS}`]);
  const { hint, ...fields } = bench.log.fieldsOf(LESS)!;
  assert.match(String(hint), /^what is not credited is not paid: look for/);
  assert.deepEqual(fields, {
    window_index: 0,
    first_block: 1_000,
    won_hashrate_ph: 1,
    delivered_hashrate_ph: 0.96,
    ratio: 0.96,
    unpaid_hashrate_ph: 0.04,
    measured_seconds: 180,
  });
});

Deno.test("DeliveryWatch logs when the average gets worse and when it recovers", async () => {
  const bench = Bench.following();
  bench.source.says = 0.96;
  await bench.pass(180);
  bench.source.says = 0;
  await bench.pass(20);
  assert.equal(bench.last.level, "alert");
  bench.source.says = 1.1;
  await bench.pass(60);
  assert.equal(bench.last.level, "alert", "a good reading alone does not restore the average");
  await bench.pass(400);
  assert.equal(bench.last.level, "ok");
  assert.deepEqual(bench.lines, [
    `warning: ${LESS}`,
    `error: ${FAR_LESS}`,
    `warning: ${LESS}`,
    `info: ${AGAIN}`,
  ]);
});

const ends: [number, DeliveryReport["level"], string[], object][] = [
  [1.02, "ok", [`info: ${OVER}`], {}],
  [1.1, "surplus", [`warning: ${MORE}`, `warning: ${OVER}`], { surplus_hashrate_ph: 0.1 }],
  [0.96, "warning", [`warning: ${LESS}`, `warning: ${OVER}`], { unpaid_hashrate_ph: 0.04 }],
  [0.5, "alert", [`error: ${FAR_LESS}`, `error: ${OVER}`], { unpaid_hashrate_ph: 0.5 }],
];
for (const [delivered, level, lines, cost] of ends) {
  Deno.test(`DeliveryWatch judges ${delivered} of 1 PH/s as ${level} at the window's end, and starts again`, async () => {
    const bench = Bench.following();
    bench.source.says = delivered;
    await bench.pass(720);
    bench.next(2);
    assert.deepEqual(bench.lines, lines);
    assert.equal(bench.final.level, level);
    assert.equal(bench.final.measuredSeconds, 720);
    assert.deepEqual(bench.log.fieldsOf(OVER), {
      judgement: level,
      window_index: 0,
      first_block: 1_000,
      won_hashrate_ph: 1,
      delivered_hashrate_ph: delivered,
      ratio: delivered,
      ...cost,
      measured_seconds: 720,
    });
    const { firstBlock, windowIndex, wonHashratePh, averagePh, nowPh, sinceMs, isFinal } = bench.last;
    assert.deepEqual([firstBlock, windowIndex, wonHashratePh, isFinal], [1_060, 1, 2, false]);
    assert.deepEqual([averagePh, nowPh, sinceMs], [null, delivered, START_MS + 720_000]);
    await bench.pass(20);
    assert.equal(bench.last.measuredSeconds, 20);
    assert.equal(bench.last.ratio, delivered / 2);
  });
}

Deno.test("DeliveryWatch does not repeat itself in the next window, except at its end", async () => {
  const bench = Bench.following();
  bench.source.says = 0.5;
  for (let i = 0; i < 3; i++) {
    await bench.pass(720);
    bench.next();
  }
  assert.deepEqual(bench.lines, [`error: ${FAR_LESS}`, ...Array(3).fill(`error: ${OVER}`)]);
});

Deno.test("DeliveryWatch does not judge by less than three minutes a window that it did not see begin", async () => {
  const bench = Bench.following();
  bench.source.says = 0.5;
  await bench.pass(59);
  bench.next();
  assert.deepEqual([bench.final.level, bench.final.measuredSeconds], ["unknown", 40]);
  assert.deepEqual(bench.lines, [`info: ${OVER}`]);
});

Deno.test("DeliveryWatch judges a short window by half of it, and does not judge with less", async () => {
  const bench = Bench.following();
  bench.next();
  bench.source.says = 0.5;
  await bench.pass(39);
  bench.next();
  assert.deepEqual([bench.final.level, bench.final.measuredSeconds], ["alert", 20]);
  await bench.pass(41);
  bench.source.says = new Error("off");
  await bench.pass(60);
  bench.next();
  assert.deepEqual([bench.final.level, bench.final.measuredSeconds], ["unknown", 40]);
  assert.equal(bench.lines.at(-1), `warning: ${OVER}`);
  bench.source.says = 1;
  await bench.pass(19);
  bench.next();
  assert.deepEqual([bench.final.level, bench.final.measuredSeconds], ["unknown", 0]);
  assert.equal(bench.lines.at(-1), `info: ${OVER}`, "no reading was due");
});

Deno.test("DeliveryWatch warns of what is delivered although nothing was won", async () => {
  const bench = Bench.following();
  bench.source.says = 0.5;
  await bench.pass(720);
  bench.next(0);
  await bench.pass(720);
  const { level, ratio, averagePh } = bench.last;
  assert.deepEqual([level, ratio, averagePh, bench.last.surplusPh], ["surplus", null, 0.5, 0.5]);
  bench.next();
  assert.equal(bench.log.fieldsOf(OVER)!.ratio, null);
  assert.equal(bench.log.fieldsOf(OVER)!.delivered_hashrate_ph, 0.5);
  await bench.pass(200);
  assert.deepEqual(bench.lines, [
    `error: ${FAR_LESS}`,
    `error: ${OVER}`,
    `warning: ${MORE}`,
    `warning: ${OVER}`,
    `error: ${FAR_LESS}`,
  ]);
});

Deno.test("DeliveryWatch continues the same window when it is computed again", async () => {
  const bench = Bench.following({ wonHashratePh: 2 });
  await bench.pass(190);
  assert.equal(bench.last.level, "alert");
  const { length } = bench.reports;
  bench.follow({ wonHashratePh: 2 });
  assert.equal(bench.reports.length, length, "nothing is new");
  bench.follow({ wonHashratePh: 1 });
  const { level, ratio, measuredSeconds, isFinal } = bench.last;
  assert.deepEqual([level, ratio, measuredSeconds, isFinal], ["ok", 1, 180, false]);
  await bench.pass(10);
  assert.deepEqual([bench.last.measuredSeconds, bench.last.wonHashratePh], [200, 1], "in the same rhythm");
  assert.deepEqual(bench.lines, [`error: ${FAR_LESS}`, `info: ${AGAIN}`]);
});

Deno.test("DeliveryWatch omits the time of failed readings, and reports why", async () => {
  const bench = Bench.following();
  await bench.pass(20);
  bench.source.says = new Error("Cannot read the proxy: it is off; switch it on");
  await bench.pass(40);
  assert.deepEqual([bench.last.nowPh, bench.last.averagePh, bench.last.measuredSeconds], [null, 1, 20]);
  assert.deepEqual(bench.last.errors, [bench.source.says.message]);
  bench.source.says = 3;
  await bench.pass(20);
  assert.deepEqual([bench.last.nowPh, bench.last.averagePh, bench.last.measuredSeconds], [3, 2, 40]);
  assert.deepEqual(bench.last.errors, []);
});

Deno.test("DeliveryWatch reads a slow source once at a time, and waits 20 s after each reading", async () => {
  const bench = Bench.following();
  bench.source.says = "slow";
  await bench.pass(24);
  assert.deepEqual([bench.source.readings, bench.source.active, bench.reports.length], [1, 1, 1]);
  await bench.pass(1);
  assert.deepEqual([bench.source.active, bench.reports.length], [0, 2]);
  bench.source.says = 1;
  await bench.pass(19);
  assert.equal(bench.source.readings, 1);
  await bench.pass(1);
  assert.deepEqual([bench.source.readings, bench.last.measuredSeconds], [2, 20]);
});

Deno.test("DeliveryWatch takes a suspended host for a gap", async () => {
  const bench = Bench.following();
  await bench.pass(20);
  bench.clock.setSystemTime(bench.clock.now + 3_600_000);
  await bench.pass(20);
  assert.equal(bench.last.measuredSeconds, 80);
});

for (const hours of [-10, 10]) {
  Deno.test(`DeliveryWatch measures on while the host's clock steps by ${hours} h`, async () => {
    const bench = Bench.following();
    bench.source.says = 1;
    await bench.pass(100);
    bench.source.says = 0.5;
    bench.step(hours);
    await bench.pass(100);
    const { measuredSeconds, averagePh, sinceMs, level } = bench.last;
    assert.deepEqual([measuredSeconds, averagePh, sinceMs, level], [200, 0.75, START_MS, "alert"]);
  });

  Deno.test(`DeliveryWatch tells since when a source is unreadable while the host's clock steps by ${hours} h`, async () => {
    const bench = Bench.following();
    bench.step(hours);
    bench.source.says = new Error("off");
    await bench.pass(20);
    bench.step(hours);
    await bench.pass(200);
    assert.equal(bench.last.unreadableSinceMs, START_MS + 20_000);
  });
}

Deno.test("DeliveryWatch does not count a reading of the former window in the next one", async () => {
  const bench = Bench.following();
  bench.source.says = "slow";
  await bench.pass(22);
  bench.next();
  const { length } = bench.reports;
  assert.ok(bench.source.lastSignal!.aborted);
  bench.source.says = 1;
  await bench.pass(19);
  assert.equal(bench.reports.length, length);
  await bench.pass(1);
  assert.deepEqual([bench.source.readings, bench.last.measuredSeconds], [2, 20]);
  assert.deepEqual(bench.lines, [`info: ${OVER}`], "no source is to blame for it");
});

Deno.test("DeliveryWatch reports since when readings fail, across windows and sources", async () => {
  const bench = Bench.following({ wonHashratePh: 2 });
  const other = new FakeSource("other");
  bench.use([bench.source, other], LIMITS);
  await bench.pass(40);
  assert.equal(bench.last.unreadableSinceMs, null);
  other.says = new Error("off");
  await bench.pass(19);
  assert.equal(bench.last.unreadableSinceMs, null, "nothing failed yet");
  await bench.pass(1);
  const sinceMs = START_MS + 60_000;
  assert.deepEqual([bench.last.unreadableSinceMs, bench.last.nowPh], [sinceMs, null], "a part is no sum");
  await bench.pass(660);
  bench.next(2);
  assert.deepEqual([bench.final.unreadableSinceMs, bench.last.unreadableSinceMs], [sinceMs, sinceMs]);
  bench.source.says = new Error("off, too");
  await bench.pass(100);
  bench.use([bench.source, other, new FakeSource("third")], LIMITS);
  assert.equal(bench.last.unreadableSinceMs, sinceMs);
  assert.deepEqual(bench.last.errors, ["off, too", "off"], "why goes on to be known");
  bench.source.says = other.says = 1;
  await bench.pass(20);
  assert.deepEqual([bench.last.unreadableSinceMs, bench.last.nowPh], [null, 3]);
  other.says = "slow";
  await bench.pass(25);
  assert.equal(bench.last.unreadableSinceMs, bench.clock.now, "one that does not answer is unreadable, too");
});

Deno.test("DeliveryWatch warns when too little of a window could be read to judge it", async () => {
  const bench = Bench.following();
  bench.source.says = new Error("off");
  await bench.pass(720);
  bench.next(0);
  assert.deepEqual(bench.log.fieldsOf(OVER), {
    judgement: "unknown",
    window_index: 0,
    first_block: 1_000,
    won_hashrate_ph: 1,
    delivered_hashrate_ph: null,
    ratio: null,
    measured_seconds: 0,
    unreadable_since: new Date(START_MS + 20_000).toISOString(),
    hint: "too little could be read to judge it: see the errors of the sources",
  });
  assert.equal(bench.lines.at(-1), `warning: ${OVER}`);
  await bench.pass(720);
  bench.next();
  assert.equal(bench.lines.at(-1), `info: ${OVER}`, "where nothing was won, nothing is missed");
});

Deno.test("use() of DeliveryWatch changes nothing with equal sources but the settings they are read by", async () => {
  const bench = Bench.following();
  await bench.pass(30);
  const { length } = bench.reports;
  const renamed = new FakeSource("renamed", "proxy");
  bench.use([renamed], { ...LIMITS });
  assert.equal(bench.reports.length, length);
  await bench.pass(10);
  assert.deepEqual([bench.source.readings, renamed.readings, bench.last.measuredSeconds], [1, 1, 40]);
});

Deno.test("use() of DeliveryWatch goes on with the window's average by other sources, but for the time between", async () => {
  const bench = Bench.following({ wonHashratePh: 2 });
  await bench.pass(190);
  const other = new FakeSource("other");
  bench.use([other, bench.source, other], LIMITS);
  const { measuredSeconds, averagePh, nowPh, isFinal, sinceMs, level } = bench.last;
  assert.deepEqual([measuredSeconds, averagePh, nowPh, isFinal], [180, 1, null, false]);
  assert.deepEqual([sinceMs, level], [START_MS, "alert"]);
  other.says = 5;
  await bench.pass(20);
  assert.deepEqual([bench.last.measuredSeconds, bench.last.averagePh], [200, 1.5]);
  assert.equal(other.readings, 1, "the same source is read once");
  bench.use([bench.source, other], LIMITS);
  await bench.pass(20);
  assert.equal(bench.last.measuredSeconds, 220, "their order means nothing");
  bench.next();
  await bench.pass(20);
  assert.deepEqual(
    [bench.last.measuredSeconds, bench.last.averagePh],
    [20, 6],
    "the next window starts afresh",
  );
});

Deno.test("use() of DeliveryWatch ends the reading by the former sources", async () => {
  const bench = Bench.following();
  bench.source.says = "slow";
  await bench.pass(22);
  const other = new FakeSource("other");
  bench.use([other], LIMITS);
  assert.ok(bench.source.lastSignal!.aborted);
  await bench.pass(20);
  assert.deepEqual([bench.last.nowPh, bench.last.measuredSeconds, bench.last.unreadableSinceMs], [
    1,
    20,
    null,
  ]);
});

Deno.test("use() of DeliveryWatch judges by new limits at once", async () => {
  const bench = Bench.following();
  bench.source.says = 0.96;
  await bench.pass(180);
  bench.use([bench.source], { warnBelow: 0.96, alertBelow: 0.9 });
  assert.deepEqual([bench.last.level, bench.last.measuredSeconds], ["ok", 180]);
  bench.use([bench.source], { warnBelow: 1, alertBelow: 0.97 });
  assert.equal(bench.last.level, "alert");
  assert.deepEqual(bench.lines, [`warning: ${LESS}`, `info: ${AGAIN}`, `error: ${FAR_LESS}`]);
});

Deno.test("use() of DeliveryWatch with no sources switches it off, and with some on again", async () => {
  const bench = Bench.following();
  await bench.pass(200);
  bench.source.says = new Error("off");
  await bench.pass(20);
  bench.use([], LIMITS);
  const { nowPh, averagePh, errors, unreadableSinceMs } = bench.last;
  assert.deepEqual(
    [nowPh, averagePh, errors, unreadableSinceMs],
    [null, 1, [], null],
    "nothing is unreadable",
  );
  const { length } = bench.reports;
  await bench.pass(380);
  assert.deepEqual([bench.source.readings, bench.reports.length], [11, length]);
  bench.source.says = 4;
  bench.use([bench.source], LIMITS);
  await bench.pass(40);
  assert.deepEqual(
    [bench.last.measuredSeconds, bench.last.averagePh],
    [240, 1.5],
    "within the window it goes on",
  );

  bench.use([], LIMITS);
  bench.next();
  assert.deepEqual([bench.last.isFinal, bench.last.averagePh], [true, 1.5], "what was measured is judged");
  const told = bench.reports.length;
  await bench.pass(600);
  bench.next();
  assert.deepEqual([bench.source.readings, bench.reports.length], [13, told], "nothing was to be read");
  bench.use([bench.source], LIMITS);
  await bench.pass(20);
  assert.deepEqual([bench.last.firstBlock, bench.last.measuredSeconds], [1_060, 20]);

  bench.use([], LIMITS);
  await bench.pass(600);
  bench.next();
  assert.equal(bench.final.level, "unknown");
  assert.equal(bench.lines.at(-1), `info: ${OVER}`, "nobody wanted it to be read");
});

for (
  const limits of [
    { warnBelow: 0.9, alertBelow: 0.95 },
    { warnBelow: 97, alertBelow: 95 },
    { warnBelow: 0.97, alertBelow: 0 },
    { warnBelow: NaN, alertBelow: 0.95 },
  ]
) {
  Deno.test(`use() of DeliveryWatch refuses the limits ${limits.warnBelow} and ${limits.alertBelow}`, () => {
    const bench = new Bench();
    assert.throws(() => bench.use([bench.source], limits), RangeError);
  });
}

Deno.test("follow() of DeliveryWatch with null judges the window and reads no more", async () => {
  const bench = Bench.following();
  await bench.pass(700);
  bench.watch.follow(null);
  assert.deepEqual([bench.last.isFinal, bench.last.level], [true, "ok"]);
  const { length } = bench.reports;
  bench.watch.follow(null);
  await bench.pass(600);
  assert.deepEqual([bench.source.readings, bench.reports.length], [35, length]);
  assert.equal(bench.clock.countTimers(), 0);
});

Deno.test("stop() of DeliveryWatch ends a reading that goes on, judges nothing, and cannot be undone", async () => {
  for (const says of ["hangs", "slow"] as const) {
    const bench = Bench.following();
    bench.source.says = says;
    await bench.pass(22);
    const { length } = bench.reports;
    await bench.watch.stop();
    assert.ok(bench.source.lastSignal!.aborted);
    bench.next();
    bench.use([new FakeSource("other")], LIMITS);
    await bench.pass(600);
    assert.deepEqual([bench.source.readings, bench.reports.length], [1, length]);
    assert.deepEqual(bench.lines, []);
    assert.equal(bench.clock.countTimers(), 0);
  }
});

Deno.test("stop() of DeliveryWatch ends one that never read, also with the global timers", async () => {
  await new Bench().watch.stop();
  const reports: DeliveryReport[] = [];
  const watch = new DeliveryWatch({ log: new LogRecorder(), onReport: (report) => reports.push(report) });
  watch.use({ delivered: [new FakeSource("proxy")], credited: [] }, LIMITS);
  const beforeMs = Date.now();
  watch.follow(deliveredWindow({}));
  // The test itself fails when a timer is left.
  await watch.stop();
  // The host's two clocks round differently.
  assert.ok(reports[0]!.sinceMs >= beforeMs - 5);
});

Deno.test("DeliveryWatch reads sources that hang all at once, never twice, and stops at once", async () => {
  const bench = Bench.following();
  const sources = Array.from({ length: 10 }, (_, i) => new FakeSource(`proxy ${i}`));
  for (const source of sources) source.says = "hangs";
  bench.use([...sources, ...sources], LIMITS);
  await bench.pass(20);
  assert.deepEqual(sources.map(({ active }) => active), Array(10).fill(1));
  await bench.pass(5);
  assert.deepEqual([bench.last.errors.length, bench.last.unreadableSinceMs], [10, bench.clock.now]);
  await bench.pass(600);
  bench.next();
  await bench.pass(600);
  assert.deepEqual(sources.map(({ readings }) => readings), Array(10).fill(1));

  const late = new FakeSource("late");
  late.says = "hangs";
  bench.use([...sources, late], LIMITS);
  await bench.pass(22);
  assert.equal(late.active, 1);
  const { now } = bench.clock;
  await bench.watch.stop();
  assert.deepEqual([bench.clock.now, bench.clock.countTimers()], [now, 0]);
});
