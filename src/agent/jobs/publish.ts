/**
 * Publishes a commitment so that nothing is submitted twice: before anything is sent again, no extrinsic of the hotkey may
 * wait in the pool, and the commitment must not be on the chain.
 *
 * @module
 */

import { hexOf } from "../../chain/codec/hex.ts";
import { nextSpaceEpoch } from "../../chain/commitment_space.ts";
import { ChainError, DispatchError } from "../../chain/errors.ts";
import type { ChainConnection, SignedExtrinsic, SubmittedCommitment } from "../../chain/types.ts";
import type { HotkeySigner } from "../../chain/wallet/signer.ts";
import type { Logger } from "../../lib/log.ts";
import { within } from "../../lib/within.ts";
import type { Line } from "./line.ts";

/** What is published. */
export interface Publication {
  readonly netuid: number;
  /** SS58 address. */
  readonly hotkey: string;
  /** The commitment's text in UTF-8. */
  readonly data: Uint8Array;
  /** `SubtensorModule.Tempo` of the subnet, in blocks. */
  readonly tempo: number;
  /** The head at which the commitment was not on the chain as it should be. */
  readonly headNumber: number;
}

/** What publishing uses. */
export interface PublishContext {
  /** Called only to sign. */
  readonly openSigner: () => Promise<HotkeySigner>;
  /** Resolves after this time, or earlier. */
  readonly sleep: (ms: number) => Promise<void>;
  /** The time that is left of the run, in milliseconds. */
  readonly remainingMs: () => number;
  /** Reports what the job is doing. */
  readonly step: (step: string) => void;
  /** Called with errors that do not end the job. */
  readonly noteFailure?: ((error: unknown) => void) | undefined;
  readonly log: Logger;
}

/** A publication that is on the chain. */
export interface Published extends SubmittedCommitment {
  /** Whether its block was final; if not, the commitment was found on the best chain. */
  readonly isFinal: boolean;
}

/** Half a block: how long to wait between two looks at the chain. */
const LOOK_INTERVAL_MS = 6_000;
/** How often to look for what may come, for a few blocks. */
const LOOK_ROUNDS = 6;
/** How many extrinsics a run sends at most; each but the last can no longer get into a block. */
const MAX_SUBMISSIONS = 3;
/** What a look at the chain may take; so much is left of the run when the wait for finality ends. */
const LOOK_RESERVE_MS = 8_000;
/** So much is left of the run when a look at the chain is given up, for the error that says why. */
const END_RESERVE_MS = 3_000;

/** The chain holds another commitment than the one that it has just accepted. */
export class CommitmentReadBackError extends Error {
  override readonly name = "CommitmentReadBackError";

  /** @param found what the chain holds; `null` if that is no text. */
  constructor(
    { blockNumber, endpoint }: { readonly blockNumber: number; readonly endpoint: string },
    found: string | null,
    wanted: string,
  ) {
    const [foundText, wantedText] = [found, wanted].map((text) => JSON.stringify(text));
    super(
      `Cannot rely on the commitment published in block ${blockNumber}: ${endpoint} reads it back as ${foundText}, ` +
        `not as ${wantedText}; look for another program that publishes with this hotkey and stop it, then the ` +
        "next run publishes again",
    );
  }
}

/**
 * Signs and submits the commitment. When the pool loses it for certain, it is signed anew and sent again.
 *
 * @throws {ChainError} if it is not on the chain in the end; `notBeforeBlock` tells when the space limit ends.
 * @throws {import("../../chain/wallet/errors.ts").WalletError} if the hotkey cannot sign.
 */
export async function publish(
  line: Line,
  publication: Publication,
  context: PublishContext,
): Promise<Published> {
  const { netuid, data } = publication;
  const { step, log, noteFailure, sleep, remainingMs } = context;
  for (let count = 1;; count++) {
    step("submitting the commitment");
    const extrinsic = await sign(line, { netuid, data }, context);
    const found = async (rounds: number): Promise<Published | null> => {
      step("looking for the commitment on the chain");
      const place = await findCommitment(line, publication, rounds, context);
      return place === null ? null : { extrinsicHash: extrinsic.hash, ...place, isFinal: false };
    };
    try {
      // Not retried on another endpoint: the extrinsic may already be in the pool.
      const { endpoint, blockHash } = await line.askOnce(async (chain) => ({
        endpoint: chain.endpoint,
        blockHash: await chain.submit(extrinsic, {
          finalizationTimeoutMs: timeBefore(LOOK_RESERVE_MS, context),
          onStatus: (status) => {
            step(`waiting for finalization (extrinsic ${status})`);
            log.debug("Miner commitment extrinsic", { status });
          },
        }),
      }));
      step("reading what became of the commitment in its block");
      const submitted = await inTime(
        timeBefore(LOOK_RESERVE_MS, context),
        // A refusal is an answer of the chain, and no failure of the endpoint.
        line.ask((chain) => chain.outcomeOf(extrinsic, blockHash).catch(refusalOf)),
      );
      if (submitted === null) throw noOutcome(endpoint, extrinsic, blockHash);
      if (submitted instanceof DispatchError) throw submitted;
      return { ...submitted, isFinal: true };
    } catch (error) {
      const rounds = lookRounds(error);
      if (rounds === 0) throw withSpaceEpoch(error, publication);
      noteFailure?.(error);
      log.warning("Submission not confirmed: looking for it on the chain", { error });
      const place = await found(rounds);
      if (place !== null) return place;
      const isLost = error instanceof ChainError && ["rejected", "dropped"].includes(error.kind);
      if (!isLost || count === MAX_SUBMISSIONS || remainingMs() < 2 * LOOK_RESERVE_MS) throw error;
    }
    // Another node may still have it in its pool and include it.
    await sleep(LOOK_INTERVAL_MS);
    await untilNothingWaits(line, publication.hotkey, context);
    const place = await found(1);
    if (place !== null) return place;
    log.info("Submitting again: the pool has lost the extrinsic", { lost_extrinsic_hash: extrinsic.hash });
  }
}

/** How long something may take that is to end so long before the run does. */
function timeBefore(reserveMs: number, { remainingMs }: PublishContext): number {
  return Math.max(1_000, Math.round(remainingMs()) - reserveMs);
}

/** The answer of work that is given up after this time; `null` then. */
async function inTime<T>(limitMs: number, work: Promise<T>): Promise<T | null> {
  return await within(limitMs, work) ? await work : null;
}

function refusalOf(error: unknown): DispatchError {
  if (error instanceof DispatchError) return error;
  throw error;
}

function noOutcome(endpoint: string, { hash }: SignedExtrinsic, blockHash: string): ChainError {
  return new ChainError(
    `Cannot tell whether the commitment is published: ${endpoint} did not say in time what became of extrinsic ${hash} ` +
      `in block ${blockHash}; the next run looks for it`,
    { kind: "timeout", endpoint, request: "chain_getBlock", retryable: true },
  );
}

/** Signs the commitment; the hotkey's secret is in memory only meanwhile. */
async function sign(
  line: Line,
  commitment: Pick<Publication, "netuid" | "data">,
  { openSigner }: PublishContext,
): Promise<SignedExtrinsic> {
  using signer = await openSigner();
  return await line.ask((chain) => chain.signCommitment({ ...commitment, signer }));
}

/**
 * Waits until no extrinsic of the hotkey waits in the pool: it may be the same commitment, sent by an earlier run that never
 * learned of its end.
 *
 * @returns whether one waited.
 * @throws {ChainError} `pending` if it still waits after a few blocks.
 */
export async function untilNothingWaits(
  line: Line,
  hotkey: string,
  { sleep, remainingMs, step, log }: PublishContext,
): Promise<boolean> {
  for (let round = 0;; round++) {
    const { endpoint, count } = await line.ask(async (chain) => ({
      endpoint: chain.endpoint,
      count: await chain.pendingExtrinsicCount(hotkey),
    }));
    if (count === 0) return round > 0;
    if (round === LOOK_ROUNDS || remainingMs() < LOOK_RESERVE_MS + LOOK_INTERVAL_MS) {
      throw new ChainError(
        `Cannot publish the commitment: an earlier extrinsic of this hotkey still waits in the pool of ${endpoint}; ` +
          "the next run looks again, and publishes only if that one did not",
        { kind: "pending", endpoint, request: "system_accountNextIndex", retryable: true },
      );
    }
    if (round === 0) log.info("Waiting for an earlier extrinsic of this hotkey", { endpoint, count });
    step("waiting for an earlier extrinsic of this hotkey");
    await sleep(LOOK_INTERVAL_MS);
  }
}

/** How often to look for the commitment after this error of its submission; 0 if it cannot be on the chain. */
function lookRounds(error: unknown): number {
  if (!(error instanceof ChainError)) return 0;
  switch (error.kind) {
    // Finality has taken the job's time: one look tells whether the commitment is on the best chain.
    case "timeout":
    // What the pool lost may be on the chain in spite of that: sent by another node, or by another program.
    case "rejected":
    case "dropped":
      return 1;
    case "unreachable":
    case "invalid-answer":
    case "missing-state":
    case "rpc":
      return LOOK_ROUNDS;
    default:
      return 0;
  }
}

/** Adds when the hotkey may publish again to the error of its space limit. */
function withSpaceEpoch(error: unknown, { netuid, tempo }: Publication): unknown {
  if (!(error instanceof DispatchError) || error.details.errorName !== "SpaceLimitExceeded") return error;
  const { details } = error;
  return new DispatchError(details, nextSpaceEpoch(netuid, tempo, details.blockNumber));
}

type BlockLocation = Pick<SubmittedCommitment, "blockNumber" | "blockHash">;

/** Looks for a commitment on the best chain, at any endpoint; `null` if it does not appear. */
async function findCommitment(
  line: Line,
  { netuid, hotkey, data, headNumber }: Publication,
  rounds: number,
  context: PublishContext,
): Promise<BlockLocation | null> {
  const { sleep, remainingMs } = context;
  const wanted = hexOf(data);
  const look = async (chain: ChainConnection): Promise<BlockLocation | null> => {
    const current = await chain.readCommitment(netuid, hotkey);
    if (current?.data !== wanted || current.block === null || current.block <= headNumber) return null;
    return { blockNumber: current.block, blockHash: await chain.blockHash(current.block) };
  };
  for (let round = 0; round < rounds; round++) {
    if (round > 0) {
      if (remainingMs() < LOOK_RESERVE_MS + LOOK_INTERVAL_MS) break;
      await sleep(LOOK_INTERVAL_MS);
    }
    try {
      const found = await inTime(timeBefore(END_RESERVE_MS, context), line.ask(look));
      if (found !== null) return found;
    } catch (error) {
      if (!(error instanceof ChainError)) throw error;
      // Otherwise the only endpoint may come back.
      if (!error.retryable) return null;
    }
  }
  return null;
}
