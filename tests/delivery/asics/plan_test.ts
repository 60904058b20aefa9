import assert from "node:assert/strict";
import fc from "fast-check";
import { planFleet, type PlanMachine, type PlanState } from "../../../src/delivery/asics/plan.ts";
import { parseFp18 } from "../../../src/auction/protocol/fp18.ts";

/** `100` at the fallback, `100*` at the subnet; in TH/s. */
function machine(text: string, state: PlanState = "available"): PlanMachine {
  const atSubnet = text.endsWith("*");
  return { hashrateFp18: th(text.replace("*", "")), state, atSubnet };
}

function machines(...texts: string[]): PlanMachine[] {
  return texts.map((text) => machine(text));
}

function th(text: string | number): bigint {
  return parseFp18(String(text)) / 1000n;
}

function chosen(fleet: readonly PlanMachine[], needTh: number, keepPresent = false): number[] {
  const { chosen } = planFleet(fleet, { needFp18: th(needTh), keepPresent });
  return chosen.flatMap((isChosen, index) => isChosen ? [index] : []);
}

Deno.test("planFleet() covers the need with the least surplus", () => {
  assert.deepEqual(chosen(machines("100", "60", "60", "30"), 120), [1, 2]);
  assert.deepEqual(chosen(machines("100", "60", "60", "30"), 121), [0, 3]);
  assert.deepEqual(chosen(machines("104.5", "110", "140.5"), 244), [0, 2]);
});

Deno.test("planFleet() prefers fewer changes among equal surpluses, and then the order", () => {
  assert.deepEqual(chosen(machines("50", "50", "50*"), 50), [2]);
  assert.deepEqual(chosen(machines("50", "50", "50"), 100), [0, 1]);
  // Keeping 100 changes nothing; 60 and 40 are as exact and change three machines.
  assert.deepEqual(chosen(machines("60", "40", "100*"), 100), [2]);
  assert.deepEqual(chosen(machines("60*", "40*", "100"), 100), [0, 1]);
});

Deno.test("planFleet() chooses all that can be had when nothing covers the need, and none for none", () => {
  const fleet = [machine("10"), machine("20", "unavailable"), machine("30", "reserve")];
  assert.deepEqual(chosen(fleet, 50), [0, 2]);
  assert.deepEqual(chosen(fleet, 0), []);
  assert.deepEqual(chosen([], 5), []);
});

Deno.test("planFleet() counts machines fixed at the subnet, and uses reserves only for the rest", () => {
  const fleet = [
    machine("50*", "fixed-on-subnet"),
    machine("30"),
    machine("30", "reserve"),
    machine("5", "reserve"),
  ];
  assert.deepEqual(chosen(fleet, 50), []);
  assert.deepEqual(chosen(fleet, 80), [1]);
  assert.deepEqual(chosen(fleet, 84), [1, 3]);
  assert.equal(planFleet(fleet, { needFp18: th(84) }).coveredFp18, th(85));
});

Deno.test("planFleet() with keepPresent only removes machines if the present ones suffice, else only adds some", () => {
  const fleet = machines("100*", "60*", "40", "80");
  assert.deepEqual(chosen(fleet, 100, true), [0]);
  assert.deepEqual(chosen(fleet, 80, true), [0]);
  assert.deepEqual(chosen(fleet, 80), [3]);
  assert.deepEqual(chosen(fleet, 200, true), [0, 1, 2]);
  assert.deepEqual(chosen(fleet, 220, true), [0, 1, 3]);
});

const states = fc.constantFrom<PlanState>(
  "available",
  "available",
  "available",
  "fixed-on-subnet",
  "unavailable",
);
const fleets = fc.array(
  fc.record({
    hashrateFp18: fc.oneof(
      fc.integer({ min: 1, max: 12 }).map((n) => BigInt(n) * 10n ** 17n),
      fc.integer({ min: 1, max: 5000 }).map((n) => BigInt(n) * 10n ** 14n),
    ),
    state: states,
    atSubnet: fc.boolean(),
  }),
  { maxLength: 12 },
);
const needs = fc.integer({ min: 0, max: 60_000 }).map((n) => BigInt(n) * 10n ** 14n);

interface Quality {
  readonly covered: bigint;
  readonly changes: number;
}

/** The best of all subsets of the machines that may be chosen; `null` when none covers the need. */
function bruteForce(
  fleet: readonly PlanMachine[],
  needFp18: bigint,
  isFree: (machine: PlanMachine) => boolean,
  isForced: (machine: PlanMachine) => boolean,
): Quality | null {
  const free = fleet.filter((machine) => machine.state === "available" && isFree(machine));
  const forced = fleet.filter((machine) =>
    machine.state === "fixed-on-subnet" || machine.state === "available" && isForced(machine)
  );
  const base = forced.reduce((sum, { hashrateFp18 }) => sum + hashrateFp18, 0n);
  let best: Quality | null = null;
  for (let subset = 0; subset < 1 << free.length; subset++) {
    let covered = base;
    let changes = 0;
    free.forEach(({ hashrateFp18, atSubnet }, bit) => {
      const isIn = (subset >> bit & 1) === 1;
      if (isIn) covered += hashrateFp18;
      if (isIn !== atSubnet) changes++;
    });
    if (covered < needFp18) continue;
    const isBetter = best === null || covered < best.covered ||
      covered === best.covered && changes < best.changes;
    if (isBetter) best = { covered, changes };
  }
  return best;
}

function qualityOf(fleet: readonly PlanMachine[], needFp18: bigint, keepPresent: boolean): Quality {
  const { chosen, coveredFp18 } = planFleet(fleet, { needFp18, keepPresent });
  let covered = 0n;
  let changes = 0;
  fleet.forEach(({ hashrateFp18, state, atSubnet }, i) => {
    assert.ok(!chosen[i] || state === "available", "only what is available may be chosen");
    if (chosen[i] || state === "fixed-on-subnet") covered += hashrateFp18;
    if (state === "available" && chosen[i] !== atSubnet) changes++;
  });
  assert.equal(coveredFp18, covered);
  return { covered, changes };
}

Deno.test("planFleet() is as good as trying all subsets", () => {
  fc.assert(
    fc.property(fleets, needs, (fleet, needFp18) => {
      const best = bruteForce(fleet, needFp18, () => true, () => false);
      const quality = qualityOf(fleet, needFp18, false);
      if (best !== null) return assert.deepEqual(quality, best);
      const { chosen } = planFleet(fleet, { needFp18 });
      fleet.forEach(({ state }, i) => assert.equal(chosen[i], state === "available"));
    }),
    { numRuns: 300 },
  );
});

Deno.test("planFleet() with keepPresent is as good as trying all subsets or supersets of the present machines", () => {
  fc.assert(
    fc.property(fleets, needs, (fleet, needFp18) => {
      const drop = bruteForce(fleet, needFp18, ({ atSubnet }) => atSubnet, () => false);
      const add = bruteForce(fleet, needFp18, ({ atSubnet }) => !atSubnet, ({ atSubnet }) => atSubnet);
      const best = drop ?? add;
      const { chosen } = planFleet(fleet, { needFp18, keepPresent: true });
      if (best !== null) assert.deepEqual(qualityOf(fleet, needFp18, true), best);
      else fleet.forEach(({ state }, i) => assert.equal(chosen[i], state === "available"));
    }),
    { numRuns: 300 },
  );
});

/** Hashrates as operators write what they have measured. */
const measuredFleets = fc.array(
  fc.record({
    hashrateFp18: fc.integer({ min: 50_000, max: 300_000 }).map((n) => BigInt(n) * 10n ** 12n),
    state: fc.constant<PlanState>("available"),
    atSubnet: fc.boolean(),
  }),
  { minLength: 1, maxLength: 8 },
);

Deno.test("planFleet() is exact with a few machines of six decimals, also where the need is just what some have", () => {
  fc.assert(
    fc.property(measuredFleets, fc.integer({ min: 1, max: 255 }), (fleet, subset) => {
      const needFp18 = fleet.reduce(
        (sum, { hashrateFp18 }, i) => (subset >> i & 1) === 1 ? sum + hashrateFp18 : sum,
        0n,
      );
      assert.deepEqual(
        qualityOf(fleet, needFp18, false),
        bruteForce(fleet, needFp18, () => true, () => false),
      );
    }),
    { numRuns: 40 },
  );
});

Deno.test("planFleet() covers the need without a needless machine in steps, too, and gives the same for the same", () => {
  const oddFleets = fc.array(
    fc.record({
      hashrateFp18: fc.bigInt({ min: 1n, max: 3n * 10n ** 17n }),
      state: fc.constant<PlanState>("available"),
      atSubnet: fc.boolean(),
    }),
    { minLength: 1, maxLength: 60 },
  );
  fc.assert(
    fc.property(oddFleets, fc.integer({ min: 1, max: 1000 }), (fleet, permille) => {
      const total = fleet.reduce((sum, { hashrateFp18 }) => sum + hashrateFp18, 0n);
      const needFp18 = (total * BigInt(permille) + 999n) / 1000n;
      const plan = planFleet(fleet, { needFp18 });
      assert.ok(plan.coveredFp18 >= needFp18);
      fleet.forEach(({ hashrateFp18 }, i) => {
        assert.ok(!plan.chosen[i] || plan.coveredFp18 - hashrateFp18 < needFp18, `machine ${i} is needless`);
      });
      assert.deepEqual(planFleet(fleet, { needFp18 }), plan);
    }),
    { numRuns: 20, endOnFailure: true },
  );
});

/** A thousand machines. */
function largeFleet(hashrateTh: (index: number) => number): PlanMachine[] {
  return Array.from({ length: 1000 }, (_, i) => ({
    hashrateFp18: th(hashrateTh(i)),
    state: "available",
    atSubnet: i % 3 === 0,
  }));
}

const LARGE: readonly (readonly [name: string, hashrateTh: (index: number) => number])[] = [
  ["five models", (i) => [104, 110, 140.5, 200, 234][i % 5]!],
  ["every machine another hashrate", (i) => 80 + i / 10],
  ["hashrates without a common step", (i) => Number((90 + Math.sin(i) * 20).toFixed(3))],
];

for (const [name, hashrateTh] of LARGE) {
  Deno.test(`planFleet() plans a thousand machines soon: ${name}`, () => {
    const fleet = largeFleet(hashrateTh);
    const total = fleet.reduce((sum, { hashrateFp18 }) => sum + hashrateFp18, 0n);
    const needFp18 = total * 47n / 100n;
    const startedMs = performance.now();
    const { coveredFp18 } = planFleet(fleet, { needFp18 });
    const tookMs = performance.now() - startedMs;
    assert.ok(coveredFp18 >= needFp18 && coveredFp18 - needFp18 < total / 20_000n);
    // Measured at 10 to 200 ms; the rest is for a busy machine.
    assert.ok(tookMs < 2000, `it took ${tookMs} ms`);
  });
}
