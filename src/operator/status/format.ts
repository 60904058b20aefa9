/**
 * Formats figures for the page and the terminal.
 *
 * @module
 */

/** `8 s`, `4 min 10 s`, `2 h 5 min`, `3 d 4 h`: the two largest units, rounded down. */
export function formatDuration(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < 60) return `${whole} s`;
  const units = [["d", 86_400], ["h", 3_600], ["min", 60], ["s", 1]] as const;
  const first = units.findIndex(([, length]) => whole >= length);
  let rest = whole;
  return units.slice(first, first + 2).flatMap(([name, length]) => {
    const count = Math.floor(rest / length);
    rest -= count * length;
    return count === 0 ? [] : `${count} ${name}`;
  }).join(" ");
}

/** `8 s ago`; `never` for `null`. */
export function formatAgo(seconds: number | null): string {
  return seconds === null ? "never" : `${formatDuration(seconds)} ago`;
}

/** PH/s with at most three decimals: `0.9 PH/s`. */
export function formatHashrate(hashratePh: number): string {
  return `${trimmed(hashratePh)} PH/s`;
}

/** At most three decimals, without trailing zeros: `12.5`. */
export function trimmed(value: number): string {
  return String(Number(value.toFixed(3)));
}

/** Digits in groups of three, separated by narrow spaces: `7 500 040`. */
export function formatBlock(blockNumber: number): string {
  return String(blockNumber).replace(/\B(?=(\d{3})+$)/g, "\u202f");
}

/** `17:05` of an ISO time, in UTC. */
export function clockTime(iso: string): string {
  return iso.slice(11, 16);
}

/** Cuts a decimal text to at most `digits` decimals. It does not round: prices are only displayed. */
export function shortDecimal(text: string, digits: number): string {
  const [whole = "", fraction = ""] = text.split(".");
  const kept = fraction.slice(0, digits).replace(/0+$/, "");
  return kept === "" ? whole : `${whole}.${kept}`;
}

/** `5Grwva…utQY`: enough to recognize a hotkey. */
export function shortHotkey(hotkey: string): string {
  return hotkey.length <= 14 ? hotkey : `${hotkey.slice(0, 6)}…${hotkey.slice(-4)}`;
}

/** `97.4 %`; `–` when there is nothing to compare. */
export function shareText(ratio: number | null): string {
  return ratio === null ? "–" : `${Number((ratio * 100).toFixed(1))} %`;
}
