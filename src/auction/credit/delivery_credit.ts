/**
 * What validators credit of the delivered hashrate (spec, section 10; `vectors/delivery-credit.json`).
 *
 * @module
 */

import { BAN_SHARE, HASHES_PER_PETAHASH } from "../protocol/constants.ts";
import { ProtocolError } from "../protocol/errors.ts";
import { parseWorkerId } from "./worker_id.ts";

/** One entry of a list of workers, from the subnet's pool or the central proxy. */
export interface WorkerRecord {
  readonly workerId: string;
  /** H/s on average over the window, as a number or decimal text; `null` counts as 0. */
  readonly hashrate: number | string | null;
}

/** A worker that won. */
export interface WonWorker {
  readonly hashratePh: number;
  readonly priceFp18: bigint;
}

/** What one won worker is credited with. */
export interface CreditedWorker extends WonWorker {
  readonly creditedPh: number;
}

/** What a hotkey is credited with. */
export interface DeliveryCredit {
  /** The won workers, the largest first; equal ones in the order of the winners. */
  readonly workers: readonly CreditedWorker[];
  readonly creditedPh: number;
  readonly wonPh: number;
  /** Whether so little is credited that validators ban the hotkey. */
  readonly isBan: boolean;
}

/**
 * The hashrate of a hotkey's workers by suffix, in H/s. Equal suffixes within a list add up; a worker that is in both lists
 * counts with the central proxy's value. Other hotkeys' workers, and those whose id names nobody, are left out.
 *
 * @param pool averages at the subnet's pool account.
 * @param proxy averages at the central proxy.
 * @throws {ProtocolError} if a hashrate is not a decimal.
 */
export function mergeWorkers(
  hotkey: string,
  pool: readonly WorkerRecord[],
  proxy: readonly WorkerRecord[],
): Map<string, bigint> {
  return new Map([...sumBySuffix(hotkey, pool), ...sumBySuffix(hotkey, proxy)]);
}

/**
 * Credits the delivered hashrate to the workers that won. At one price the sum counts, up to what was won. At several prices
 * the delivering workers are held against the won ones, one for one, the largest first.
 *
 * The sums are doubles, in the validators' order.
 *
 * @param won in the order of the winners.
 * @param hashrates H/s of each delivering worker.
 */
export function creditDelivery(won: readonly WonWorker[], hashrates: Iterable<bigint>): DeliveryCredit {
  const largestFirst = won.toSorted((a, b) => b.hashratePh - a.hashratePh);
  const deliveredPh = Array.from(hashrates, (hashes) => Number(hashes) / HASHES_PER_PETAHASH)
    .sort((a, b) => b - a);
  const wonPh = sum(largestFirst.map(({ hashratePh }) => hashratePh));
  const isMatched = priceCount(won) > 1;
  let leftPh = Math.min(sum(deliveredPh), wonPh);
  const workers = largestFirst.map((worker, i): CreditedWorker => {
    const creditedPh = Math.min(worker.hashratePh, isMatched ? deliveredPh[i] ?? 0 : leftPh);
    leftPh -= creditedPh;
    return { ...worker, creditedPh };
  });
  const creditedPh = sum(workers.map((worker) => worker.creditedPh));
  return { workers, creditedPh, wonPh, isBan: creditedPh < BAN_SHARE * wonPh };
}

/**
 * The most that can be credited when all hashrate comes from a number of worker ids, however it is spread over them: at
 * several prices no more than that many of the won workers.
 */
export function mostCreditablePh(won: readonly WonWorker[], workerIds: number): number {
  if (workerIds === 0) return 0;
  const sizesPh = won.map(({ hashratePh }) => hashratePh).sort((a, b) => b - a);
  return sum(priceCount(won) > 1 ? sizesPh.slice(0, workerIds) : sizesPh);
}

/** At how many prices workers won. */
export function priceCount(won: readonly WonWorker[]): number {
  return new Set(won.map(({ priceFp18 }) => priceFp18)).size;
}

function sumBySuffix(hotkey: string, records: readonly WorkerRecord[]): Map<string, bigint> {
  const hashes = new Map<string, bigint>();
  for (const { workerId, hashrate } of records) {
    const id = parseWorkerId(workerId);
    if (id?.hotkey !== hotkey) continue;
    hashes.set(id.suffix, (hashes.get(id.suffix) ?? 0n) + wholeHashes(hashrate));
  }
  return hashes;
}

/** Whole H/s: a fraction of a hash is far below the precision of any hashrate. */
function wholeHashes(hashrate: WorkerRecord["hashrate"]): bigint {
  const value = typeof hashrate === "string" ? hashrate.trim() : hashrate ?? 0;
  const [, whole] = /^(\d+)(?:\.\d*)?$/.exec(String(value)) ?? [];
  if (whole !== undefined) return BigInt(whole);
  // Large and small numbers have an exponent in their text.
  const number = Number(value);
  if (value === "" || !Number.isFinite(number)) {
    throw new ProtocolError(
      `Cannot credit a worker with ${JSON.stringify(hashrate)} H/s: it is not a decimal`,
    );
  }
  return BigInt(Math.trunc(number));
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
