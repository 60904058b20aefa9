/**
 * Decides whether to publish the bid (spec, section 7). Pure.
 *
 * @module
 */

import type { OwnCommitment } from "../../chain/types.ts";
import { parseBidCommitment } from "../../auction/protocol/bid_commitment.ts";
import { BLOCK_TIME_SECONDS, COMMITMENT_RENEWAL_AGE_SECONDS } from "../../auction/protocol/constants.ts";

/**
 * Why to publish: the chain has no commitment, one that is not a bid, another bid, or one that is 72 minutes old; or the
 * operator forces it.
 */
export type PublishReason = "missing" | "undecodable" | "differs" | "renewal" | "forced";

/** The commitment on the chain and what to do about it. */
export interface PublishDecision {
  /** `null` if the chain has this bid and it is recent enough. */
  readonly reason: PublishReason | null;
  /** The text on the chain; `null` if there is none or it is not text. */
  readonly currentText: string | null;
  /** Its age at the head; `null` if there is none or its block is unknown. */
  readonly ageSeconds: number | null;
}

/** Input of {@link decidePublishing}. */
export interface PublishSituation {
  /** The hotkey's commitment at the head; `null` if there is none. */
  readonly current: OwnCommitment | null;
  /** The configured bid. */
  readonly wantedText: string;
  readonly headNumber: number;
  readonly force: boolean;
}

/** Decides whether to publish, and why. */
export function decidePublishing(situation: PublishSituation): PublishDecision {
  const { current, wantedText, headNumber, force } = situation;
  const currentText = current === null ? null : textOf(current);
  const block = current?.block ?? null;
  const ageSeconds = block === null ? null : (headNumber - block) * BLOCK_TIME_SECONDS;
  const decide = (reason: PublishReason | null): PublishDecision => ({
    reason: reason === null && force ? "forced" : reason,
    currentText,
    ageSeconds,
  });
  if (current === null) return decide("missing");
  if (currentText === null || !isBid(currentText)) return decide("undecodable");
  if (currentText !== wantedText) return decide("differs");
  if (ageSeconds === null || ageSeconds >= COMMITMENT_RENEWAL_AGE_SECONDS) return decide("renewal");
  return decide(null);
}

/** The text of a commitment; `null` if it is none. */
export function textOf({ data }: OwnCommitment): string | null {
  if (data === null) return null;
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(
      Uint8Array.fromHex(data.slice(2)),
    );
  } catch {
    return null;
  }
}

function isBid(text: string): boolean {
  return parseBidCommitment(new TextEncoder().encode(text), null).kind === "bids";
}
