/**
 * Lengths of time in the configuration: `"24m"`, `"2 windows"`.
 *
 * @module
 */

import { BLOCK_TIME_SECONDS, WINDOW_BLOCKS } from "../auction/protocol/constants.ts";

const UNIT_SECONDS: Readonly<Record<string, number>> = {
  s: 1,
  m: 60,
  h: 3600,
  window: WINDOW_BLOCKS * BLOCK_TIME_SECONDS,
  windows: WINDOW_BLOCKS * BLOCK_TIME_SECONDS,
};

/** The seconds of a length such as `90s`, `24m`, `2h` or `2 windows`; `null` when it is none, or zero. */
export function parseDurationSeconds(text: string): number | null {
  const [, count = "", unit = ""] = /^\s*(\d{1,6})\s*([a-z]+)\s*$/.exec(text) ?? [];
  const seconds = Number(count) * (UNIT_SECONDS[unit] ?? 0);
  return seconds > 0 ? seconds : null;
}
