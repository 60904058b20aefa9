/**
 * Builds the text of a commitment from the miner's workers (spec, section 2; `vectors/worker-sizes.json`).
 *
 * @module
 */

import {
  type BidEntryV1,
  type BidGroup,
  parseWorkerSize,
  writeBidCommitmentV1,
  writeBidCommitmentV2,
} from "./bid_commitment.ts";
import { commitmentByteLength } from "./commitment_text.ts";
import { BID_ALGORITHM, MAX_WORKER_FP18, MAX_WORKERS, MIN_WORKER_FP18 } from "./constants.ts";
import { formatFp18, parseFp18 } from "./fp18.ts";
import { ProtocolError } from "./errors.ts";

/** Workers offered at one price. Sizes are decimal text in PH/s. */
export type WorkerOffer =
  & {
    /** Price multiplier × 10^18. */
    readonly priceFp18: bigint;
  }
  & (
    /** One entry per worker of any size; those above 0.45 PH are split. */
    | { readonly kind: "list"; readonly hashrates: readonly string[] }
    /** Sizes of 0.05 to 0.45 PH, each with its number of workers. */
    | { readonly kind: "sizes"; readonly sizes: readonly (readonly [sizeText: string, count: number])[] }
  );

/** Options of {@linkcode buildCommitment}. */
export interface BuildCommitmentOptions {
  /**
   * Publish lists as v1, which only old chains read (`APS_MINER_ALLOW_V1`). Offers with a table of sizes are
   * always v2.
   *
   * @default {false}
   */
  readonly allowV1?: boolean;
}

/** A commitment ready to be published. */
export type BuiltCommitment =
  & {
    readonly text: string;
    /** The UTF-8 length of `text`, at most 128. */
    readonly byteLength: number;
    /** The number of configured workers; a list counts its entries before splitting. */
    readonly totalWorkers: number;
  }
  & (
    | { readonly version: 1; readonly entries: readonly BidEntryV1[] }
    | { readonly version: 2; readonly groups: readonly BidGroup[] }
  );

/**
 * Builds the commitment for one or more offers; without workers it withdraws.
 *
 * Prices are not checked here; the configuration checks that they are positive and can win.
 *
 * @throws {ProtocolError} for a worker that is not a decimal, not positive, below 0.05 PH (or, in a table of sizes, above
 *   0.45 PH), more than 1000 workers after splitting, or a text above 128 bytes.
 */
export function buildCommitment(
  offers: readonly WorkerOffer[],
  options: BuildCommitmentOptions = {},
): BuiltCommitment {
  const { allowV1 = false } = options;
  const totalWorkers = offers.reduce((sum, offer) => sum + countWorkers(offer), 0);
  const lists = offers.filter((offer) => offer.kind === "list");
  if (allowV1 && lists.length === offers.length) {
    const entries = lists.flatMap(({ hashrates, priceFp18 }) =>
      hashrates.map((sizeText) => ({ sizeText, priceFp18 }))
    );
    const text = writeBidCommitmentV1(entries);
    return { text, byteLength: commitmentByteLength(text), totalWorkers, version: 1, entries };
  }
  const groups = offers.map((offer) => ({
    algorithm: BID_ALGORITHM,
    priceFp18: offer.priceFp18,
    sizes: offer.kind === "list" ? splitWorkers(offer.hashrates) : offer.sizes,
  }));
  const text = writeBidCommitmentV2(groups);
  return { text, byteLength: commitmentByteLength(text), totalWorkers, version: 2, groups };
}

/**
 * Splits workers of any size into sizes of the protocol. A worker above 0.45 PH becomes full workers of 0.45 PH and the
 * remainder; a remainder below 0.05 PH borrows from one full worker to become 0.05 PH.
 *
 * @returns sizes in order of first appearance, equal ones merged.
 * @throws {ProtocolError} for a worker that is not a decimal, not positive or below 0.05 PH, and for more than 1000 workers.
 */
export function splitWorkers(hashrates: readonly string[]): [sizeText: string, count: number][] {
  const countBySize = new Map<bigint, bigint>();
  let workers = 0n;
  const add = (sizeFp18: bigint, count: bigint): void => {
    if (count === 0n) return;
    countBySize.set(sizeFp18, (countBySize.get(sizeFp18) ?? 0n) + count);
    workers += count;
  };
  for (const text of hashrates) {
    const hashrateFp18 = parseFp18(text);
    if (hashrateFp18 <= MAX_WORKER_FP18) {
      add(parseWorkerSize(text), 1n);
      continue;
    }
    const full = hashrateFp18 / MAX_WORKER_FP18;
    const remainder = hashrateFp18 % MAX_WORKER_FP18;
    if (remainder > 0n && remainder < MIN_WORKER_FP18) {
      add(MAX_WORKER_FP18 + remainder - MIN_WORKER_FP18, 1n);
      add(MAX_WORKER_FP18, full - 1n);
      add(MIN_WORKER_FP18, 1n);
    } else {
      add(MAX_WORKER_FP18, full);
      if (remainder > 0n) add(remainder, 1n);
    }
  }
  if (workers > MAX_WORKERS) {
    throw new ProtocolError(
      `Cannot offer the hashrate as ${workers} workers: a commitment holds at most ${MAX_WORKERS}`,
    );
  }
  return [...countBySize].map(([sizeFp18, count]) => [formatFp18(sizeFp18), Number(count)]);
}

function countWorkers(offer: WorkerOffer): number {
  if (offer.kind === "list") return offer.hashrates.length;
  return offer.sizes.reduce((sum, [, count]) => sum + count, 0);
}
