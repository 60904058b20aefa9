import { z } from "zod";
import { buildItems } from "../../src/auction/inputs/items.ts";
import type { AuctionProblem, Bid } from "../../src/auction/inputs/problem.ts";
import type { WinRange } from "../../src/auction/solver/types.ts";
import { listWinners } from "../../src/auction/winners.ts";
import { budgetCap } from "../../src/auction/protocol/budget.ts";
import { solveAllRanges } from "../../src/auction/solver/glpk_engine.ts";
import { totalsOfWins } from "../../src/auction/solver/outcome.ts";
import {
  bidsInOrder,
  bidTuples,
  integerText,
  maxPriceText,
  toBid,
  type VectorChecker,
  winsOf,
} from "./checker.ts";
import { findReferenceCbc, solveLikeValidators } from "../parity/reference_cbc.ts";

const input = z.strictObject({
  bids_by_hotkey: z.record(z.string(), bidTuples),
  budget_ph: z.string(),
  cbc_seed: z.int(),
  // Limit of the reference's solver, unused here.
  max_nodes: z.int(),
  max_price_multiplier: maxPriceText,
});
const expected = z.object({
  cbc_is_min_cost_at_value: z.boolean(),
  reference_solver: z.looseObject({
    winners: z.array(
      z.tuple([z.string(), z.string(), integerText, z.int()])
        .transform(([hotkey, size, priceFp18, count]) => ({ hotkey, ...toBid(size, priceFp18, count) })),
    ),
  }),
});

const reference = await findReferenceCbc();

/**
 * `auction-ilp.json`: the exact optimum and the ranges; the winners that the validators' build of CBC picks, if it is
 * installed; and what follows from these winners: totals, order, and how they compare with the optimum.
 */
export const auctionIlp: VectorChecker = {
  async compute(vector): Promise<unknown> {
    const request = input.parse(vector.input);
    const { reference_solver: referenceSolver, cbc_is_min_cost_at_value: isMinCost } = expected.parse(
      vector.expected,
    );
    const hotkeys = Object.keys(request.bids_by_hotkey);
    const bids = bidsInOrder(request.bids_by_hotkey);
    const cap = budgetCap(Number(request.budget_ph));
    const affordable = bids.filter(({ priceFp18 }) => priceFp18 <= request.max_price_multiplier);
    const items = cap === null ? [] : buildItems(affordable, cap).items;
    const problem: AuctionProblem = {
      items,
      cap: cap ?? 0n,
      objective: "value-then-cost",
      seed: request.cbc_seed,
    };
    const optimum = await solveAllRanges(problem);
    const wonRange = new Map(optimum.hotkeys.map(({ hotkey, workers }) => [hotkey, workers]));
    const types = optimum.hotkeys.flatMap(({ hotkey, bids }) => bids.map((bid) => ({ hotkey, ...bid })));

    const wins = "path" in reference && items.length > 0
      ? await solveLikeValidators(reference.path, problem)
      : winsOf(items, referenceSolver.winners);
    const chosen = totalsOfWins(items, wins);
    return {
      cap: cap === null ? null : Number(cap),
      workers: countWorkers(bids),
      kept: countWorkers(items),
      reference_solver: {
        ...referenceSolver,
        winners: listWinners(items, wins).map((
          { hotkey, sizeText, priceFp18, count },
        ) => [hotkey, sizeText, priceFp18.toString(), count]),
        won_by_hotkey: Object.fromEntries(
          hotkeys.map((hotkey) => [
            hotkey,
            items.reduce((sum, item, i) => sum + (item.hotkey === hotkey ? wins[i]! : 0), 0),
          ]),
        ),
        total_value: Number(chosen.totalValue),
        total_cost: Number(chosen.totalCost),
      },
      optimum: {
        value: Number(optimum.totalValue),
        min_cost: Number(optimum.totalCost),
        won_range_by_hotkey: Object.fromEntries(
          hotkeys.map((hotkey) => [hotkey, toPair(wonRange.get(hotkey))]),
        ),
        won_range_by_type: types.map((
          { hotkey, sizeText, priceFp18, count, won },
        ) => [hotkey, sizeText, priceFp18.toString(), count, ...toPair(won)]),
      },
      cbc_is_optimal_value: chosen.totalValue === optimum.totalValue,
      // For a value that is not optimal, the engine knows no minimal cost to compare with.
      cbc_is_min_cost_at_value: chosen.totalValue === optimum.totalValue
        ? chosen.totalCost === optimum.totalCost
        : isMinCost,
      ambiguous: [...wonRange.values()].some(({ fewest, most }) => fewest !== most),
      ambiguous_by_type: types.some(({ won }) => won.fewest !== won.most),
    };
  },
  skippedParts: () =>
    "path" in reference ? [] : [`which workers the validators' build of CBC picks (${reference.absence})`],
};

function countWorkers(bids: readonly Bid[]): number {
  return bids.reduce((sum, { count }) => sum + count, 0);
}

function toPair(range: WinRange | undefined): [number, number] {
  return range === undefined ? [0, 0] : [range.fewest, range.most];
}
