/**
 * Logs what becomes of the windows' delivery, and what to do about it.
 *
 * @module
 */

import type { LogFields, Logger } from "../../lib/log.ts";
import type { DeliveryReport } from "./delivery_report.ts";
import { BAN_RULE, type DeliveryLevel } from "./judgement.ts";

const REMEDY =
  "look for ASICs that are off, slow, at another pool or under a wrong worker id, and check the " +
  "shares in [routing]";
const UNPAID_HINT = `what is not credited is not paid: ${REMEDY}`;
const BAN_HINT = `${BAN_RULE}: ${REMEDY}`;
const SURPLUS_HINT =
  "what is delivered beyond what was won is not paid: send it to another pool, and check the " +
  "shares in [routing]";
const UNKNOWN_HINT = "too little could be read to judge it: see the errors of the sources";

/** Says each judgement once. */
export class DeliveryLog {
  readonly #log: Logger;
  /** The last level that was logged. */
  #announced: Exclude<DeliveryLevel, "unknown"> = "ok";

  constructor(log: Logger) {
    this.#log = log;
  }

  /** Logs a judgement that differs from the one before. */
  announce(report: DeliveryReport): void {
    const { level, wonHashratePh } = report;
    const announced = this.#announced;
    if (level === "unknown" || level === announced) return;
    this.#announced = level;
    const fields = fieldsOf(report);
    if (level === "alert") {
      this.#log.error("Delivering far less than won", { ...fields, hint: BAN_HINT });
    } else if (level === "warning") {
      this.#log.warning("Delivering less than won", { ...fields, hint: UNPAID_HINT });
    } else if (level === "surplus") {
      this.#log.warning("Delivering more than won", { ...fields, hint: SURPLUS_HINT });
    } else if (wonHashratePh > 0) {
      // If nothing was won, nothing improved.
      this.#log.info("Delivering what was won again", fields);
    }
  }

  /**
   * Logs the end of a window.
   *
   * @param isDue whether it should have been measured.
   */
  logWindow(report: DeliveryReport, isDue: boolean): void {
    const event = "Window's delivery";
    const { level, unreadableSinceMs } = report;
    const fields = { judgement: level, ...fieldsOf(report) };
    if (level === "alert") this.#log.error(event, fields);
    else if (level === "warning" || level === "surplus") this.#log.warning(event, fields);
    else if (level === "unknown" && isDue) {
      const since = unreadableSinceMs === null ? null : new Date(unreadableSinceMs).toISOString();
      this.#log.warning(event, { ...fields, unreadable_since: since, hint: UNKNOWN_HINT });
    } else {
      this.#log.info(event, fields);
    }
  }
}

function fieldsOf(report: DeliveryReport): LogFields {
  const { windowIndex, firstBlock, wonHashratePh, averagePh, credit, ratio, measuredSeconds } = report;
  const { unpaidPh, surplusPh } = report;
  return {
    window_index: windowIndex,
    first_block: firstBlock,
    won_hashrate_ph: rounded(wonHashratePh, 6),
    delivered_hashrate_ph: rounded(credit?.deliveredPh ?? averagePh, 6),
    ...(credit === null ? {} : { credited_hashrate_ph: rounded(credit.creditedPh, 6) }),
    ratio: rounded(ratio, 4),
    ...atLeast("unpaid_hashrate_ph", unpaidPh),
    ...atLeast("surplus_hashrate_ph", surplusPh),
    measured_seconds: rounded(measuredSeconds, 0),
  };
}

/** A field with a hashrate, where there is more than noise. */
function atLeast(name: string, hashratePh: number | null): LogFields {
  return hashratePh === null || hashratePh < 1e-6 ? {} : { [name]: rounded(hashratePh, 6) };
}

function rounded(value: number | null, digits: number): number | null {
  return value === null ? null : Number(value.toFixed(digits));
}
