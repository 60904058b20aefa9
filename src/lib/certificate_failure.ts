/**
 * Words the errors of TLS that a wrong host clock causes.
 *
 * @module
 */

const NOT_YET_VALID =
  /certificate not valid yet: verification time (\d+) \(UNIX\), but .* not valid before (\d+)/;
const EXPIRED = /certificate expired: verification time (\d+) \(UNIX\), but .* not valid after (\d+)/;
const WHAT_TO_DO = "wait for time synchronisation, or see timedatectl";

/**
 * Says what is wrong if a certificate was refused because of the host's time; the same text for an hour, although the
 * runtime's has the second.
 *
 * @param text the runtime's error.
 * @returns `null` if it is about anything else.
 */
export function certificateFailure(text: string): string | null {
  const [, earlySeconds, fromSeconds] = NOT_YET_VALID.exec(text) ?? [];
  if (earlySeconds !== undefined) {
    return `its certificate is valid from ${minuteOf(fromSeconds)} UTC on, but this host's clock shows ` +
      `${hourOf(earlySeconds)} UTC: the clock is wrong; ${WHAT_TO_DO}`;
  }
  const [, lateSeconds, untilSeconds] = EXPIRED.exec(text) ?? [];
  if (lateSeconds !== undefined) {
    return `its certificate was valid until ${minuteOf(untilSeconds)} UTC, and this host's clock shows ` +
      `${
        hourOf(lateSeconds)
      } UTC; if the clock is wrong, ${WHAT_TO_DO}; otherwise its operator has to renew the certificate`;
  }
  return null;
}

/** `2026-11-27 22:52` */
function minuteOf(seconds: string | undefined): string {
  return new Date(Number(seconds) * 1000).toISOString().slice(0, 16).replace("T", " ");
}

/** `about 2026-11-27 22:00` */
function hourOf(seconds: string): string {
  return `about ${minuteOf(seconds).slice(0, 13)}:00`;
}
