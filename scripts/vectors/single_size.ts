import { z } from "zod";
import { buildItems } from "../../src/auction/inputs/items.ts";
import { objectiveOfWindow } from "../../src/auction/inputs/problem.ts";
import { budgetCap } from "../../src/auction/protocol/budget.ts";
import { singleSizeWins } from "../../src/auction/solver/single_size.ts";
import { bidsInOrder, bidTuples, type VectorChecker } from "./checker.ts";

const input = z.strictObject({
  bids_by_hotkey: z.record(z.string(), bidTuples),
  budget_ph: z.string(),
  cbc_seed: z.int(),
  start_block: z.int(),
});
const expectedOutcome = z.object({ won_by_hotkey: z.record(z.string(), z.int()) });

/** `single-size.json`: what every hotkey wins, without the validators' program. */
export const singleSize: VectorChecker = {
  compute(vector): unknown {
    const request = input.parse(vector.input);
    const cap = budgetCap(Number(request.budget_ph)) ?? 0n;
    const { items } = buildItems(bidsInOrder(request.bids_by_hotkey), cap);
    const objective = objectiveOfWindow(request.start_block);
    const wins = singleSizeWins({ items, cap, objective, seed: request.cbc_seed });
    if (wins === null) return null;
    const won: Record<string, number> = {};
    items.forEach(({ hotkey }, i) => won[hotkey] = (won[hotkey] ?? 0) + wins[i]!);
    return Object.fromEntries(Object.entries(won).filter(([, count]) => count > 0));
  },
  matches(got, vector): boolean {
    const { won_by_hotkey } = expectedOutcome.parse(vector.expected);
    const wanted = Object.entries(won_by_hotkey).filter(([, count]) => count > 0).sort();
    return JSON.stringify(Object.entries(got ?? {}).sort()) === JSON.stringify(wanted);
  },
};
