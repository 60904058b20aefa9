/**
 * What is said of a window's worth, on the page as in the terminal.
 *
 * @module
 */

import type { WindowWorth } from "../../auction/worth.ts";

/** An amount of money with three digits: `0.595`. */
export function formatAmount(amount: number): string {
  return String(Number(amount.toPrecision(3)));
}

/** `71.4 USDC a day, 1.4 more than elsewhere (1 × the hashprice); 0.16 alpha credited so far`. */
export function worthText({ won: { perDay, advantage }, credited, alternative }: WindowWorth): string {
  const { perDayUsdc } = advantage;
  const more = `${formatAmount(Math.abs(perDayUsdc))} ${perDayUsdc < 0 ? "less" : "more"}`;
  const earned = credited === null ? "" : `; ${formatAmount(credited.window.alpha)} alpha credited so far`;
  return `${
    formatAmount(perDay.usdc)
  } USDC a day, ${more} than elsewhere (${alternative} × the hashprice)${earned}`;
}
