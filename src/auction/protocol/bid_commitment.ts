/**
 * Bid commitments: what miners offer (spec, section 2; `vectors/commitment-text.json`).
 *
 * @module
 */

import { readEnvelope, writeEnvelopeText } from "./commitment_text.ts";
import {
  BID_ALGORITHM,
  MAX_WORKER_FP18,
  MAX_WORKERS,
  MIN_WORKER_FP18,
  V2_ONLY_FROM_BLOCK,
} from "./constants.ts";
import { formatFp18, parseFp18 } from "./fp18.ts";
import { ProtocolError } from "./errors.ts";
import { compareByCodePoint, parsePythonInteger, quote, stripSpace } from "./python_text.ts";

/** `count` equal workers as read from a commitment (a v1 entry has `count` 1). */
export interface CommittedBid {
  /** Size in PH/s, the shortest decimal text of `hashrateFp18` (`"0.45"`). */
  readonly sizeText: string;
  /** Size in PH/s × 10^18. */
  readonly hashrateFp18: bigint;
  /** Price multiplier × 10^18. */
  readonly priceFp18: bigint;
  readonly count: number;
}

/** The result of reading a commitment for bids. */
export type BidCommitmentReading =
  | { readonly kind: "bids"; readonly version: bigint; readonly bids: readonly CommittedBid[] }
  /** A well-formed v1 bid in a window in which only v2 counts. */
  | { readonly kind: "v1-after-switch"; readonly version: bigint }
  /** A readable commitment of another type, such as prices (`p`). */
  | { readonly kind: "other-type"; readonly type: string }
  /** Validators cannot read it, or find a bid in it that breaks the rules; `why` is a sentence. */
  | { readonly kind: "malformed"; readonly why: string };

/** One priced group of a v2 commitment: sizes in PH/s as decimal text, each with its number of workers. */
export interface BidGroup {
  readonly algorithm: string;
  readonly priceFp18: bigint;
  readonly sizes: readonly (readonly [sizeText: string, count: number])[];
}

/** One worker of a v1 commitment. */
export interface BidEntryV1 {
  /** Size in PH/s as decimal text. */
  readonly sizeText: string;
  readonly priceFp18: bigint;
}

const BID_TYPE = "b";
const FIRST_V2_VERSION = 2n;

/**
 * Parses the bids of a commitment as validators do. Groups and sizes keep the order of the text, which decides ties; equal
 * sizes are merged only within their group, at the first position. One malformed part voids the whole commitment.
 *
 * @param bytes field 0 of the commitment record.
 * @param windowFirstBlock the window's first block, which decides whether v1 counts; `null` accepts v1.
 */
export function parseBidCommitment(bytes: Uint8Array, windowFirstBlock: number | null): BidCommitmentReading {
  try {
    const { version, type, data } = readEnvelope(bytes);
    if (type !== BID_TYPE) return { kind: "other-type", type };
    if (version >= FIRST_V2_VERSION) return { kind: "bids", version, bids: readV2(data) };
    const bids = readV1(data);
    if (windowFirstBlock !== null && windowFirstBlock >= V2_ONLY_FROM_BLOCK) {
      return { kind: "v1-after-switch", version };
    }
    return { kind: "bids", version, bids };
  } catch (error) {
    if (error instanceof ProtocolError) return { kind: "malformed", why: error.message };
    throw error;
  }
}

/**
 * Writes a v2 bid commitment: groups sorted by (algorithm, price), sizes ascending, equal ones merged. Without groups it is
 * the valid empty bid `2;b;`, which withdraws.
 *
 * @throws {ProtocolError} for an algorithm other than BTC, a size outside 0.05 to 0.45 PH, a count that is not a positive
 *   integer, more than 1000 workers in total, or a text above 128 bytes.
 */
export function writeBidCommitmentV2(groups: readonly BidGroup[], version = FIRST_V2_VERSION): string {
  const merged = new Map<bigint, Map<bigint, number>>();
  let workers = 0;
  for (const { algorithm, priceFp18, sizes } of groups) {
    checkAlgorithm(algorithm);
    for (const [sizeText, count] of sizes) {
      const hashrateFp18 = parseWorkerSize(sizeText);
      checkCount(count, sizeText);
      workers = checkedTotal(workers, count);
      const group = merged.get(priceFp18) ?? new Map<bigint, number>();
      group.set(hashrateFp18, (group.get(hashrateFp18) ?? 0) + count);
      merged.set(priceFp18, group);
    }
  }
  const data = sortedByKey(merged).map(([priceFp18, sizes]) => {
    const list = sortedByKey(sizes).map(([hashrateFp18, count]) => `${formatFp18(hashrateFp18)}:${count}`);
    return `${BID_ALGORITHM},${formatFp18(priceFp18)}=${list.join(",")}`;
  });
  return writeEnvelopeText(
    version,
    BID_TYPE,
    data.join(";"),
    "use fewer distinct worker sizes or prices, or sizes with fewer digits",
  );
}

/**
 * Writes a v1 bid commitment, which validators no longer read: prices ascending, sizes ascending as text, duplicates kept.
 *
 * @throws {ProtocolError} for a size that is not a decimal or a text above 128 bytes.
 */
export function writeBidCommitmentV1(entries: readonly BidEntryV1[], version = 1n): string {
  const sizesByPrice = new Map<bigint, string[]>();
  for (const { sizeText, priceFp18 } of entries) {
    const sizes = sizesByPrice.get(priceFp18) ?? [];
    sizes.push(formatFp18(parseFp18(sizeText)));
    sizesByPrice.set(priceFp18, sizes);
  }
  const data = sortedByKey(sizesByPrice).map(([priceFp18, sizes]) =>
    `${formatFp18(priceFp18)}=${sizes.sort(compareByCodePoint).join(",")}`
  );
  return writeEnvelopeText(
    version,
    BID_TYPE,
    data.join(";"),
    "offer fewer workers, or sizes with fewer digits",
  );
}

/**
 * Parses the size of a v2 worker.
 *
 * @returns PH/s × 10^18.
 * @throws {ProtocolError} if it is not a decimal or outside 0.05 to 0.45 PH.
 */
export function parseWorkerSize(text: string): bigint {
  const hashrateFp18 = parseFp18(text);
  if (hashrateFp18 < MIN_WORKER_FP18 || hashrateFp18 > MAX_WORKER_FP18) {
    throw new ProtocolError(
      `Cannot offer a worker of ${quote(text)} PH: a worker has ${formatFp18(MIN_WORKER_FP18)} to ${
        formatFp18(MAX_WORKER_FP18)
      } PH`,
    );
  }
  return hashrateFp18;
}

function readV2(data: string): CommittedBid[] {
  const bids: CommittedBid[] = [];
  let workers = 0;
  if (stripSpace(data) === "") return bids;
  for (const part of data.split(";")) {
    const [head, list] = splitOnce(part, "=", "ALGORITHM,PRICE=SIZE:COUNT,…");
    const [algorithm, priceText] = splitOnce(head, ",", "ALGORITHM,PRICE=SIZE:COUNT,…");
    checkAlgorithm(stripSpace(algorithm));
    const priceFp18 = parseFp18(priceText);
    const countBySize = new Map<bigint, number>();
    for (const item of list.split(",")) {
      const [sizeText, countText] = splitOnce(item, ":", "SIZE:COUNT");
      const hashrateFp18 = parseWorkerSize(sizeText);
      const count = Number(parsePythonInteger(stripSpace(countText), "worker count"));
      checkCount(count, sizeText);
      workers = checkedTotal(workers, count);
      countBySize.set(hashrateFp18, (countBySize.get(hashrateFp18) ?? 0) + count);
    }
    for (const [hashrateFp18, count] of countBySize) {
      bids.push({ sizeText: formatFp18(hashrateFp18), hashrateFp18, priceFp18, count });
    }
  }
  return bids;
}

function readV1(data: string): CommittedBid[] {
  if (stripSpace(data) === "") return [];
  return data.split(";").flatMap((part) => {
    const [priceText, list] = splitOnce(part, "=", "PRICE=SIZE,…");
    const priceFp18 = parseFp18(priceText);
    return list.split(",").map((sizeText) => {
      const hashrateFp18 = parseFp18(sizeText);
      return { sizeText: formatFp18(hashrateFp18), hashrateFp18, priceFp18, count: 1 };
    });
  });
}

/** Splits at the first separator; a second one would end up in a text that is not a decimal. */
function splitOnce(text: string, separator: string, form: string): [string, string] {
  const at = text.indexOf(separator);
  if (at === -1) throw new ProtocolError(`Cannot read the bid ${quote(text)}: it is not of the form ${form}`);
  return [text.slice(0, at), text.slice(at + 1)];
}

function checkAlgorithm(algorithm: string): void {
  if (algorithm !== BID_ALGORITHM) {
    throw new ProtocolError(`Cannot bid for ${quote(algorithm)}: only ${BID_ALGORITHM} is auctioned`);
  }
}

function checkCount(count: number, sizeText: string): void {
  if (!(count >= 1) || Math.floor(count) !== count) {
    throw new ProtocolError(`Cannot offer ${count} workers of ${quote(sizeText)} PH: the count is 1 or more`);
  }
}

function checkedTotal(workers: number, count: number): number {
  if (workers + count > MAX_WORKERS) {
    throw new ProtocolError(
      `Cannot offer ${workers + count} workers or more: a commitment holds at most ${MAX_WORKERS}`,
    );
  }
  return workers + count;
}

function sortedByKey<V>(map: ReadonlyMap<bigint, V>): [bigint, V][] {
  return [...map].sort(([a], [b]) => a < b ? -1 : a > b ? 1 : 0);
}
