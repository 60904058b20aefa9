import assert from "node:assert/strict";
import fc from "fast-check";
import {
  AMBIGUITY_POLICIES,
  type OwnRange,
  preferenceOf,
  routedHashrate,
  SAFE_SHARE,
} from "../../src/auction/ambiguity.ts";
import { BAN_SHARE } from "../../src/auction/protocol/constants.ts";

const RANGE: OwnRange = { ambiguous: true, wonHashratePh: 0, certainHashratePh: 0, possibleHashratePh: 1.8 };

Deno.test('routedHashrate() routes 12 % of what is possible under "deliver-safe" when nothing is certain', () => {
  assert.deepEqual(routedHashrate(RANGE, "deliver-safe"), {
    routedHashratePh: 0.216,
    routedBecause:
      'max(0 certain, 12 % of 1.8 possible) = 0.216 PH/s ([routing] on_ambiguous = "deliver-safe")',
  });
});

Deno.test('routedHashrate() routes what is certain under "deliver-safe" when that is more', () => {
  const range = { ...RANGE, wonHashratePh: 0.45, certainHashratePh: 0.45 };
  assert.equal(routedHashrate(range, "deliver-safe").routedHashratePh, 0.45);
});

Deno.test("routedHashrate() routes the outcome that the solver named under the other policies", () => {
  const most = routedHashrate({ ...RANGE, wonHashratePh: 1.8 }, "deliver-possible");
  assert.deepEqual([most.routedHashratePh, most.routedBecause], [
    1.8,
    'all that may have won of 1.8 PH/s ([routing] on_ambiguous = "deliver-possible")',
  ]);
  const fewest = routedHashrate({ ...RANGE, wonHashratePh: 0.2, certainHashratePh: 0.2 }, "deliver-certain");
  assert.deepEqual([fewest.routedHashratePh, fewest.routedBecause], [
    0.2,
    'only what is certain, 0.2 PH/s ([routing] on_ambiguous = "deliver-certain")',
  ]);
});

Deno.test("routedHashrate() routes what was won, whatever the policy, when that is known", () => {
  const range = { ambiguous: false, wonHashratePh: 0.7, certainHashratePh: 0.7, possibleHashratePh: 0.7 };
  for (const policy of AMBIGUITY_POLICIES) {
    assert.deepEqual(routedHashrate(range, policy), { routedHashratePh: 0.7, routedBecause: "what was won" });
  }
});

Deno.test('routedHashrate() under "deliver-safe" stays clear of a ban and within what is possible', () => {
  const amounts = fc.tuple(fc.integer({ min: 0, max: 450_000 }), fc.integer({ min: 1, max: 450_000_000 }));
  fc.assert(fc.property(amounts, ([certain, more]) => {
    const certainHashratePh = certain / 1e6;
    const possibleHashratePh = (certain + more) / 1e6;
    const range = {
      ambiguous: true,
      wonHashratePh: certainHashratePh,
      certainHashratePh,
      possibleHashratePh,
    };
    const { routedHashratePh } = routedHashrate(range, "deliver-safe");
    assert.ok(routedHashratePh >= certainHashratePh && routedHashratePh <= possibleHashratePh);
    assert.ok(routedHashratePh >= BAN_SHARE * possibleHashratePh - 1e-6);
    assert.ok(
      routedHashratePh === certainHashratePh || routedHashratePh <= SAFE_SHARE * possibleHashratePh + 1e-6,
    );
  }));
});

Deno.test("docs/routing.md has the figures of its example right", async () => {
  const page = await Deno.readTextFile(new URL("../../docs/routing.md", import.meta.url));
  const [offeredPh, price, windowUsdc] = [1.8, 1.05, 50 * 60 / 7200];
  /** Compared with mining elsewhere at the hashprice. */
  const gain = (routedPh: number, wonPh: number): string => {
    const usdc = (Math.min(routedPh, wonPh) * price - routedPh) * windowUsdc;
    return `${usdc > 0 ? "+" : ""}${usdc.toFixed(4)}`.replace("-0.0000", "0.0000");
  };
  const cells = (policy: string): string[] =>
    page.split("\n").find((line) => line.startsWith(`| \`${policy}\` `))!.split("|").map((cell) =>
      cell.trim()
    );
  for (const policy of AMBIGUITY_POLICIES) {
    const wonHashratePh = preferenceOf(policy) === "most-own" ? offeredPh : 0;
    const range = { ...RANGE, wonHashratePh, possibleHashratePh: offeredPh };
    const { routedHashratePh } = routedHashrate(range, policy);
    const [, , routed, ifWon, ifLost] = cells(policy);
    assert.deepEqual([routed, ifLost], [`${routedHashratePh} PH/s`, gain(routedHashratePh, 0)]);
    if (routedHashratePh >= BAN_SHARE * offeredPh) assert.equal(ifWon, gain(routedHashratePh, offeredPh));
  }
  const lost = `-${(60 * offeredPh * (price - 1) * windowUsdc).toFixed(4)}`;
  assert.match(cells("deliver-certain")[3]!, new RegExp(`^a ban: 60 windows .* up to ${lost}$`));
});

Deno.test("preferenceOf() has the solver name the certain winners, unless all that is possible is delivered", () => {
  assert.deepEqual(AMBIGUITY_POLICIES.map(preferenceOf), ["fewest-own", "most-own", "fewest-own"]);
});
