import assert from "node:assert/strict";
import fc from "fast-check";
import {
  DEFAULT_DELIVERY_LIMITS,
  type Delivery,
  type DeliveryLevel,
  deliveryRatio,
  judgeDelivery,
  surplusOf,
} from "../../../src/delivery/measured/judgement.ts";
import { WindowAverage } from "../../../src/delivery/measured/window_average.ts";

/** As much is counted as is delivered. */
const delivering = (deliveredPh: number | null, rest: Partial<Delivery> = {}): Delivery => ({
  wonHashratePh: 2,
  deliveredPh,
  countedPh: deliveredPh,
  measuredSeconds: 180,
  elapsedSeconds: 200,
  isComplete: false,
  ...rest,
});

const UNMEASURED = { measuredSeconds: 0 };
const WHOLE = { elapsedSeconds: 720, isComplete: true };
const SHORT = { elapsedSeconds: 120, isComplete: true };

const cases: [string, Delivery, DeliveryLevel][] = [
  ["all of it", delivering(2), "ok"],
  ["3 % more", delivering(2.06), "ok"],
  ["a little more than that", delivering(2.0601), "surplus"],
  ["exactly 90 %", delivering(1.8), "ok"],
  ["a little less", delivering(1.7999), "warning"],
  ["exactly 20 %", delivering(0.4), "warning"],
  ["less than that", delivering(0.3999), "alert"],
  ["nothing", delivering(0), "alert"],
  ["nothing of nothing", delivering(0, { wonHashratePh: 0 }), "ok"],
  ["the last share of a machine that has left", delivering(0.0009, { wonHashratePh: 0 }), "ok"],
  ["something of nothing", delivering(0.01, { wonHashratePh: 0 }), "surplus"],
  [
    "something of nothing for too short a time",
    delivering(1, { wonHashratePh: 0, measuredSeconds: 179 }),
    "ok",
  ],
  ["nothing won and nothing measured", delivering(null, { ...UNMEASURED, wonHashratePh: 0 }), "ok"],
  ["nothing measured", delivering(null, UNMEASURED), "unknown"],
  ["too short a time", delivering(0, { measuredSeconds: 179 }), "unknown"],
  ["a surplus for too short a time", delivering(3, { measuredSeconds: 179 }), "unknown"],
  [
    "nothing measured at the end",
    delivering(null, { ...UNMEASURED, elapsedSeconds: 0, isComplete: true }),
    "unknown",
  ],
  ["three minutes of a whole window", delivering(0, WHOLE), "alert"],
  ["less of it", delivering(0, { ...WHOLE, measuredSeconds: 160 }), "unknown"],
  ["half of a short one", delivering(0, { ...SHORT, measuredSeconds: 60 }), "alert"],
  ["less than half of it", delivering(0, { ...SHORT, measuredSeconds: 59 }), "unknown"],
  // Two tiers under one worker id.
  ["a surplus of which half is credited", delivering(3, { countedPh: 1 }), "warning"],
  ["a surplus that is credited", delivering(3, { countedPh: 2 }), "surplus"],
];
for (const [what, delivery, expected] of cases) {
  Deno.test(`judgeDelivery() judges ${what} as ${expected}`, () => {
    assert.equal(judgeDelivery(delivery, DEFAULT_DELIVERY_LIMITS), expected);
  });
}

Deno.test("judgeDelivery() goes by the limits it is given", () => {
  const limits = { warnBelow: 1, alertBelow: 0.5 };
  assert.equal(judgeDelivery(delivering(1.99), limits), "warning");
  assert.equal(judgeDelivery(delivering(1), limits), "warning");
  assert.equal(judgeDelivery(delivering(0.99), limits), "alert");
});

Deno.test("judgeDelivery() is not misled by the rounding of sums: what is always at a limit has not crossed it", () => {
  const won = fc.integer({ min: 1, max: 10_000_000 }).map((units) => units / 1e4);
  const share = fc.constantFrom(0.9, 1.03);
  fc.assert(
    fc.property(won, share, fc.integer({ min: 9, max: 36 }), (wonHashratePh, part, count) => {
      const average = new WindowAverage(0);
      for (let i = 1; i <= count; i++) average.add({ atMs: i * 20_003, deliveredPh: wonHashratePh * part });
      const { averagePh, ...times } = average.report(count * 20_003);
      assert.equal(
        judgeDelivery(delivering(averagePh, { ...times, wonHashratePh }), DEFAULT_DELIVERY_LIMITS),
        "ok",
      );
    }),
  );
});

Deno.test("surplusOf() is what is delivered beyond what was won, however much of it is credited", () => {
  assert.equal(surplusOf(delivering(2.5, { countedPh: 1 })), 0.5);
  assert.equal(surplusOf(delivering(2.05)), 0);
  assert.equal(surplusOf(delivering(1)), 0);
  assert.equal(surplusOf(delivering(2.5, { measuredSeconds: 179 })), null);
  assert.equal(surplusOf(delivering(null)), null);
});

Deno.test("deliveryRatio() divides what counts by what was won, if there are both", () => {
  assert.equal(deliveryRatio(delivering(1.5, { countedPh: 1 })), 0.5);
  assert.equal(deliveryRatio(delivering(null)), null);
  assert.equal(deliveryRatio(delivering(1, { wonHashratePh: 0 })), null);
});
