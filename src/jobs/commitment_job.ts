/**
 * The commitment job: keeps the bid on the chain equal to the configuration, and young (spec, section 7).
 *
 * @module
 */

import type { SubmittedCommitment } from "../chain/types.ts";
import type { Logger } from "../lib/log.ts";
import type { HotkeySigner } from "../wallet/signer.ts";
import { type Connect, Line } from "./line.ts";
import { decidePublishing, type PublishDecision } from "./publish_decision.ts";

/** What the job is to do. */
export interface CommitmentJobInput {
  readonly netuid: number;
  /** SS58 address. */
  readonly hotkey: string;
  /** The bid, `2;b;BTC,1.05=0.45:2`. */
  readonly text: string;
  /** Workers in the bid, for the log. */
  readonly workerCount: number;
  /** Publish although nothing changed. */
  readonly force: boolean;
  /** Decide, but do not submit. */
  readonly dryRun: boolean;
}

/** What the job works with. */
export interface CommitmentJobContext {
  readonly connect: Connect;
  /** Called only when something is to be signed. */
  readonly openSigner: () => Promise<HotkeySigner>;
  /** Says what the job does now. */
  readonly step: (step: string) => void;
  readonly log: Logger;
}

/** What became of the bid. */
export interface CommitmentResult extends PublishDecision {
  readonly job: "commitment";
  /** What was done, or with `dryRun` would be. */
  readonly action: "published" | "up-to-date" | "would-publish";
  readonly endpoint: string;
  readonly netuid: number;
  readonly hotkey: string;
  readonly text: string;
  readonly textBytes: number;
  readonly workerCount: number;
  /** The block the decision was made at. */
  readonly headNumber: number;
  /** Where it was published; `null` unless it was. */
  readonly submitted: SubmittedCommitment | null;
  readonly dryRun: boolean;
}

/**
 * Publishes the bid when it has to be.
 *
 * @throws {import("../chain/errors.ts").ChainError} when the chain cannot be asked, or refuses.
 * @throws {import("../wallet/errors.ts").WalletError} when the hotkey cannot sign.
 */
export async function runCommitmentJob(
  input: CommitmentJobInput,
  context: CommitmentJobContext,
): Promise<CommitmentResult> {
  const { netuid, hotkey, text, workerCount, force, dryRun } = input;
  const { log, step } = context;
  step("connecting");
  await using line = new Line(context.connect, log);
  step("reading the commitment on the chain");
  const { endpoint, head, current } = await line.ask(async (chain) => {
    const head = await chain.bestHead();
    return { endpoint: chain.endpoint, head, current: await chain.readCommitment(netuid, hotkey, head.hash) };
  });
  const decision = decidePublishing({ current, wantedText: text, headNumber: head.number, force });
  const data = new TextEncoder().encode(text);
  const about = { ...decision, endpoint, netuid, hotkey, text, textBytes: data.length };
  const finish = (
    action: CommitmentResult["action"],
    submitted: SubmittedCommitment | null,
  ): CommitmentResult => ({
    job: "commitment",
    action,
    ...about,
    workerCount,
    headNumber: head.number,
    submitted,
    dryRun,
  });

  if (decision.reason === null) {
    log.info("Miner commitment up to date", { text, age_seconds: decision.ageSeconds });
    return finish("up-to-date", null);
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
    return finish("would-publish", null);
  }

  step("submitting the commitment");
  const signer = await context.openSigner();
  log.info("Publishing miner commitment", { reason: decision.reason, text, previous: decision.currentText });
  // Not asked of another endpoint when this one fails: the extrinsic may be on its way already.
  const submitted = await line.askOnce((chain) =>
    chain.submitCommitment({
      netuid,
      data,
      signer,
      onStatus: (status) => {
        step(`waiting for finalization (extrinsic ${status})`);
        log.debug("Miner commitment extrinsic", { status });
      },
    })
  );
  log.info("Miner commitment updated", {
    worker_count: workerCount,
    reason: decision.reason,
    text,
    block_number: submitted.blockNumber,
    extrinsic_hash: submitted.extrinsicHash,
  });
  return finish("published", submitted);
}
