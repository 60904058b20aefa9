/**
 * Judges the delivery of a window by what it earns: what is not credited is not paid, far too little gets a hotkey banned,
 * and what is delivered beyond what was won is given away (spec, section 10). Pure.
 *
 * @module
 */

import { BAN_SHARE } from "../../auction/protocol/constants.ts";

/** What happens to a hotkey that is credited with too little. */
export const BAN_RULE = `below ${BAN_SHARE * 100} % of what was won validators ban the hotkey for 12 hours`;

/** Shares of what was won, above 0 up to 1; `alertBelow` is at most `warnBelow`. */
export interface DeliveryLimits {
  /** Below it, hashrate goes unpaid. */
  readonly warnBelow: number;
  /** Below it, a ban is near. */
  readonly alertBelow: number;
}

/** The default limits. */
export const DEFAULT_DELIVERY_LIMITS: DeliveryLimits = { warnBelow: 0.9, alertBelow: 0.2 };

/** The share of what was won above which hashrate counts as given away; less is the noise of hashing. */
export const SURPLUS_ABOVE = 1.03;

/**
 * The judgement. `warning`, `alert`: less than the limits; `surplus`: more than was won; `unknown`: too little was measured.
 */
export type DeliveryLevel = "ok" | "surplus" | "warning" | "alert" | "unknown";

/** The delivery to judge. */
export interface Delivery {
  readonly wonHashratePh: number;
  /** Delivered on average; `null` if unknown. */
  readonly deliveredPh: number | null;
  /** What is paid for: credited, or delivered where the credit is not known; `null` if unknown. */
  readonly countedPh: number | null;
  readonly measuredSeconds: number;
  readonly elapsedSeconds: number;
  /** Whether the window is over and was measured from its beginning. */
  readonly isComplete: boolean;
}

/** Machines need time to switch: a window is judged only after this measured time, unless it was shorter. */
export const SETTLED_SECONDS = 180;
/** The part of a complete but short window that must be measured. */
const MEASURED_PART = 0.5;
/** More than the rounding of sums of doubles, and less than the precision of any hashrate. */
const TOLERANCE = 1e-9;
/** A surplus below a terahash is the last share of a machine that has left. */
const LEAST_SURPLUS_PH = 0.001;

/** The counted share of what was won; `null` if nothing was won or measured. */
export function deliveryRatio({ countedPh, wonHashratePh }: Delivery): number | null {
  return countedPh === null || wonHashratePh <= 0 ? null : countedPh / wonHashratePh;
}

/** The hashrate given away, in PH/s: 0 up to {@link SURPLUS_ABOVE}; `null` if too little was measured. */
export function surplusOf(delivery: Delivery): number | null {
  const { deliveredPh, wonHashratePh } = delivery;
  if (deliveredPh === null || !isMeasured(delivery)) return null;
  const surplusPh = deliveredPh - wonHashratePh;
  const isSurplus = surplusPh >= LEAST_SURPLUS_PH && deliveredPh > wonHashratePh * SURPLUS_ABOVE + TOLERANCE;
  return isSurplus ? surplusPh : 0;
}

/** Judges a window; if nothing was won, nothing is missing. */
export function judgeDelivery(delivery: Delivery, limits: DeliveryLimits): DeliveryLevel {
  const ratio = deliveryRatio(delivery);
  const isSurplus = (surplusOf(delivery) ?? 0) > 0;
  if (delivery.wonHashratePh <= 0) return isSurplus ? "surplus" : "ok";
  if (ratio === null || !isMeasured(delivery)) return "unknown";
  if (ratio < limits.alertBelow - TOLERANCE) return "alert";
  if (ratio < limits.warnBelow - TOLERANCE) return "warning";
  return isSurplus ? "surplus" : "ok";
}

function isMeasured({ measuredSeconds, elapsedSeconds, isComplete }: Delivery): boolean {
  return measuredSeconds >=
    (isComplete ? Math.min(SETTLED_SECONDS, elapsedSeconds * MEASURED_PART) : SETTLED_SECONDS);
}
