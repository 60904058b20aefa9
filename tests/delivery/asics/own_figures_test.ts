import assert from "node:assert/strict";
import fc from "fast-check";
import { OwnFigures } from "../../../src/delivery/asics/own_figures.ts";

const MINUTE_MS = 60_000;

/** A machine of 0.1 PH/s that is asked every minute, ten times a window. */
class Asked {
  readonly figures = new OwnFigures(0.1);
  nowMs = 0;
  elapsedSeconds = 100_000;
  poolNumber: number | null = 1;
  #count = 0;

  /** It says that it has so many percents of nominal. */
  says(
    percent: number,
    { periodSeconds = 60 as number | null, isNewWindow = this.#count % 10 === 0 } = {},
  ): string {
    this.#count++;
    this.figures.note({
      summary: { hashratePh: percent / 1000, periodSeconds, elapsedSeconds: this.elapsedSeconds },
      poolNumber: this.poolNumber,
      nowMs: this.nowMs,
      isNewWindow,
    });
    this.nowMs += MINUTE_MS;
    this.elapsedSeconds += 60;
    return `${this.figures.level} ${this.figures.percent}`;
  }

  saysOften(times: number, percent: number): string {
    for (let i = 1; i < times; i++) this.says(percent);
    return this.says(percent);
  }
}

Deno.test("OwnFigures counts a slow machine with its own figure, in whole percents, until it is at 99 %", () => {
  const asked = new Asked();
  assert.equal(asked.saysOften(9, 97), "sound 100");
  assert.equal(asked.saysOften(5, 96.9), "slow 96");
  assert.equal(asked.saysOften(16, 98.9), "slow 96", "not enough more");
  assert.equal(asked.saysOften(10, 99), "slow 96", "the window goes on");
  assert.equal(asked.says(99), "sound 100");
});

Deno.test("OwnFigures reacts at once to drops beyond chance, and to short figures only on average", () => {
  assert.equal(new Asked().says(92), "sound 100");
  assert.equal(new Asked().says(80.9), "slow 80");
  assert.equal(new Asked().says(49), "weak 49");
  const short = { periodSeconds: 5 };
  const asked = new Asked();
  for (let i = 0; i < 9; i++) assert.equal(asked.says(70, short), "sound 100");
  assert.equal(asked.says(90, short), "slow 72");
  assert.equal(new Asked().says(49, short), "weak 49");
});

Deno.test("OwnFigures takes an average since the start for no sign that a machine is slow", () => {
  const asked = new Asked();
  for (let i = 0; i < 30; i++) assert.equal(asked.says(80, { periodSeconds: null }), "sound 100");
  assert.equal(asked.says(40, { periodSeconds: null }), "weak 40");
});

Deno.test("OwnFigures follows a machine up with the next window, and down at once", () => {
  const asked = new Asked();
  assert.equal(asked.says(80), "slow 80");
  assert.equal(asked.saysOften(8, 90), "slow 80");
  assert.equal(asked.saysOften(2, 90), "slow 90");
  assert.equal(asked.saysOften(5, 85), "slow 85");
  assert.equal(asked.says(30), "weak 30");
  assert.equal(asked.saysOften(2, 95), "weak 30");
  assert.equal(asked.saysOften(2, 95), "slow 95");
});

Deno.test("OwnFigures does not judge a machine that is warming up, had no work, or just changed its pool", () => {
  const started = new Asked();
  started.elapsedSeconds = 0;
  assert.equal(started.saysOften(6, 20), "sound 100");
  assert.equal(started.says(20), "weak 20");

  const starved = new Asked();
  starved.poolNumber = null;
  assert.equal(starved.saysOften(3, 0), "sound 100");
  starved.poolNumber = 1;
  assert.equal(starved.saysOften(4, 30), "sound 100");
  assert.equal(starved.says(30), "weak 30");

  const silent = new Asked();
  silent.figures.noteSilence(0);
  assert.equal(silent.saysOften(5, 30), "sound 100");
  assert.equal(silent.says(30), "weak 30");

  const switched = new Asked();
  switched.says(100);
  switched.poolNumber = 2;
  assert.equal(switched.saysOften(2, 30), "sound 100");
  assert.equal(switched.says(30), "weak 30");
});

Deno.test("OwnFigures waits for as long as a slow average needs to forget", () => {
  const asked = new Asked();
  asked.elapsedSeconds = 0;
  for (let i = 0; i < 26; i++) {
    assert.equal(asked.says(50, { periodSeconds: 300 }), "sound 100", `minute ${i}`);
  }
  assert.equal(asked.says(50, { periodSeconds: 300 }), "slow 50");
});

Deno.test("OwnFigures keeps a slow machine's figure while it is restarted, and copies are apart", () => {
  const asked = new Asked();
  asked.says(80);
  const copy = asked.figures.copy();
  asked.elapsedSeconds = 0;
  assert.equal(asked.saysOften(4, 0), "slow 80");
  asked.elapsedSeconds = 1000;
  assert.equal(asked.says(10), "weak 10");
  assert.deepEqual([copy.level, copy.percent], ["slow", 80]);
});

const percents = fc.array(fc.double({ min: 0, max: 150, noNaN: true }), { minLength: 1, maxLength: 60 });

Deno.test("OwnFigures never counts above nominal, and within a window only ever less", () => {
  fc.assert(fc.property(percents, fc.integer({ min: 2, max: 20 }), (readings, runsPerWindow) => {
    const asked = new Asked();
    readings.forEach((percent, i) => {
      const { percent: before } = asked.figures;
      const isNewWindow = i % runsPerWindow === 0;
      asked.says(percent, { isNewWindow });
      const { percent: after, level } = asked.figures;
      assert.ok(Number.isInteger(after) && after >= 0 && after <= 100);
      assert.ok(isNewWindow || after <= before);
      assert.equal(level === "sound", after === 100, `${level} ${after}`);
    });
  }));
});

Deno.test("OwnFigures leaves a machine within 3 % of nominal alone, and does not let fluctuations raise and lower it", () => {
  const noise = fc.array(fc.double({ min: -3, max: 3, noNaN: true }), { minLength: 60, maxLength: 120 });
  fc.assert(fc.property(noise, fc.integer({ min: 60, max: 93 }), (deviations, percent) => {
    const sound = new Asked();
    const slow = new Asked();
    const counted = deviations.map((deviation) => {
      assert.equal(sound.says(100 + deviation), "sound 100");
      slow.says(percent + deviation);
      return slow.figures.percent;
    });
    assert.ok(
      counted.slice(5).every((count) => count >= percent - 4 && count <= percent + 3),
      counted.join(),
    );
  }));
});
