import { z } from "zod";
import { classifyWorker, mergeNeighbours } from "../../src/auction/inputs/items.ts";
import { budgetCap } from "../../src/auction/protocol/budget.ts";
import { bidTuples, maxPriceText, type VectorChecker } from "./checker.ts";

const input = z.strictObject({
  bids: z.array(z.tuple([z.string(), bidTuples])),
  budget_ph: z.string(),
  max_price_multiplier: maxPriceText,
});

/** `worker-items.json` */
export const workerItems: VectorChecker = {
  compute(vector): unknown {
    const request = input.parse(vector.input);
    const bids = request.bids.flatMap(([hotkey, list]) => list.map((bid) => ({ hotkey, ...bid })));
    const cap = budgetCap(Number(request.budget_ph));
    const items = mergeNeighbours(
      bids.filter(({ priceFp18 }) => priceFp18 <= request.max_price_multiplier),
    ).map((run) => {
      const worker = classifyWorker(run, null);
      const weight = "weight" in worker ? worker.weight : null;
      return {
        hotkey: run.hotkey,
        size: run.sizeText,
        price: run.priceFp18.toString(),
        cost: weight === null ? null : Number(weight.cost),
        value: weight === null ? null : Number(weight.value),
        kept: cap !== null && "weight" in classifyWorker(run, cap),
        count: run.count,
      };
    });
    return { cap: items.some(({ kept }) => kept) ? Number(cap) : null, items };
  },
};
