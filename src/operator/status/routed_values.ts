/**
 * What a proxy's file says, in words for the page and for the terminal. Pure.
 *
 * @module
 */

import type { ShownValue } from "../../delivery/proxies/file_edit.ts";
import { shareText } from "./format.ts";
import type { ProxyReport } from "./status_report.ts";
import { shownValue } from "./words.ts";

/** One value of a proxy's file. */
export interface RoutedWords {
  /** `1650TH/s`; of Braiins' weights the share, `38.4 %`. */
  readonly text: string;
  /** What it stands under; with the weight itself where the share is shown. */
  readonly place: string;
  /** What it was before; `null`: the same. */
  readonly previous: string | null;
}

/** The values that routing owns. Weights say nothing to people: they are shown as shares of their sum. */
export function routedWords({ mode, values }: Pick<ProxyReport, "mode" | "values">): RoutedWords[] {
  const shares = mode === "braiins" ? sharesOf(values.map(({ value }) => value)) : null;
  const former = mode === "braiins" ? sharesOf(values.map(({ previous }) => previous)) : null;
  return values.map(({ key, value, previous }, i) => ({
    text: shares?.[i] ?? shownValue(value),
    place: shares === null ? key : `${key} = ${shownValue(value)}`,
    previous: previous === value ? null : former?.[i] ?? shownValue(previous),
  }));
}

/** `null` where they are no weights. */
function sharesOf(weights: readonly ShownValue[]): string[] | null {
  const numbers = weights.filter((weight) => typeof weight === "number");
  const sum = numbers.reduce((total, weight) => total + weight, 0);
  if (numbers.length < weights.length || numbers.some((weight) => weight < 0) || sum <= 0) return null;
  return numbers.map((weight) => shareText(weight / sum));
}
