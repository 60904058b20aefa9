/**
 * Holds what the chain pays against what our own results promise (spec, section 10).
 *
 * Each computed window brings its promise, and what the last epoch paid. All is in memory: a fresh agent has to see a whole
 * validation epoch, and then wait for its pay.
 *
 * @module
 */

import {
  comparePay,
  describePayShortfall,
  type EpochPay,
  findPayShortfall,
  type PayComparison,
  type PayShortfall,
  type WindowPay,
} from "../auction/credit/pay_comparison.ts";
import { firstComparableBlock, type PaySchedule, weightsOrigin } from "../auction/credit/weights_origin.ts";
import { epochStart } from "../auction/protocol/windows.ts";
import { expectedWindowPay } from "../auction/window_pay.ts";
import type { PayReading } from "../chain/types.ts";
import type { Logger } from "../lib/log.ts";
import type { DaemonEvent, DaemonObserver } from "./events.ts";
import type { ComputedAuction } from "./jobs/auction_result.ts";

/** About ten days. */
const KEPT_EPOCHS = 200;
const RAO_PER_ALPHA = 1e9;
const U16_MAX = 65_535;

/** Constructor options of {@link PayKeeper}. */
export interface PayKeeperContext {
  readonly log: Logger;
  readonly observe: DaemonObserver;
}

/** The comparison's part of the service: it listens to the other parts' events. */
export class PayKeeper {
  readonly #context: PayKeeperContext;
  /** Whose pay it is: what is known of one chain and hotkey does not hold for another. */
  #payee = "";
  #firstWindowBlock: number | null = null;
  /** By first block. */
  readonly #windows = new Map<number, WindowPay>();
  /** By the block that ended the epoch. */
  readonly #comparisons = new Map<number, PayComparison>();
  #hasShortfall = false;

  constructor(context: PayKeeperContext) {
    this.#context = context;
  }

  /** Notes an event. */
  notice(event: DaemonEvent): void {
    if (event.kind !== "outcome-computed") return;
    const { outcome, snapshot, pay } = event.computed;
    this.#useFor(JSON.stringify([outcome.chain.genesisHash, outcome.netuid, outcome.own.hotkey]));
    const window = expectedWindowPay(outcome, snapshot.mechanismEmissionSplit);
    this.#windows.set(window.firstBlock, window);
    this.#firstWindowBlock ??= window.firstBlock;
    if (pay === null) return;
    const schedule = scheduleOf(event.computed, pay);
    const paid = epochPayOf(pay, schedule);
    if (paid !== null) this.#compare(paid, schedule);
    const comparisons = [...this.#comparisons.values()].sort((a, b) => a.paidAtBlock - b.paidAtBlock);
    const shortfall = findPayShortfall(comparisons);
    this.#logShortfall(shortfall);
    this.#context.observe({
      kind: "pay-compared",
      report: {
        comparisons,
        shortfall,
        comparableFromBlock: firstComparableBlock(this.#firstWindowBlock, schedule),
      },
    });
  }

  #useFor(payee: string): void {
    if (payee === this.#payee) return;
    this.#payee = payee;
    this.#firstWindowBlock = null;
    this.#windows.clear();
    this.#comparisons.clear();
    this.#hasShortfall = false;
  }

  #compare(paid: EpochPay, schedule: PaySchedule): void {
    const { paidAtBlock } = paid;
    const origin = weightsOrigin(paidAtBlock, schedule);
    const comparison = comparePay(paid, origin, this.#windows.values());
    const isNew = !this.#comparisons.has(paidAtBlock);
    this.#comparisons.set(paidAtBlock, comparison);
    if (isNew) this.#logComparison(comparison);
    // Later epochs pay for later windows.
    for (const firstBlock of this.#windows.keys()) {
      if (firstBlock < origin.firstBlock) this.#windows.delete(firstBlock);
    }
    for (const block of this.#comparisons.keys()) {
      if (this.#comparisons.size > KEPT_EPOCHS) this.#comparisons.delete(block);
    }
  }

  #logComparison(comparison: PayComparison): void {
    const { paidAtBlock, origin, windowsSeen, verdict } = comparison;
    const { expectedShare, paidShare, expectedAlpha, paidAlpha } = comparison;
    this.#context.log.info("Epoch paid", {
      paid_at_block: paidAtBlock,
      for_blocks: `${origin.firstBlock} to ${origin.lastBlock}`,
      windows_seen: windowsSeen,
      expected_share: expectedShare,
      paid_share: paidShare,
      expected_alpha: expectedAlpha,
      paid_alpha: paidAlpha,
      verdict,
    });
  }

  #logShortfall(shortfall: PayShortfall | null): void {
    const { log } = this.#context;
    if (shortfall !== null && !this.#hasShortfall) {
      log.warning("The chain pays less than our results promise", {
        epochs: shortfall.epochs,
        expected_share: shortfall.expectedShare,
        paid_share: shortfall.paidShare,
        hint: describePayShortfall(shortfall),
      });
    } else if (shortfall === null && this.#hasShortfall) log.info("The chain pays what our results promise");
    this.#hasShortfall = shortfall !== null;
  }
}

function scheduleOf({ snapshot }: ComputedAuction, { revealPeriodEpochs }: PayReading): PaySchedule {
  const { netuid, tempo, head } = snapshot;
  return {
    epochStartBlock: epochStart(netuid, tempo, head.number),
    tempo,
    // A chain without the item takes weights as they come.
    revealPeriodEpochs: revealPeriodEpochs ?? 0,
  };
}

/** `null` if there is no pay to speak of: the hotkey is not registered, or no epoch has ended yet. */
function epochPayOf(
  { incentive, emissionRao, lastEpochBlock }: PayReading,
  { epochStartBlock }: PaySchedule,
): EpochPay | null {
  return incentive === null ? null : {
    paidAtBlock: lastEpochBlock ?? epochStartBlock,
    paidShare: incentive / U16_MAX,
    paidAlpha: emissionRao === null ? null : Number(emissionRao) / RAO_PER_ALPHA,
  };
}
