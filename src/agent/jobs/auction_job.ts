/**
 * The auction job: settles the window, reads its snapshot, solves its auction (spec, sections 3 to 5).
 *
 * It runs in a worker. The main thread checks its answer and derives the outcome from it (`auction_answer.ts`); callbacks and
 * routing follow there.
 *
 * @module
 */

import type { AmbiguityPolicy } from "../../auction/ambiguity.ts";
import { prepareAuction } from "../../auction/inputs/prepare.ts";
import type { AuctionSnapshot } from "../../auction/inputs/snapshot.ts";
import type { BlockRef, ChainConnection, PayReading } from "../../chain/types.ts";
import { within } from "../../lib/within.ts";
import type { Logger } from "../../lib/log.ts";
import { epochStart, inputBlockOf, type ValidationWindow } from "../../auction/protocol/windows.ts";
import type { SolverResult } from "../../auction/solver/types.ts";
import { solvePrepared } from "./compute_outcome.ts";
import { type Connect, Line } from "./line.ts";
import { settleWindow } from "./window_transition.ts";

/** A window whose outcome is known, identified by its inputs. */
export interface KnownWindow {
  readonly window: ValidationWindow;
  readonly firstBlock: BlockRef;
  readonly mechanismEmissionSplit: readonly number[] | null;
}

/** The input of {@link runAuctionJob}. */
export interface AuctionJobInput {
  readonly netuid: number;
  /** SS58 address. */
  readonly hotkey: string;
  readonly onAmbiguous: AmbiguityPolicy;
  /** A window not to compute again while its inputs are unchanged; `null` to compute in any case. */
  readonly known: KnownWindow | null;
}

/** Dependencies of {@link runAuctionJob}. */
export interface AuctionJobContext {
  readonly connect: Connect;
  /** Returns the time left for solving. */
  readonly remainingMs: () => number;
  readonly sleep: (ms: number) => Promise<void>;
  /** Milliseconds on a clock that never goes back. */
  readonly monotonicMs: () => number;
  /** Reports what the job is doing. */
  readonly step: (step: string) => void;
  /** Called with the answer before the connection is closed, which takes a round trip. */
  readonly answer?: (answer: AuctionAnswer) => void;
  /** Called with errors that do not end the job. */
  readonly noteFailure?: (error: unknown) => void;
  readonly log: Logger;
}

/** The result of {@link runAuctionJob}. */
export type AuctionAnswer = SolvedAnswer | UnchangedAnswer;

/** A window's inputs, and its winners. */
export interface SolvedAnswer {
  readonly kind: "solved";
  readonly snapshot: AuctionSnapshot;
  /** The head at which the job began; it tells which window the job waited in. */
  readonly startBlock: number;
  /** `null` if there was nothing to solve. */
  readonly solved: SolverResult | null;
  /** The storage key of the one input that can change within the window; `null` if the chain lacks this item. */
  readonly splitStorageKey: string | null;
  /** Age of the best head at connection time, by the host's clock; `null` without `Timestamp.Now`. */
  readonly headAgeSeconds: number | null;
  /** What the last epoch before the head paid; `null` if it could not be read. */
  readonly pay: PayReading | null;
}

/** How long a computed window, which is to be routed soon, waits for what is only nice to know. */
const PAY_PATIENCE_MS = 300;

/** Reading a window takes about a second: whoever waits longer should know that it is the line or the node. */
const SLOW_READ_SECONDS = 10;

/** The chain is in the known window, and its inputs are unchanged. */
export interface UnchangedAnswer {
  readonly kind: "unchanged";
  readonly head: BlockRef;
}

/**
 * Runs the auction job.
 *
 * @throws {import("../../chain/errors.ts").ChainError} if the chain cannot be read.
 * @throws {import("../../auction/protocol/errors.ts").ProtocolError} if the chain has no share for mechanism 1.
 */
export async function runAuctionJob(
  input: AuctionJobInput,
  context: AuctionJobContext,
): Promise<AuctionAnswer> {
  const { netuid, hotkey, onAmbiguous, known } = input;
  const { log, step, noteFailure = () => {}, remainingMs, sleep, monotonicMs } = context;
  await using line = new Line(context.connect, log, noteFailure);

  step("connecting");
  const startHead = await line.ask((chain) => chain.recentHead());
  const tempo = await line.ask((chain) => chain.tempo(netuid, startHead.hash));
  const { window, head, wait, waitRounds } = await settleWindow({
    head: startHead,
    epochStartBlock: epochStart(netuid, tempo, startHead.number),
    bestHeadNumber: () => line.ask((chain) => chain.bestHeadNumber()),
    bestHead: () => line.ask((chain) => chain.bestHead()),
    sleep,
    monotonicMs,
    onWait: (next, seconds) => {
      step(`waiting for the window that begins at block ${next.firstBlock}`);
      log.info("Waiting for next window", { first_block: next.firstBlock, expected_in_seconds: seconds });
    },
    onLookFailed: (error) => {
      log.warning("Cannot look at the head while waiting", { error });
      noteFailure(error);
    },
  });
  if (wait !== "none") {
    log.info(wait === "came" ? "Next window began" : "Next window is late", { wait_rounds: waitRounds });
  }

  step(`reading the chain at block ${window.firstBlock}`);
  if (known !== null && await line.ask((chain) => isUnchanged(chain, netuid, head, window, known))) {
    return { kind: "unchanged", head };
  }
  const readingSinceMs = monotonicMs();
  const { paying, endpoint, receivedBytes, ...reading } = await line.ask(async (chain) => {
    const paying = startReadingPay(chain, netuid, hotkey, head, log);
    return {
      paying,
      endpoint: chain.endpoint,
      snapshot: await readSnapshot(chain, netuid, tempo, head, window),
      splitStorageKey: chain.mechanismEmissionSplitKey(netuid),
      headAgeSeconds: chain.headAgeSeconds,
      receivedBytes: chain.receivedBytes,
    };
  });
  const readSeconds = (monotonicMs() - readingSinceMs) / 1000;
  if (readSeconds > SLOW_READ_SECONDS) {
    log.warning("Line to the chain is slow, or its node", {
      endpoint,
      read_seconds: Math.round(readSeconds),
      received_kb: Math.round(receivedBytes / 1000),
      hint: "the window is routed as much later; a nearer endpoint or a better line helps",
    });
  }
  step(`computing the auction of the window that begins at block ${window.firstBlock}`);
  const solved = await solvePrepared(prepareAuction(reading.snapshot), { hotkey, onAmbiguous, remainingMs });
  await within(PAY_PATIENCE_MS, paying.done);
  const answer = {
    kind: "solved",
    ...reading,
    startBlock: startHead.number,
    solved,
    pay: paying.pay,
  } as const;
  context.answer?.(answer);
  return answer;
}

/** Whether a window is the known one: the same first block (unless reorganised) and the same split. */
async function isUnchanged(
  chain: ChainConnection,
  netuid: number,
  head: BlockRef,
  window: ValidationWindow,
  { window: { firstBlock: knownFirstBlock }, firstBlock, mechanismEmissionSplit }: KnownWindow,
): Promise<boolean> {
  if (knownFirstBlock !== window.firstBlock) return false;
  const [hash, split] = await Promise.all([
    chain.blockHash(firstBlock.number),
    chain.mechanismEmissionSplit(netuid, head.hash),
  ]);
  return hash === firstBlock.hash && JSON.stringify(split) === JSON.stringify(mechanismEmissionSplit);
}

/** Reads what was paid beside everything else. A failure is none of the auction's business. */
function startReadingPay(
  chain: ChainConnection,
  netuid: number,
  hotkey: string,
  head: BlockRef,
  log: Logger,
): { readonly done: Promise<void>; readonly pay: PayReading | null } {
  const reading = {
    pay: null as PayReading | null,
    done: chain.readPay(netuid, hotkey, head.hash).then(
      (pay) => {
        reading.pay = pay;
      },
      (error) => log.warning("Cannot read what the chain paid", { error }),
    ),
  };
  return reading;
}

function readSnapshot(
  chain: ChainConnection,
  netuid: number,
  tempo: number,
  head: BlockRef,
  window: ValidationWindow,
): Promise<AuctionSnapshot> {
  return chain.readSnapshot({ netuid, tempo, head, firstBlockNumber: inputBlockOf(window) });
}
