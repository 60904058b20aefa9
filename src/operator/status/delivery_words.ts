/**
 * Sentences about the delivery of a window: what is credited, what goes unpaid, what is given away.
 *
 * @module
 */

import { TIER_REMEDY, type TierCredit } from "../../auction/credit/tiers.ts";
import { clockTime, formatDuration, formatHashrate, shareText, trimmed } from "./format.ts";
import type { DeliveryStatus } from "./status_report.ts";
import { counted } from "./words.ts";

/** Workers listed by name. */
const NAMED_WORKERS = 5;

/** `1.53 PH/s of 1.8 PH/s won are credited (85 %)`, and what that costs. */
export function shortfallSentence(delivery: DeliveryStatus): string {
  const { wonHashratePh, basis, ratio, unpaidUsdc, measuredSeconds, isFinal } = delivery;
  const unpaidPh = delivery.unpaidPh ?? 0;
  const verb = isFinal ? "were" : "are";
  return `${formatHashrate(wonHashratePh - unpaidPh)} of ${
    formatHashrate(wonHashratePh)
  } won ${verb} ${basis} (${shareText(ratio)}), on average over ${formatDuration(measuredSeconds)}: ${
    formatHashrate(unpaidPh)
  } ${verb} not paid${costText(unpaidUsdc)}`;
}

/** `1.98 PH/s are delivered where 1.8 PH/s were won (110 %)`, and what that costs. */
export function surplusSentence(delivery: DeliveryStatus): string {
  const { wonHashratePh, surplusPh, surplusUsdc, measuredSeconds, isFinal } = delivery;
  const deliveredPh = wonHashratePh + (surplusPh ?? 0);
  const verb = isFinal ? "were" : "are";
  const won = wonHashratePh > 0
    ? `${formatHashrate(wonHashratePh)} were won (${shareText(deliveredPh / wonHashratePh)})`
    : "nothing was won";
  return `${formatHashrate(deliveredPh)} ${verb} delivered where ${won}, on average over ${
    formatDuration(measuredSeconds)
  }: ${formatHashrate(surplusPh ?? 0)} ${verb} given away${costText(surplusUsdc)}`;
}

/** Why less can be credited than was won, and what to do. */
export function tierSentence({ wonHashratePh, creditedAtMostPh, prices, workerIds }: TierCredit): string {
  return `${formatHashrate(wonHashratePh)} won at ${prices} prices come from ${
    counted(workerIds, "worker id")
  }: validators match worker by worker, so at most ${formatHashrate(creditedAtMostPh)} can be credited and ${
    formatHashrate(wonHashratePh - creditedAtMostPh)
  } are not paid; ${TIER_REMEDY}`;
}

/** The figure to show: credited where that is known, else delivered; `null` if neither is. */
export function countedPh({ credit, averagePh }: DeliveryStatus): number | null {
  return credit?.creditedPh ?? averagePh;
}

/** `99 % in 4 min, now 1.7`: explains the delivered or credited figure. */
export function deliveryText(delivery: DeliveryStatus): string {
  const { averagePh, nowPh, credit, ratio, level, measuredSeconds, wonHashratePh, unreadableSince, isFinal } =
    delivery;
  const now = isFinal
    ? ", not measured any more"
    : unreadableSince !== null
    ? `, unreadable since ${clockTime(unreadableSince)} UTC`
    : nowPh === null
    ? ""
    : credit === null
    ? `, now ${trimmed(nowPh)}`
    : `, ${trimmed(nowPh)} delivered now`;
  if (wonHashratePh === 0) return `nothing to deliver${now}`;
  if (averagePh === null || measuredSeconds < 1) return isFinal ? "not measured" : `not measured yet${now}`;
  const early = level === "unknown" && unreadableSince === null && !isFinal ? ", too early to judge" : "";
  return `${shareText(ratio)} in ${formatDuration(measuredSeconds)}${now}${early}`;
}

/** `rig1 0.45, rig2 0.4 PH/s`: the workers that deliver; `null` without a workers API. */
export function workersText({ credit }: DeliveryStatus): string | null {
  if (credit === null) return null;
  const { workers } = credit;
  if (workers.length === 0) return "no worker of ours is known to the proxy";
  const named = workers.slice(0, NAMED_WORKERS).map(({ worker, hashratePh }) =>
    `${worker} ${formatHashrate(hashratePh)}`
  );
  const more = workers.length - named.length;
  return `${named.join(", ")}${more > 0 ? ` and ${counted(more, "more worker")}` : ""}`;
}

function costText(usdc: number | null): string {
  return usdc === null ? "" : `, about ${Number(usdc.toPrecision(2))} USDC a window`;
}
