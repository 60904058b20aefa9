import assert from "node:assert/strict";
import { growthPerMinute, mostPerMinute, type Sample, slopesOf } from "../../../scripts/soak/slope.ts";

/** One life of a process, with a sample each second. */
function life(
  number: number,
  startSeconds: number,
  seconds: number,
  rssMb: (age: number) => number,
): Sample[] {
  return Array.from({ length: seconds }, (_, age) => ({
    atSeconds: startSeconds + age,
    life: number,
    ageSeconds: age,
    rssMb: rssMb(age),
    files: 20,
    threads: 10,
    children: 0,
  }));
}

Deno.test("growthPerMinute() finds the growth under peaks", () => {
  const samples = life(1, 0, 400, (age) => 100 + age * 5 / 60 + (age % 20 === 0 ? 300 : 0));
  assert.ok(Math.abs(growthPerMinute(samples, "rssMb")! - 5) < 0.1);
});

Deno.test("growthPerMinute() leaves out how a process fills its heap at first", () => {
  const samples = life(1, 0, 400, (age) => age < 120 ? age * 3 : 360);
  assert.equal(growthPerMinute(samples, "rssMb"), 0);
});

Deno.test("growthPerMinute() compares a process with itself alone", () => {
  const samples = [...life(1, 0, 300, () => 100), ...life(2, 300, 300, () => 500)];
  assert.equal(growthPerMinute(samples, "rssMb"), 0);
});

Deno.test("growthPerMinute() says nothing of a process that did not live for long", () => {
  assert.equal(growthPerMinute(life(1, 0, 240, (age) => age), "rssMb"), null);
  assert.equal(growthPerMinute(life(1, 0, 241, (age) => age), "rssMb"), 60);
  assert.equal(growthPerMinute([], "rssMb"), null);
});

Deno.test("slopesOf() accuses the measure that grows by more than its bound", () => {
  const most = mostPerMinute(life(1, 0, 400, () => 100), "rssMb");
  const tooSteep = (perMinute: number): string[] =>
    slopesOf(life(1, 0, 400, (age) => 100 + age * perMinute / 60))
      .filter(({ isTooSteep }) => isTooSteep).map(({ measure }) => measure);
  assert.deepEqual(tooSteep(most * 1.1), ["rssMb"]);
  assert.deepEqual(tooSteep(most * 0.9), []);
  assert.deepEqual(tooSteep(-10), []);
  const files = life(1, 0, 400, () => 100).map((sample) => ({
    ...sample,
    files: 20 + sample.ageSeconds / 60,
  }));
  assert.deepEqual(slopesOf(files).filter(({ isTooSteep }) => isTooSteep).map(({ measure }) => measure), [
    "files",
  ]);
});

Deno.test("mostPerMinute() allows a heap less growth, the longer its process lived", () => {
  const most = (...seconds: number[]): number =>
    mostPerMinute(seconds.flatMap((length, i) => life(i, i * 9999, length, () => 100)), "rssMb");
  assert.equal(most(), 11);
  assert.equal(most(120 + 241), 6);
  assert.equal(most(120 + 1201, 120 + 241), 2);
});
