/**
 * Formats the values of a proxy's file for the page and the terminal. Pure.
 *
 * @module
 */

import type { ShownValue } from "../../delivery/proxies/file_edit.ts";
import { shareText } from "./format.ts";
import type { ProxyReport } from "./status_report.ts";
import { shownValue } from "./words.ts";

/** One value of a proxy's file. */
export interface RoutedWords {
  /** `1650TH/s`; for Braiins the weight's share, `38.4 %`. */
  readonly text: string;
  /** Its key in the file, and the weight itself where `text` is a share. */
  readonly place: string;
  /** The previous value; `null`: unchanged. */
  readonly previous: string | null;
}

/** Formats the values that routing writes. Weights are shown as shares of their sum, which are easier to read. */
export function routedWords({ mode, values }: Pick<ProxyReport, "mode" | "values">): RoutedWords[] {
  const shares = mode === "braiins" ? sharesOf(values.map(({ value }) => value)) : null;
  const former = mode === "braiins" ? sharesOf(values.map(({ previous }) => previous)) : null;
  return values.map(({ key, value, previous }, i) => ({
    text: shares?.[i] ?? shownValue(value),
    place: shares === null ? key : `${key} = ${shownValue(value)}`,
    previous: previous === value ? null : former?.[i] ?? shownValue(previous),
  }));
}

/** Each weight's share of the sum; `null` when the values are not all weights. */
function sharesOf(weights: readonly ShownValue[]): string[] | null {
  const numbers = weights.filter((weight) => typeof weight === "number");
  const sum = numbers.reduce((total, weight) => total + weight, 0);
  if (numbers.length < weights.length || numbers.some((weight) => weight < 0) || sum <= 0) return null;
  return numbers.map((weight) => shareText(weight / sum));
}
