/**
 * Whether the bid has to be published (spec, section 7). Pure.
 *
 * @module
 */

import type { OwnCommitment } from "../../chain/types.ts";
import { parseBidCommitment } from "../../auction/protocol/bid_commitment.ts";
import { BLOCK_TIME_SECONDS, COMMITMENT_RENEWAL_AGE_SECONDS } from "../../auction/protocol/constants.ts";

/**
 * Why a bid is published: there is none on the chain, what is there is no bid, is another bid, or is 72 minutes
 * old; or the operator said so.
 */
export type PublishReason = "missing" | "undecodable" | "differs" | "renewal" | "forced";

/** What is on the chain and what to do about it. */
export interface PublishDecision {
  /** `null`: the bid on the chain is this one and young enough. */
  readonly reason: PublishReason | null;
  /** The text on the chain; `null` when there is none or it is no text. */
  readonly currentText: string | null;
  /** Its age at the head, in seconds; `null` when there is none or its block is unknown. */
  readonly ageSeconds: number | null;
}

/** What {@link decidePublishing} goes by. */
export interface PublishSituation {
  /** The own record at the head; `null` when there is none. */
  readonly current: OwnCommitment | null;
  /** The text that the configuration asks for. */
  readonly wantedText: string;
  readonly headNumber: number;
  readonly force: boolean;
}

/** Decides whether to publish, and says why. */
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

function textOf({ data }: OwnCommitment): string | null {
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
