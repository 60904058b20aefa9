/**
 * Quantities in the configuration: decimals (prices and hashrates, which must not pass through a float) and
 * durations.
 *
 * @module
 */

import { BLOCK_TIME_SECONDS, WINDOW_BLOCKS } from "../auction/protocol/constants.ts";
import { parseFp18 } from "../auction/protocol/fp18.ts";
import { ProtocolError } from "../auction/protocol/errors.ts";
import { redactUrls } from "../lib/redact.ts";
import { describe } from "./shape.ts";

/** A decimal as text and as fixed point, or what is wrong with it. */
export type ReadDecimal =
  | { readonly text: string; readonly fp18: bigint }
  | { readonly problem: string };

/** Reads a decimal in quotes. Also accepts a TOML number, by its shortest decimal text. */
export function readDecimal(value: unknown): ReadDecimal {
  const text = decimalText(value);
  if (text === undefined) {
    return { problem: `must be a decimal in quotes, such as "0.45"; it is ${describe(value)}` };
  }
  try {
    return { text, fp18: parseFp18(text) };
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    return { problem: `${redactUrls(error.message)}; it is ${describe(value)}` };
  }
}

function decimalText(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  if (typeof value === "bigint") return value.toString();
  if (typeof value !== "number" || !Number.isFinite(value)) return undefined;
  return withoutExponent(String(value));
}

/** Writes out the digits of JavaScript's shortest text of a number: `1e-7` → `0.0000001`. */
function withoutExponent(text: string): string {
  const parts = /^(-?)(\d+)(?:\.(\d+))?e([+-]\d+)$/.exec(text);
  if (parts === null) return text;
  const [, sign = "", whole = "", fraction = "", exponent = "0"] = parts;
  const digits = whole + fraction;
  const point = whole.length + Number(exponent);
  if (point <= 0) return `${sign}0.${"0".repeat(-point)}${digits}`;
  if (point >= digits.length) return `${sign}${digits}${"0".repeat(point - digits.length)}`;
  return `${sign}${digits.slice(0, point)}.${digits.slice(point)}`;
}

const WINDOW_SECONDS = WINDOW_BLOCKS * BLOCK_TIME_SECONDS;
const UNIT_SECONDS: Readonly<Record<string, number>> = {
  s: 1,
  m: 60,
  h: 3600,
  window: WINDOW_SECONDS,
  windows: WINDOW_SECONDS,
};

/** The seconds of a duration such as `90s`, `24m`, `2h` or `2 windows`; `null` when it is invalid or zero. */
export function parseDurationSeconds(text: string): number | null {
  const [, count = "", unit = ""] = /^\s*(\d{1,6})\s*([a-z]+)\s*$/.exec(text) ?? [];
  const seconds = Number(count) * (UNIT_SECONDS[unit] ?? 0);
  return seconds > 0 ? seconds : null;
}
