/**
 * The auction job: settles the window, reads its snapshot, computes the outcome (spec, sections 3 to 6).
 *
 * It runs in a worker; callbacks and routing follow in the main thread.
 *
 * @module
 */

import type { AmbiguityPolicy } from "../../auction/ambiguity.ts";
import { reportPastWindow, type WindowReport } from "../../auction/outcome.ts";
import type { AuctionSnapshot } from "../../auction/inputs/snapshot.ts";
import type { BlockRef, ChainConnection, PayReading } from "../../chain/types.ts";
import { within } from "../../lib/within.ts";
import type { Logger } from "../../lib/log.ts";
import { epochStart, type ValidationWindow } from "../../auction/protocol/windows.ts";
import { computeOutcome, type SnapshotWindow, type SolvedOutcome } from "./compute_outcome.ts";
import { type Connect, Line } from "./line.ts";
import { settleWindow } from "./window_transition.ts";

/** A window whose outcome is known, identified by its inputs. */
export interface KnownWindow {
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
  /** Called with errors that do not end the job. */
  readonly noteFailure?: (error: unknown) => void;
  readonly log: Logger;
}

/** The result of {@link runAuctionJob}. */
export type AuctionJobResult = ComputedAuction | UnchangedAuction;

/** A window's outcome. */
export interface ComputedAuction extends SnapshotWindow, SolvedOutcome {
  readonly kind: "computed";
  /** The window that closed while the job waited; `null` when none did. */
  readonly completed: WindowReport | null;
  /** The storage key of the one input that can change within the window; `null` if the chain lacks this item. */
  readonly splitStorageKey: string | null;
  /** Age of the best head at connection time, by the host's clock; `null` without `Timestamp.Now`. */
  readonly headAgeSeconds: number | null;
  /** What the last epoch before the head paid; `null` if it could not be read. */
  readonly pay: PayReading | null;
}

/** How long a computed window, which is to be routed soon, waits for what is only nice to know. */
const PAY_PATIENCE_MS = 300;

/** How far the host's clock and the chain's may differ; blocks are 12 s apart. */
const MAX_CLOCK_OFFSET_SECONDS = 30;

/** Whether an age of the head means that the host's clock and the chain's differ, or that the node lags. */
export function isClockOff(headAgeSeconds: ComputedAuction["headAgeSeconds"]): boolean {
  return headAgeSeconds !== null && Math.abs(headAgeSeconds) > MAX_CLOCK_OFFSET_SECONDS;
}

/** The chain is in the known window, and its inputs are unchanged. */
export interface UnchangedAuction {
  readonly kind: "unchanged";
  readonly window: ValidationWindow;
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
): Promise<AuctionJobResult> {
  const { netuid, hotkey, onAmbiguous, known } = input;
  const { log, step, noteFailure = () => {}, remainingMs, sleep, monotonicMs } = context;
  await using line = new Line(context.connect, log, noteFailure);

  step("connecting");
  const startHead = await line.ask((chain) => chain.bestHead());
  const tempo = await line.ask((chain) => chain.tempo(netuid, startHead.hash));
  const { window, head, completed, wait, waitRounds } = await settleWindow({
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
    return { kind: "unchanged", window, head };
  }
  const { paying, ...reading } = await line.ask(async (chain) => {
    const paying = startReadingPay(chain, netuid, hotkey, head, log);
    return {
      paying,
      snapshot: await readSnapshot(chain, netuid, tempo, head, window),
      splitStorageKey: chain.mechanismEmissionSplitKey(netuid),
      headAgeSeconds: chain.headAgeSeconds,
    };
  });
  const { snapshot } = reading;
  step(`computing the auction of the window that begins at block ${window.firstBlock}`);
  const solved = await computeOutcome({ snapshot, window, hotkey, onAmbiguous, remainingMs });
  await within(PAY_PATIENCE_MS, paying.done);
  return {
    kind: "computed",
    ...solved,
    pay: paying.pay,
    completed: completed === null ? null : reportPastWindow(completed),
    window,
    ...reading,
  };
}

/** Whether a window is the known one: the same first block (unless reorganised) and the same split. */
async function isUnchanged(
  chain: ChainConnection,
  netuid: number,
  head: BlockRef,
  window: ValidationWindow,
  { firstBlock, mechanismEmissionSplit }: KnownWindow,
): Promise<boolean> {
  if (firstBlock.number !== firstBlockOf(window)) return false;
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
  return chain.readSnapshot({ netuid, tempo, head, firstBlockNumber: firstBlockOf(window) });
}

/** The first window of a young chain begins before its genesis. */
function firstBlockOf(window: ValidationWindow): number {
  return Math.max(window.firstBlock, 0);
}
