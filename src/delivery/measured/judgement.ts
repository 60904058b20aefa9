/**
 * Judges whether enough was delivered. Validators ban winners that deliver less than 95 % on average (spec, introduction), so
 * it warns before that. Pure.
 *
 * @module
 */

import type { DeliveryFigures } from "./window_average.ts";

/** Shares of what was won, above 0 up to 1; `alertBelow` is at most `warnBelow`. */
export interface DeliveryLimits {
  readonly warnBelow: number;
  readonly alertBelow: number;
}

/** The default limits. */
export const DEFAULT_DELIVERY_LIMITS: DeliveryLimits = { warnBelow: 0.97, alertBelow: 0.95 };

/** The judgement; `unknown`: too little was measured. */
export type DeliveryLevel = "ok" | "warning" | "alert" | "unknown";

/** The delivery to judge. */
export interface Delivery extends DeliveryFigures {
  readonly wonHashratePh: number;
  /** Whether the window is over and was watched from its beginning. */
  readonly isComplete: boolean;
}

/** Machines need time to switch: a window is judged only after this measured time, unless it was shorter. */
export const SETTLED_SECONDS = 180;
/** The part of a complete but short window that must be measured. */
const MEASURED_PART = 0.5;
/** More than the rounding of sums of doubles, and less than the precision of any hashrate. */
const TOLERANCE = 1e-9;

/** The delivered share of what was won; `null` if nothing was won or measured. */
export function deliveryRatio({ averagePh, wonHashratePh }: Delivery): number | null {
  return averagePh === null || wonHashratePh <= 0 ? null : averagePh / wonHashratePh;
}

/** Judges a window; if nothing was won, nothing is missing. */
export function judgeDelivery(delivery: Delivery, limits: DeliveryLimits): DeliveryLevel {
  const { wonHashratePh, measuredSeconds, elapsedSeconds, isComplete } = delivery;
  if (wonHashratePh <= 0) return "ok";
  const ratio = deliveryRatio(delivery);
  const neededSeconds = isComplete
    ? Math.min(SETTLED_SECONDS, elapsedSeconds * MEASURED_PART)
    : SETTLED_SECONDS;
  if (ratio === null || measuredSeconds < neededSeconds) return "unknown";
  if (ratio < limits.alertBelow - TOLERANCE) return "alert";
  return ratio < limits.warnBelow - TOLERANCE ? "warning" : "ok";
}
