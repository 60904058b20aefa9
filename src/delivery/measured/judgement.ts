/**
 * Whether enough was delivered. Validators ban winners that deliver less than 95 % on average (spec, introduction), so
 * it is said before that. Pure.
 *
 * @module
 */

import type { DeliveryFigures } from "./window_average.ts";

/** Shares of what was won, above 0 and up to 1; `alertBelow` is not above `warnBelow`. */
export interface DeliveryLimits {
  readonly warnBelow: number;
  readonly alertBelow: number;
}

/** The limits where the configuration has none. */
export const DEFAULT_DELIVERY_LIMITS: DeliveryLimits = { warnBelow: 0.97, alertBelow: 0.95 };

/** How the delivery stands; `unknown`: too little was measured. */
export type DeliveryLevel = "ok" | "warning" | "alert" | "unknown";

/** What is judged. */
export interface Delivery extends DeliveryFigures {
  readonly wonHashratePh: number;
  /** Whether the window is over and was watched from its beginning. */
  readonly isComplete: boolean;
}

/** Machines need time to come: a window is judged by no less, unless it was a short one. */
export const SETTLED_SECONDS = 180;
/** Of a window that was watched to its end, this part has to be measured, where it is less. */
const MEASURED_PART = 0.5;
/** Sums of doubles are off by less, and no hashrate is known so well. */
const TOLERANCE = 1e-9;

/** What was delivered of what was won; `null` when nothing was won or nothing measured. */
export function deliveryRatio({ averagePh, wonHashratePh }: Delivery): number | null {
  return averagePh === null || wonHashratePh <= 0 ? null : averagePh / wonHashratePh;
}

/** Judges a window. Where nothing was won, nothing is missing. */
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
