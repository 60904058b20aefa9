/**
 * Decimals in the configuration: prices and hashrates, which no float may touch.
 *
 * @module
 */

import { redactUrls } from "../lib/redact.ts";
import { parseFp18 } from "../auction/protocol/fp18.ts";
import { ProtocolError } from "../auction/protocol/protocol_error.ts";
import { describe } from "./shape.ts";

/** A decimal in both its forms, or what is wrong with it and what it is. */
export type ReadDecimal =
  | { readonly text: string; readonly fp18: bigint }
  | { readonly problem: string };

/** Reads a decimal in quotes; a TOML number stands for its shortest decimal text. */
export function readDecimal(value: unknown): ReadDecimal {
  const text = decimalText(value);
  if (text === undefined) {
    return { problem: `must be a decimal in quotes, such as "0.45"; it is ${describe(value)}` };
  }
  try {
    return { text, fp18: parseFp18(text) };
  } catch (error) {
    if (error instanceof ProtocolError) {
      return { problem: `${redactUrls(error.message)}; it is ${describe(value)}` };
    }
    throw error;
  }
}

function decimalText(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  if (typeof value === "bigint") return value.toString();
  if (typeof value !== "number" || !Number.isFinite(value)) return undefined;
  return withoutExponent(String(value));
}

/** `1e-7` → `0.0000001`: JavaScript's shortest text of a number, with its digits written out. */
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
