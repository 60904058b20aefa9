import { z } from "zod";
import {
  budgetCap,
  budgetPh,
  capFactor,
  mechanismShare,
  minersShareFp18,
} from "../../src/auction/protocol/budget.ts";
import { integerText, reprDouble, type VectorChecker } from "./checker.ts";

const prices = { alpha_tao: integerText, tao_usdc: integerText, hashp_usdc: integerText };
const split = z.array(z.int()).nullable();
const input = z.discriminatedUnion("op", [
  z.strictObject({ op: z.literal("budget"), ...prices, miners_share: integerText }),
  z.strictObject({ op: z.literal("cap_fraction"), cap: integerText.nullable() }),
  z.strictObject({ op: z.literal("share"), split, mechanism_id: z.int() }),
  z.strictObject({ op: z.literal("cap_int"), budget_ph: z.string() }),
  z.strictObject({
    op: z.literal("end_to_end"),
    ...prices,
    cap: integerText.nullable(),
    split,
    mechanism_id: z.int(),
  }),
]);

/** `budget.json` */
export const budget: VectorChecker = {
  compute(vector): unknown {
    const request = input.parse(vector.input);
    switch (request.op) {
      case "budget":
        return reprDouble(budgetPh(toPrices(request), request.miners_share));
      case "cap_fraction":
        return reprDouble(capFactor(request.cap));
      case "share": {
        const share = mechanismShare(request.split, subnetOf(request));
        return { share_fraction: reprDouble(share), miners_share: minersShareFp18(share).toString() };
      }
      case "cap_int": {
        const cap = budgetCap(Number(request.budget_ph));
        return cap === null ? null : Number(cap);
      }
      case "end_to_end": {
        const share = minersShareFp18(mechanismShare(request.split, subnetOf(request)));
        const uncapped = budgetPh(toPrices(request), share);
        return reprDouble(uncapped <= 0 ? uncapped : uncapped * capFactor(request.cap));
      }
    }
  },
};

function toPrices(
  request: { alpha_tao: bigint; tao_usdc: bigint; hashp_usdc: bigint },
): Parameters<typeof budgetPh>[0] {
  return {
    alphaTaoFp18: request.alpha_tao,
    taoUsdcFp18: request.tao_usdc,
    hashpUsdcFp18: request.hashp_usdc,
  };
}

/** The vectors name no subnet, which only error messages would show. */
function subnetOf(request: { readonly mechanism_id: number }): { netuid: number; mechanismId: number } {
  return { netuid: 89, mechanismId: request.mechanism_id };
}
