import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import { creditDelivery, mergeWorkers } from "../../src/auction/credit/delivery_credit.ts";
import type { VectorChecker } from "./checker.ts";

const workers = z.array(
  z.strictObject({ worker_id: z.string(), hashrate: z.union([z.number(), z.string(), z.null()]) })
    .transform(({ worker_id, hashrate }) => ({ workerId: worker_id, hashrate })),
);

const input = z.strictObject({
  hotkey: z.string(),
  won: z.array(
    z.tuple([z.string(), z.string()])
      .transform(([size, price]) => ({ hashratePh: Number(size), priceFp18: BigInt(price) })),
  ),
  pool_workers: workers,
  proxy_workers: workers,
});

const expectedCredit = z.object({ credited_ph: z.array(z.string()) });

/** `delivery-credit.json` */
export const deliveryCredit: VectorChecker = {
  compute(vector): unknown {
    const { hotkey, won, pool_workers, proxy_workers } = input.parse(vector.input);
    const merged = mergeWorkers(hotkey, pool_workers, proxy_workers);
    const { workers, isBan } = creditDelivery(won, merged.values());
    return {
      workers: Object.fromEntries([...merged].map(([suffix, hashes]) => [suffix, String(hashes)])),
      delivered: !isBan,
      credited_ph: workers.map(({ creditedPh }) => creditedPh),
    };
  },
  // The doubles are written as Python writes them.
  matches(got, { expected }): boolean {
    const { credited_ph } = expectedCredit.parse(expected);
    return isDeepStrictEqual(got, { ...expected as object, credited_ph: credited_ph.map(Number) });
  },
};
