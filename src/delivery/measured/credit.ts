/**
 * Credit as validators give it, from the hashrates that the workers API reports (spec, section 10). Pure.
 *
 * @module
 */

import { creditDelivery, type WonWorker } from "../../auction/credit/delivery_credit.ts";
import { HASHES_PER_PETAHASH } from "../../auction/protocol/constants.ts";
import { formatFp18 } from "../../auction/protocol/fp18.ts";
import type { WorkerHashrates } from "./workers_api.ts";

/** What is credited for a window. */
export interface CreditReport {
  readonly creditedPh: number;
  /** Of all our workers, credited or not. */
  readonly deliveredPh: number;
  readonly wonHashratePh: number;
  /** Credited divided by won; `null` if nothing was won. */
  readonly ratio: number | null;
  /** Whether so little is credited that validators ban the hotkey. */
  readonly isBan: boolean;
  /** The delivering workers by the suffix of their id, the largest first. */
  readonly workers: readonly { readonly worker: string; readonly hashratePh: number }[];
  /** The won workers, the largest first. */
  readonly won: readonly {
    readonly hashratePh: number;
    /** Price multiplier as decimal text. */
    readonly price: string;
    readonly creditedPh: number;
  }[];
  /** The span of the averages. */
  readonly seconds: number;
}

/**
 * Credits what one or several workers APIs report.
 *
 * @param won in the order of the winners.
 * @param reports one per API; equal suffixes add up.
 * @param seconds the span of the averages.
 */
export function reportCredit(
  won: readonly WonWorker[],
  reports: readonly WorkerHashrates[],
  seconds: number,
): CreditReport {
  const hashes = new Map<string, bigint>();
  for (const [worker, hashrate] of reports.flatMap((report) => [...report])) {
    hashes.set(worker, (hashes.get(worker) ?? 0n) + hashrate);
  }
  const { workers, creditedPh, wonPh, isBan } = creditDelivery(won, hashes.values());
  const delivering = Array.from(
    hashes,
    ([worker, hashrate]) => ({ worker, hashratePh: Number(hashrate) / HASHES_PER_PETAHASH }),
  );
  return {
    creditedPh,
    deliveredPh: delivering.reduce((sum, { hashratePh }) => sum + hashratePh, 0),
    wonHashratePh: wonPh,
    ratio: wonPh > 0 ? creditedPh / wonPh : null,
    isBan,
    workers: delivering.sort((a, b) => b.hashratePh - a.hashratePh),
    won: workers.map(({ hashratePh, priceFp18, creditedPh }) => ({
      hashratePh,
      price: formatFp18(priceFp18),
      creditedPh,
    })),
    seconds,
  };
}
