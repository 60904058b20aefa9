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

/** `0.17 alpha in this window; 0.16 credited`. */
export function windowWorthText({ won, credited }: WindowWorth): string {
  const earned = credited === null ? "" : `; ${formatAmount(credited.window.alpha)} credited so far`;
  return `${formatAmount(won.window.alpha)} alpha in this window${earned}`;
}

/** `71.4 USDC a day, 1.4 more than elsewhere (1 × the hashprice)`. */
export function dailyWorthText({ won: { perDay, advantage }, alternative }: WindowWorth): string {
  const { perDayUsdc } = advantage;
  const more = `${formatAmount(Math.abs(perDayUsdc))} ${perDayUsdc < 0 ? "less" : "more"}`;
  return `${formatAmount(perDay.usdc)} USDC a day, ${more} than elsewhere (${alternative} × the hashprice)`;
}
