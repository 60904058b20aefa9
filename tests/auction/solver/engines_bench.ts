/**
 * How long the built-in engine takes, ranges of one hotkey included, and what is around an external one.
 *
 * @module
 */

import {
  FAMILIES,
  generateAuction,
  LARGEST_SCALE,
  ORDINARY_SCALE,
} from "../../../scripts/parity/families.ts";
import { writeMps } from "../../../src/auction/solver/cbc/mps.ts";
import { readSolution } from "../../../src/auction/solver/cbc/solution.ts";
import { loadGlpk } from "../../../src/auction/solver/glpk.ts";
import { solveWithGlpk } from "../../../src/auction/solver/glpk_engine.ts";

await loadGlpk();

for (const [group, scale] of [["ordinary", ORDINARY_SCALE], ["largest", LARGEST_SCALE]] as const) {
  for (const family of FAMILIES) {
    const problem = generateAuction(family, scale, 1);
    const ownHotkey = problem.items[0]!.hotkey;
    Deno.bench(`solveWithGlpk() ${family.name}, ${group}`, { group, n: 5, warmup: 1 }, async () => {
      await solveWithGlpk(problem, { ownHotkey, prefer: "most-own" });
    });
  }
}

const problem = generateAuction(FAMILIES[1]!, { ...ORDINARY_SCALE, hotkeys: 256 }, 1);
const solution = [
  "Optimal - objective value 0.00000000",
  ...Array.from({ length: 6000 }, (_, column) => `${column} X${String(column).padStart(7, "0")} 1 450000`),
  "",
].join("\n");

Deno.bench("writeMps() 256 hotkeys", { group: "cbc files" }, () => {
  writeMps(problem);
});

Deno.bench("readSolution() 256 hotkeys", { group: "cbc files" }, () => {
  readSolution(solution, problem);
});
