import { z } from "zod";
import { mechanismShare } from "../../src/auction/protocol/budget.ts";
import { windowBudgetAlpha, windowPayment } from "../../src/auction/credit/payment.ts";
import type { VectorChecker } from "./checker.ts";

const decimal = z.string().transform(Number);

const input = z.strictObject({
  window_index: z.int(),
  mechanism_share_u16: z.int(),
  hashp_usdc: decimal,
  alpha_tao: decimal,
  tao_usdc: decimal,
  credited: z.array(
    z.tuple([decimal, z.string()])
      .transform(([hashratePh, price]) => ({ hashratePh, priceFp18: BigInt(price) })),
  ),
});

const amounts = z.record(z.string(), z.coerce.number());

/** The reference's doubles are summed in another order. */
const PRECISION = 1e-12;

/** `payment.json` */
export const payment: VectorChecker = {
  compute(vector): unknown {
    const { window_index, mechanism_share_u16, hashp_usdc, alpha_tao, tao_usdc, credited } = input.parse(
      vector.input,
    );
    const prices = { hashpUsdc: hashp_usdc, alphaTao: alpha_tao, taoUsdc: tao_usdc };
    const { alpha, tao, usdc } = windowPayment(credited, prices, window_index);
    // A mechanism without a share has no auction, and no budget.
    const share = mechanism_share_u16 === 0 ? 0 : mechanismShare([0, mechanism_share_u16], { netuid: 89 });
    const budgetAlpha = windowBudgetAlpha(share, window_index);
    return {
      payment_alpha: alpha,
      payment_tao: tao,
      payment_usdc: usdc,
      budget_alpha: budgetAlpha,
      burn_alpha: Math.max(0, budgetAlpha - alpha),
    };
  },
  matches(got, { expected }): boolean {
    const [computed, wanted] = [amounts.parse(got), amounts.parse(expected)];
    return Object.entries(wanted).every(([name, amount]) =>
      Math.abs((computed[name] ?? NaN) - amount) <= PRECISION * Math.abs(amount)
    );
  },
};
