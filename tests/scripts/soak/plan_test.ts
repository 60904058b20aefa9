import assert from "node:assert/strict";
import { Random } from "../../../scripts/random.ts";
import { chosen, KILL_EVERY_MS, planKills, planWindow } from "../../../scripts/soak/plan.ts";

const plans = (seed: number, count: number): ReturnType<typeof planWindow>[] => {
  const random = new Random(seed);
  return Array.from({ length: count }, () => planWindow(random));
};

Deno.test("planWindow() draws the same windows from the same seed", () => {
  assert.deepEqual(plans(3, 50), plans(3, 50));
  assert.notDeepEqual(plans(3, 50), plans(4, 50));
});

Deno.test("planWindow() draws everything that can happen, and windows without it", () => {
  const drawn = plans(1, 400);
  const kinds = (pick: (plan: ReturnType<typeof planWindow>) => unknown): unknown[] =>
    [...new Set(drawn.map(pick))].map(String).sort();
  assert.deepEqual([...new Set(drawn.flatMap(({ edits }) => edits))].sort(), [
    "broken configuration",
    "configuration",
    "proxy file",
    "proxy file replaced",
  ]);
  assert.deepEqual(kinds(({ faultAt }) => faultAt), ["auction", "bid", "null"]);
  assert.deepEqual(kinds(({ hook }) => hook), ["fails", "hangs", "well"]);
  assert.deepEqual(kinds(({ mishap }) => mishap), ["liar", "null", "slow", "unplugged"]);
  assert.deepEqual(kinds(({ cbcDelaySeconds }) => cbcDelaySeconds > 0), ["false", "true"]);
  assert.deepEqual(kinds(({ hangUpAfterMs }) => hangUpAfterMs === null), ["false", "true"]);
  assert.deepEqual(kinds(({ isReorganised }) => isReorganised), ["false", "true"]);
  const steps = kinds(({ clockOffsetSeconds }) => clockOffsetSeconds);
  for (const step of ["null", "0", "36000", "-36000"]) assert.ok(steps.includes(step), step);
});

Deno.test("planWindow() sets a fault at the bid only where a bid is changed", () => {
  const atBid = plans(2, 400).filter(({ faultAt }) => faultAt === "bid");
  assert.ok(atBid.length > 0);
  assert.ok(atBid.every(({ edits }) => edits.includes("configuration")));
});

Deno.test("planKills() plans one SIGKILL in each full five minutes, and leaves lives of eight minutes", () => {
  for (const [minutes, count] of [[4, 0], [5, 1], [9, 1], [30, 6]] as const) {
    const kills = planKills(minutes, new Random(1));
    assert.equal(kills.length, count);
    kills.forEach(({ notBeforeMs }, i) => {
      assert.ok(notBeforeMs >= i * KILL_EVERY_MS && notBeforeMs < (i + 1) * KILL_EVERY_MS);
      const next = kills[i + 1]?.notBeforeMs ?? Infinity;
      if (i % 2 === 0) assert.ok(next - notBeforeMs >= 8 * 60_000);
    });
  }
});

Deno.test("chosen() takes each element by its share, and refuses an empty list", () => {
  assert.deepEqual([0, 0.49, 0.5, 0.999].map((choice) => chosen(["a", "b"], choice)), ["a", "a", "b", "b"]);
  assert.throws(() => chosen([], 0), RangeError);
});
