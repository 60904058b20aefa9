/**
 * The commitment job: keeps the bid on the chain equal to the configured one, and renewed (spec, section 7).
 *
 * @module
 */

import { ChainError } from "../../chain/errors.ts";
import type { ChainConnection, SubmittedCommitment } from "../../chain/types.ts";
import type { Logger } from "../../lib/log.ts";
import { BLOCK_TIME_SECONDS } from "../../auction/protocol/constants.ts";
import { epochStart, firstWindowFrom, type ValidationWindow } from "../../auction/protocol/windows.ts";
import type { HotkeySigner } from "../../chain/wallet/signer.ts";
import { type Connect, Line } from "./line.ts";
import { decidePublishing, type PublishDecision } from "./publish_decision.ts";

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
export interface CommitmentJobContext {
  readonly connect: Connect;
  /** Called only to sign. */
  readonly openSigner: () => Promise<HotkeySigner>;
  readonly sleep: (ms: number) => Promise<void>;
  /** Reports what the job is doing. */
  readonly step: (step: string) => void;
  /** Called with errors that do not end the job. */
  readonly noteFailure?: (error: unknown) => void;
  readonly log: Logger;
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
  step("reading the commitment on the chain");
  const { endpoint, head, current, tempo, headTimeMs } = await line.ask(async (chain) => {
    const head = await chain.bestHead();
    return {
      endpoint: chain.endpoint,
      head,
      current: await chain.readCommitment(netuid, hotkey, head.hash),
      tempo: await chain.tempo(netuid, head.hash),
      headTimeMs: await chain.timestampMs(head.hash),
    };
  });
  const effectOf = (block: number | null): BidEffect | null => {
    if (block === null) return null;
    const window = firstWindowFrom(block, epochStart(netuid, tempo, head.number));
    const secondsFromHead = (window.firstBlock - head.number) * BLOCK_TIME_SECONDS;
    const beginsAt = headTimeMs === null ? null : new Date(headTimeMs + secondsFromHead * 1000).toISOString();
    return { window, beginsAt };
  };
  const decision = decidePublishing({ current, wantedText: text, headNumber: head.number, force });
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

  step("submitting the commitment");
  const signer = await context.openSigner();
  log.info("Publishing miner commitment", { reason: decision.reason, text, previous: decision.currentText });
  const extrinsic = await line.ask((chain) => chain.signCommitment({ netuid, data, signer }));
  // Not retried on another endpoint: the extrinsic may already be in the pool.
  const submitted = await line.askOnce((chain) =>
    chain.submit(extrinsic, {
      onStatus: (status) => {
        step(`waiting for finalization (extrinsic ${status})`);
        log.debug("Miner commitment extrinsic", { status });
      },
    })
  ).catch(async (error) => {
    const rounds = lookRounds(error);
    if (rounds === 0) throw error;
    step("looking for the commitment on the chain");
    context.noteFailure?.(error);
    log.warning("Submission not confirmed: looking for it on the chain", { error });
    const wanted = { netuid, hotkey, data: `0x${data.toHex()}`, afterBlock: head.number };
    const found = await findCommitment(line, wanted, rounds, context.sleep);
    if (found === null) throw error;
    return { extrinsicHash: extrinsic.hash, ...found };
  });
  log.info("Miner commitment updated", {
    worker_count: workerCount,
    reason: decision.reason,
    text,
    block_number: submitted.blockNumber,
    extrinsic_hash: submitted.extrinsicHash,
  });
  return finish("published", submitted, submitted.blockNumber);
}

/** How often to look for a commitment whose submission was not confirmed: for a few blocks. */
const LOOK_ROUNDS = 6;
const LOOK_INTERVAL_MS = 6_000;

/** How often to look for the commitment after this error of its submission; 0 if it cannot have reached the chain. */
function lookRounds(error: unknown): number {
  if (!(error instanceof ChainError)) return 0;
  // Finality has taken the job's time: one look tells whether the bid is on the best chain.
  if (error.kind === "timeout") return 1;
  return ["unreachable", "invalid-answer", "missing-state", "rpc"].includes(error.kind) ? LOOK_ROUNDS : 0;
}

/** Looks for a commitment on the best chain, at any endpoint; `null` if it does not appear. */
async function findCommitment(
  line: Line,
  { netuid, hotkey, data, afterBlock }: {
    readonly netuid: number;
    readonly hotkey: string;
    /** `0x` and hex. */
    readonly data: string;
    readonly afterBlock: number;
  },
  rounds: number,
  sleep: (ms: number) => Promise<void>,
): Promise<BlockLocation | null> {
  const look = async (chain: ChainConnection): Promise<BlockLocation | null> => {
    const current = await chain.readCommitment(netuid, hotkey);
    if (current?.data !== data || current.block === null || current.block <= afterBlock) return null;
    return { blockNumber: current.block, blockHash: await chain.blockHash(current.block) };
  };
  for (let round = 0; round < rounds; round++) {
    if (round > 0) await sleep(LOOK_INTERVAL_MS);
    try {
      const found = await line.ask(look);
      if (found !== null) return found;
    } catch (error) {
      if (!(error instanceof ChainError)) throw error;
      // Otherwise the only endpoint may come back.
      if (!error.retryable) return null;
    }
  }
  return null;
}

type BlockLocation = Pick<SubmittedCommitment, "blockNumber" | "blockHash">;

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
