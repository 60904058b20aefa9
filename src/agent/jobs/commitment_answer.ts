/**
 * Checks the commitment job's answer in the main thread.
 *
 * @module
 */

import * as z from "zod";
import {
  VALIDATION_EPOCH_BLOCKS,
  WINDOW_BLOCKS,
  WINDOWS_PER_EPOCH,
} from "../../auction/protocol/constants.ts";
import { endpointLabel } from "../../chain/networks.ts";
import { cutText } from "../../lib/cut_text.ts";
import type { CommitmentJobInput, CommitmentResult } from "./commitment_job.ts";
import { checkAnswer } from "./worker_answer.ts";

/** What the job was asked. */
export interface AskedCommitment extends CommitmentJobInput {
  /** URLs. */
  readonly endpoints: readonly string[];
}

/** How far the window that a bid counts from may be from the head: bids are renewed after less than an epoch. */
const MAX_DISTANCE_BLOCKS = 10 * VALIDATION_EPOCH_BLOCKS;

/** The age of a chain that is a hundred years old. */
const MAX_AGE_SECONDS = 100 * 366 * 86_400;

const block = z.int().nonnegative();
const hash = z.string().regex(/^0x[\da-f]{64}$/, "must be a hash");
const window = z.object({
  index: z.int().min(0).max(WINDOWS_PER_EPOCH - 1),
  firstBlock: z.int(),
  lastBlock: z.int(),
}).refine(
  ({ firstBlock, lastBlock }) => [WINDOW_BLOCKS, WINDOW_BLOCKS + 1].includes(lastBlock + 1 - firstBlock),
  `must have ${WINDOW_BLOCKS} or ${WINDOW_BLOCKS + 1} blocks`,
);

/** What follows from what the job was asked: the main thread knows it, so an answer that differs is false. */
function answerTo(
  { netuid, hotkey, text, workerCount, dryRun, endpoints }: AskedCommitment,
): z.ZodType<CommitmentResult> {
  return z.object({
    action: z.enum(dryRun ? ["up-to-date", "would-publish"] : ["up-to-date", "published"]),
    reason: z.enum(["missing", "undecodable", "differs", "renewal", "forced"]).nullable(),
    currentText: z.string().transform(cutText).nullable(),
    ageSeconds: z.int().min(-MAX_AGE_SECONDS).max(MAX_AGE_SECONDS).nullable(),
    endpoint: z.enum(endpoints.map(endpointLabel)),
    netuid: z.literal(netuid),
    hotkey: z.literal(hotkey),
    text: z.literal(text),
    textBytes: z.literal(new TextEncoder().encode(text).length),
    workerCount: z.literal(workerCount),
    headNumber: block,
    submitted: z.object({ extrinsicHash: hash, blockHash: hash, blockNumber: block }).nullable(),
    countsFrom: z.object({ window, beginsAt: z.iso.datetime().nullable() }).nullable(),
    dryRun: z.literal(dryRun),
  })
    .refine(({ action, reason }) => (action === "up-to-date") === (reason === null), "contradicts its reason")
    .refine(
      ({ action, submitted }) => (action === "published") === (submitted !== null),
      "has no block, or one",
    )
    .refine(
      ({ headNumber, countsFrom }) =>
        countsFrom === null ||
        Math.abs(countsFrom.window.firstBlock - headNumber) <= MAX_DISTANCE_BLOCKS,
      "counts from a window that is far away",
    );
}

/**
 * Reads the job's answer.
 *
 * @throws {import("./worker_answer.ts").WorkerAnswerError} if the job cannot have answered this to what it was asked.
 */
export function readCommitmentAnswer(answer: unknown, asked: AskedCommitment): CommitmentResult {
  return checkAnswer("commitment", answerTo(asked), answer);
}
