import assert from "node:assert/strict";
import fc from "fast-check";
import {
  DEFAULT_DELIVERY_LIMITS,
  type Delivery,
  type DeliveryLevel,
  deliveryRatio,
  judgeDelivery,
} from "../../../src/delivery/measured/judgement.ts";
import { WindowAverage } from "../../../src/delivery/measured/window_average.ts";

const RUNNING: Delivery = {
  wonHashratePh: 2,
  averagePh: 2,
  measuredSeconds: 180,
  elapsedSeconds: 200,
  isComplete: false,
};

const cases: [string, Partial<Delivery>, DeliveryLevel][] = [
  ["all of it", {}, "ok"],
  ["more than was won", { averagePh: 3 }, "ok"],
  ["exactly 97 %", { averagePh: 1.94 }, "ok"],
  ["a little less", { averagePh: 1.9399 }, "warning"],
  ["exactly 95 %", { averagePh: 1.9 }, "warning"],
  ["less than that", { averagePh: 1.8999 }, "alert"],
  ["nothing", { averagePh: 0 }, "alert"],
  ["nothing of nothing", { averagePh: 0, wonHashratePh: 0 }, "ok"],
  ["nothing won and nothing measured", { averagePh: null, measuredSeconds: 0, wonHashratePh: 0 }, "ok"],
  ["nothing measured", { averagePh: null, measuredSeconds: 0 }, "unknown"],
  ["too short a time", { averagePh: 0, measuredSeconds: 179 }, "unknown"],
  ["nothing measured at the end", {
    averagePh: null,
    measuredSeconds: 0,
    elapsedSeconds: 0,
    isComplete: true,
  }, "unknown"],
  ["three minutes of a whole window", { averagePh: 0, elapsedSeconds: 720, isComplete: true }, "alert"],
  ["less of it", { averagePh: 0, measuredSeconds: 160, elapsedSeconds: 720, isComplete: true }, "unknown"],
  [
    "half of a short one",
    { averagePh: 0, measuredSeconds: 60, elapsedSeconds: 120, isComplete: true },
    "alert",
  ],
  [
    "less than half of it",
    { averagePh: 0, measuredSeconds: 59, elapsedSeconds: 120, isComplete: true },
    "unknown",
  ],
];
for (const [what, overrides, expected] of cases) {
  Deno.test(`judgeDelivery() judges ${what} as ${expected}`, () => {
    assert.equal(judgeDelivery({ ...RUNNING, ...overrides }, DEFAULT_DELIVERY_LIMITS), expected);
  });
}

Deno.test("judgeDelivery() goes by the limits it is given", () => {
  const limits = { warnBelow: 1, alertBelow: 0.5 };
  assert.equal(judgeDelivery({ ...RUNNING, averagePh: 1.99 }, limits), "warning");
  assert.equal(judgeDelivery({ ...RUNNING, averagePh: 1 }, limits), "warning");
  assert.equal(judgeDelivery({ ...RUNNING, averagePh: 0.99 }, limits), "alert");
});

Deno.test("judgeDelivery() is not misled by the rounding of sums: what is always at the limit is not below it", () => {
  const won = fc.integer({ min: 1, max: 10_000_000 }).map((units) => units / 1e4);
  fc.assert(
    fc.property(won, fc.integer({ min: 9, max: 36 }), (wonHashratePh, count) => {
      const average = new WindowAverage(0);
      const deliveredPh = wonHashratePh * 0.97;
      for (let i = 1; i <= count; i++) average.add({ atMs: i * 20_003, deliveredPh });
      const delivery = { ...average.report(count * 20_003), wonHashratePh, isComplete: false };
      assert.equal(judgeDelivery(delivery, DEFAULT_DELIVERY_LIMITS), "ok");
    }),
  );
});

Deno.test("deliveryRatio() divides the average by what was won, if there are both", () => {
  assert.equal(deliveryRatio({ ...RUNNING, averagePh: 1 }), 0.5);
  assert.equal(deliveryRatio({ ...RUNNING, averagePh: null }), null);
  assert.equal(deliveryRatio({ ...RUNNING, wonHashratePh: 0 }), null);
});
