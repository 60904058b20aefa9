/**
 * The bid that is being tried out: the configured workers at one price, in the place of the bid on the chain.
 *
 * @module
 */

import { readRecord } from "../inputs/records.ts";
import type { AuctionSnapshot } from "../inputs/snapshot.ts";
import { type CommittedBid, parseBidCommitment } from "../protocol/bid_commitment.ts";
import { FP18_ONE } from "../protocol/constants.ts";
import { buildCommitment, type WorkerOffer } from "../protocol/worker_sizes.ts";

/** Where a bid stands in a snapshot. */
export interface BidPlace {
  /** SS58 address. */
  readonly hotkey: string;
  /** The full storage key of the hotkey's record, which decides ties; it need not be in the snapshot. */
  readonly storageKey: string;
}

/**
 * The text of the bid that offers all workers at one price.
 *
 * @throws {import("../protocol/errors.ts").ProtocolError} if it is too long for a commitment.
 */
export function bidTextAt(offers: readonly WorkerOffer[], priceFp18: bigint): string {
  return buildCommitment(offers.map((offer) => ({ ...offer, priceFp18 }))).text;
}

/** The offered workers, equal ones as one entry, by size. */
export function offeredWorkers(offers: readonly WorkerOffer[]): CommittedBid[] {
  return bidsIn(new TextEncoder().encode(bidTextAt(offers, FP18_ONE)));
}

/**
 * The snapshot as it would be if the hotkey had made this bid in the window's first block. A ban of the hotkey is lifted, so
 * that the bid enters the auction.
 */
export function withOwnBid(
  snapshot: AuctionSnapshot,
  { hotkey, storageKey }: BidPlace,
  text: string,
): AuctionSnapshot {
  const bytes = new TextEncoder().encode(text);
  const record = {
    storageKey,
    hotkey,
    block: snapshot.firstBlock.number,
    fieldKind: `Raw${bytes.length}`,
    data: `0x${bytes.toHex()}`,
  };
  return {
    ...snapshot,
    commitments: [...snapshot.commitments.filter((other) => other.hotkey !== hotkey), record],
    // Bitmaps ban UIDs, and only this list says whose they are. The stake of a hotkey with a bid counts nowhere.
    neurons: snapshot.neurons.filter((neuron) => neuron.hotkey !== hotkey),
  };
}

/** The bids on the chain, also those that are too old or banned. */
export function bidsOnChain({ commitments }: AuctionSnapshot, hotkey: string): CommittedBid[] {
  const record = commitments.find((commitment) => commitment.hotkey === hotkey);
  if (record === undefined) return [];
  const reading = readRecord(record);
  return reading.kind === "bytes" ? bidsIn(reading.bytes) : [];
}

function bidsIn(bytes: Uint8Array): CommittedBid[] {
  const reading = parseBidCommitment(bytes, null);
  return reading.kind === "bids" ? [...reading.bids] : [];
}
