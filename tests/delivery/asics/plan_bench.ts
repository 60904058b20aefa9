import { planFleet, type PlanMachine } from "../../../src/delivery/asics/plan.ts";
import { parseFp18 } from "../../../src/auction/protocol/fp18.ts";

const FLEETS: readonly (readonly [name: string, hashrateTh: (index: number) => number])[] = [
  ["five models", (i) => [104, 110, 140.5, 200, 234][i % 5]!],
  ["1000 hashrates", (i) => 80 + i / 10],
  ["1000 hashrates in coarse steps", (i) => Number((90 + Math.sin(i) * 20).toFixed(3))],
];

for (const [name, hashrateTh] of FLEETS) {
  const fleet = Array.from({ length: 1000 }, (_, i): PlanMachine => ({
    hashrateFp18: parseFp18(hashrateTh(i).toFixed(3)) / 1000n,
    state: "available",
    atSubnet: i % 3 === 0,
  }));
  const totalFp18 = fleet.reduce((sum, { hashrateFp18 }) => sum + hashrateFp18, 0n);
  for (const percent of [10n, 47n, 90n]) {
    Deno.bench(`planFleet(), 1000 machines, ${name}, ${percent} % needed`, () => {
      planFleet(fleet, { needFp18: totalFp18 * percent / 100n });
    });
  }
}
