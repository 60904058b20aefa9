import assert from "node:assert/strict";
import fc from "fast-check";
import { SAMPLE_INTERVAL_MS, WindowAverage } from "../../../src/delivery/measured/window_average.ts";

Deno.test("report() of WindowAverage has no average before the first reading", () => {
  const average = new WindowAverage(1_000);
  assert.deepEqual(average.report(6_000), { averagePh: null, measuredSeconds: 0, elapsedSeconds: 5 });
});

Deno.test("report() of WindowAverage weights each reading by the time before it", () => {
  const average = new WindowAverage(0);
  average.add({ atMs: 10_000, deliveredPh: 0 });
  average.add({ atMs: 40_000, deliveredPh: 2 });
  assert.deepEqual(average.report(50_000), { averagePh: 1.5, measuredSeconds: 40, elapsedSeconds: 50 });
});

Deno.test("report() of WindowAverage omits the time of failed readings", () => {
  const average = new WindowAverage(0);
  average.add({ atMs: 20_000, deliveredPh: 1 });
  average.add({ atMs: 40_000, deliveredPh: null });
  average.add({ atMs: 60_000, deliveredPh: 3 });
  assert.deepEqual(average.report(60_000), { averagePh: 2, measuredSeconds: 40, elapsedSeconds: 60 });
});

Deno.test("report() of WindowAverage takes a reading for no more than three intervals", () => {
  const average = new WindowAverage(0);
  average.add({ atMs: 20_000, deliveredPh: 1 });
  average.add({ atMs: 3_600_000, deliveredPh: 5 });
  assert.deepEqual(average.report(3_600_000), { averagePh: 4, measuredSeconds: 80, elapsedSeconds: 3_600 });
});

Deno.test("report() of WindowAverage is the mean of readings at equal distances, and between the least and the most", () => {
  const hashrate = fc.double({ min: 0, max: 1e6, noNaN: true });
  fc.assert(fc.property(fc.array(hashrate, { minLength: 1 }), (readings) => {
    const average = new WindowAverage(0);
    readings.forEach((deliveredPh, i) => average.add({ atMs: (i + 1) * SAMPLE_INTERVAL_MS, deliveredPh }));
    const { averagePh, measuredSeconds } = average.report(0);
    const mean = readings.reduce((sum, each) => sum + each, 0) / readings.length;
    assert.ok(Math.abs(averagePh! - mean) <= 1e-12 * Math.max(...readings));
    assert.equal(measuredSeconds, readings.length * 20);
  }));
});
