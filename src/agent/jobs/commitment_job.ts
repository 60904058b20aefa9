/**
 * The commitment job: keeps the bid on the chain equal to the configured one, and renewed (spec, section 7).
 *
 * @module
 */

import { hexOf } from "../../chain/codec/hex.ts";
import { ChainError } from "../../chain/errors.ts";
import type { OwnCommitment, SubmittedCommitment } from "../../chain/types.ts";
import type { Logger } from "../../lib/log.ts";
import { BLOCK_TIME_SECONDS } from "../../auction/protocol/constants.ts";
import { epochStart, firstWindowFrom, type ValidationWindow } from "../../auction/protocol/windows.ts";
import { type Connect, Line } from "./line.ts";
import { CommitmentReadBackError, publish, type PublishContext, untilNothingWaits } from "./publish.ts";
import { decidePublishing, type PublishDecision, textOf } from "./publish_decision.ts";

/** The input of {@link runCommitmentJob}. */
export interface CommitmentJobInput {
  readonly netuid: number;
  /** SS58 address. */
  readonly hotkey: string;
  /** The bid, `2;b;BTC,1.05=0.45:2`. */
  readonly text: string;
  /** Number of workers in the bid; 0 withdraws. */
  readonly workerCount: number;
  /** Publishes even if nothing has changed. */
  readonly force: boolean;
  /** Decides without submitting. */
  readonly dryRun: boolean;
}

/** Dependencies of {@link runCommitmentJob}. */
export interface CommitmentJobContext extends PublishContext {
  readonly connect: Connect;
}

/** The first window whose auction reads a bid at its first block. */
export interface BidEffect {
  readonly window: ValidationWindow;
  /** When it begins or began, by the block time (ISO 8601, UTC); `null` without `Timestamp.Now`. */
  readonly beginsAt: string | null;
}

/** The result of {@link runCommitmentJob}. */
export interface CommitmentResult extends PublishDecision {
  /** What was done, or would be done with `dryRun`. */
  readonly action: "published" | "up-to-date" | "would-publish";
  readonly endpoint: string;
  readonly netuid: number;
  readonly hotkey: string;
  readonly text: string;
  readonly textBytes: number;
  readonly workerCount: number;
  /** The block of the decision. */
  readonly headNumber: number;
  /**
   * The block of the publication; `null` if nothing was published. It is final unless the node's confirmation was lost and
   * the bid was found on the best chain.
   */
  readonly submitted: SubmittedCommitment | null;
  /**
   * The first window that the bid counts for, even if it is empty; with `dryRun` as if published in the next block.
   * `null` if the block of the bid on the chain is unknown.
   */
  readonly countsFrom: BidEffect | null;
  readonly dryRun: boolean;
}

/**
 * Publishes the bid if needed.
 *
 * @throws {import("../../chain/errors.ts").ChainError} if the chain does not answer or refuses.
 * @throws {CommitmentReadBackError} if the chain holds another text than the one that it accepted.
 * @throws {import("../../chain/wallet/errors.ts").WalletError} if the hotkey cannot sign.
 */
export async function runCommitmentJob(
  input: CommitmentJobInput,
  context: CommitmentJobContext,
): Promise<CommitmentResult> {
  const { netuid, hotkey, text, workerCount, force, dryRun } = input;
  const { log, step } = context;
  step("connecting");
  await using line = new Line(context.connect, log, context.noteFailure);
  const read = async () => {
    step("reading the commitment on the chain");
    const situation = await line.ask(async (chain) => {
      const head = await chain.bestHead();
      return {
        endpoint: chain.endpoint,
        head,
        current: await chain.readCommitment(netuid, hotkey, head.hash),
        tempo: await chain.tempo(netuid, head.hash),
        headTimeMs: await chain.timestampMs(head.hash),
      };
    });
    const { current, head } = situation;
    const decision = decidePublishing({ current, wantedText: text, headNumber: head.number, force });
    return { ...situation, decision };
  };
  let situation = await read();
  const isDue = situation.decision.reason !== null && !dryRun;
  // An earlier run may have sent what is missing.
  if (isDue && await untilNothingWaits(line, hotkey, context)) situation = await read();
  const { endpoint, head, current, tempo, headTimeMs, decision } = situation;
  const effectOf = (block: number | null): BidEffect | null => {
    if (block === null) return null;
    const window = firstWindowFrom(block, epochStart(netuid, tempo, head.number));
    const secondsFromHead = (window.firstBlock - head.number) * BLOCK_TIME_SECONDS;
    const beginsAt = headTimeMs === null ? null : new Date(headTimeMs + secondsFromHead * 1000).toISOString();
    return { window, beginsAt };
  };
  const data = new TextEncoder().encode(text);
  const about = { ...decision, endpoint, netuid, hotkey, text, textBytes: data.length };
  const finish = (
    action: CommitmentResult["action"],
    submitted: SubmittedCommitment | null,
    block: number | null,
  ): CommitmentResult => {
    const countsFrom = effectOf(block);
    if (workerCount === 0) logWithdrawal(action, countsFrom, log);
    return {
      action,
      ...about,
      workerCount,
      headNumber: head.number,
      submitted,
      countsFrom,
      dryRun,
    };
  };

  if (decision.reason === null) {
    log.info("Miner commitment up to date", { text, age_seconds: decision.ageSeconds });
    return finish("up-to-date", null, current?.block ?? null);
  }
  if (dryRun) {
    const uid = await line.ask((chain) => chain.registeredUid(netuid, hotkey, head.hash));
    if (uid === null) {
      log.warning("Hotkey not registered: publishing would fail", { netuid, hotkey });
    }
    log.info("Miner commitment would be updated", {
      reason: decision.reason,
      text,
      worker_count: workerCount,
    });
    return finish("would-publish", null, head.number + 1);
  }

  log.info("Publishing miner commitment", { reason: decision.reason, text, previous: decision.currentText });
  const { isFinal, ...submitted } = await publish(
    line,
    { netuid, hotkey, data, tempo, headNumber: head.number },
    context,
  );
  step("reading the commitment back");
  await checkReadBack(line, input, data, submitted, log);
  log.info("Miner commitment updated", {
    worker_count: workerCount,
    reason: decision.reason,
    text,
    block_number: submitted.blockNumber,
    extrinsic_hash: submitted.extrinsicHash,
    is_final: isFinal,
  });
  return finish("published", submitted, submitted.blockNumber);
}

/**
 * Reads a publication back at its block.
 *
 * @throws {CommitmentReadBackError} if the chain has something else there.
 */
async function checkReadBack(
  line: Line,
  { netuid, hotkey, text }: CommitmentJobInput,
  data: Uint8Array,
  { blockHash, blockNumber }: SubmittedCommitment,
  log: Logger,
): Promise<void> {
  let found: OwnCommitment | null;
  let endpoint: string;
  try {
    ({ found, endpoint } = await line.ask(async (chain) => ({
      endpoint: chain.endpoint,
      found: await chain.readCommitment(netuid, hotkey, blockHash),
    })));
  } catch (error) {
    if (!(error instanceof ChainError)) throw error;
    log.warning("Commitment not read back", { block_number: blockNumber, error });
    return;
  }
  if (found === null) {
    // The chain has accepted one there: this node has not got the state.
    log.warning("Commitment not read back", {
      block_number: blockNumber,
      error: `${endpoint} has none there`,
    });
    return;
  }
  if (found.data === hexOf(data)) return;
  throw new CommitmentReadBackError({ blockNumber, endpoint }, textOf(found), text);
}

/** Logs from which block on nothing can be won; until then the previous bid can win and must be delivered. */
function logWithdrawal(
  action: CommitmentResult["action"],
  countsFrom: BidEffect | null,
  log: Logger,
): void {
  log.info(action === "would-publish" ? "Bid would be withdrawn" : "Bid withdrawn", {
    nothing_can_be_won_from_block: countsFrom?.window.firstBlock,
    window_index: countsFrom?.window.index,
    begins_at: countsFrom?.beginsAt,
    until_then: "what the current window won must be delivered",
  });
}
