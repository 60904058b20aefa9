/**
 * A window to deliver, and what became of it. Plain data.
 *
 * @module
 */

import type { WonWorker } from "../../auction/credit/delivery_credit.ts";
import type { CreditReport } from "./credit.ts";
import type { DeliveryLevel } from "./judgement.ts";
import type { Span } from "./sources.ts";

/** A window to deliver, and what was won in it. */
export interface DeliveredWindow {
  readonly firstBlock: number;
  readonly lastBlock: number;
  /** 0 to 5 within its epoch. */
  readonly windowIndex: number;
  /** In the order of the winners. */
  readonly won: readonly WonWorker[];
  readonly wonHashratePh: number;
  /** The share of it that the sources of the delivered hashrate measure, above 0 up to 1. */
  readonly measuredShare: number;
  /** From its first block to its expected end, by the chain's time; a text says why that is unknown. */
  readonly span: Span | string;
}

/** The delivery of a window, so far or in total. */
export interface DeliveryReport extends Pick<DeliveredWindow, "firstBlock" | "windowIndex"> {
  /** What the sources should show: if they measure only a part of the routing, the part of that. */
  readonly wonHashratePh: number;
  /** The last reading; `null` if it failed or there was none yet. */
  readonly nowPh: number | null;
  /** Delivered on average: as measured, else as the workers API says; `null` if neither is known. */
  readonly averagePh: number | null;
  /** What validators credit; `null` if it is not known. */
  readonly credit: CreditReport | null;
  /** What {@link ratio} and {@link level} judge: the credit where it is known. */
  readonly basis: "credited" | "delivered";
  /** Credited or delivered divided by what was won; `null` if nothing was won or measured. */
  readonly ratio: number | null;
  /** The hashrate that is won and not paid for, in PH/s; `null` if not measured. */
  readonly unpaidPh: number | null;
  /** The hashrate that is given away, in PH/s; `null` if too little was measured. */
  readonly surplusPh: number | null;
  /** What the judgement is based on. */
  readonly measuredSeconds: number;
  /** Start of the measurement, in milliseconds on the clock that never steps. */
  readonly sinceMs: number;
  /** Whether the window is over. */
  readonly isFinal: boolean;
  readonly level: DeliveryLevel;
  /** Why sources could not be read in the last reading. */
  readonly errors: readonly string[];
  /**
   * Since when some source cannot be read, in milliseconds since 1970, even in an earlier window or from other sources.
   * `null` if the last reading succeeded or there was none yet.
   */
  readonly unreadableSinceMs: number | null;
}
