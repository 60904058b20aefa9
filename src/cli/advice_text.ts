/**
 * The advice as a table for a terminal.
 *
 * @module
 */

import type { Advice, AveragedLine } from "../auction/advice/advice.ts";
import type { Sale, Span, WindowAdvice } from "../auction/advice/window_advice.ts";
import { formatHashrate, trimmed } from "../operator/status/format.ts";
import { alignColumns } from "./table.ts";

/** Columns of the bar, for all that is offered. */
const BAR = 16;

/** What the advice cannot know or does not hold for, one sentence each. */
export function notesOn({ windows }: Advice): string[] {
  const isRange = ({ workers }: Sale): boolean => workers.fewest !== workers.most;
  const sales = windows.flatMap((window) => [window.current, ...window.lines]);
  return [
    "Others change their bids, too: this is what would have won while theirs stayed as they were.",
    "Earnings hold if all that wins is delivered and credited.",
    ...(sales.some(isRange)
      ? [
        "A range such as 0–2 means that several outcomes are equally good: the validators' program picks one of them, " +
        "which this table does not run.",
      ]
      : []),
    ...(sales.some(({ exact }) => !exact)
      ? ["~ marks outer bounds: nothing beyond them can win, but not all within them need be possible."]
      : []),
    ...(windows.some(({ estimated }) => estimated)
      ? ["Validators stumble over the data of at least one window, so that its outcome is a guess."]
      : []),
  ];
}

/** Renders the advice as lines that end with a line feed. */
export function adviceText(advice: Advice): string {
  const newest = advice.windows.at(-1)!;
  const lines = [
    ...headLines(advice, newest),
    "",
    ...tableLines(advice),
    "",
    bestText(advice),
    ...notesOn(advice).map((note) => `- ${note}`),
  ];
  return lines.map((line) => `${line}\n`).join("");
}

function headLines({ windows, offer, alternative, hotkey }: Advice, newest: WindowAdvice): string[] {
  const { window, budgetPh, market, prices, current } = newest;
  const sizes = offer.sizes.map(({ hashratePh, count }) => `${count} × ${hashratePh}`).join(" + ");
  const time = window.firstBlockTime === null ? "" : `, ${window.firstBlockTime.slice(0, 16)}Z`;
  const hashprice = prices.hashpUsdc === null
    ? "which is unknown"
    : `${prices.hashpUsdc} USDC per PH/s and day`;
  return [
    ...(windows.length === 1 ? [] : [
      `Averages    over ${windows.length} windows from block ${
        windows[0]!.window.firstBlock
      } on; the newest:`,
    ]),
    `Window      ${window.index}, blocks ${window.firstBlock} to ${window.lastBlock}${time}`,
    `Budget      ${budgetPh === null ? "unknown" : formatHashrate(budgetPh)}`,
    `Others      ${market.bidders} bidders offer ${formatHashrate(market.hashratePh)}`,
    `Marginal    ${
      market.marginalPrice === null
        ? "nobody wins"
        : `${market.marginalPrice}, the price of the dearest winner`
    }`,
    `You         ${hotkey}`,
    `Your offer  ${sizes} PH/s = ${formatHashrate(offer.hashratePh)}`,
    `Elsewhere   ${alternative} × the hashprice, ${hashprice}`,
    `On chain    ${currentText(current)}`,
    ...standingLines(newest),
  ];
}

function currentText(current: Sale): string {
  if (current.reason !== null) return `wins nothing: ${current.reason.message}`;
  const { workers, hashratePh, perDay, exact } = current;
  return `wins ${spanText(workers, exact)} workers, ${spanText(hashratePh, exact)} PH/s, ${
    moneySpan(perDay.fewest.usdc, perDay.most.usdc)
  } USDC a day`;
}

function standingLines({ standing, registered }: WindowAdvice): string[] {
  return [
    ...(registered
      ? []
      : ["            The hotkey is not registered on the subnet, so it cannot publish a bid."]),
    ...(standing?.code === "banned"
      ? [
        "            While it is banned nothing wins at any price; the table shows what would win without the ban.",
      ]
      : standing === null
      ? []
      : ["            The table assumes a bid that is published in time."]),
  ];
}

function tableLines({ lines, offer, alternative }: Advice): string[] {
  const rows = lines.map((line) => [
    line.price,
    bar(line.hashratePh, offer.hashratePh),
    spanText(line.workers, line.exact),
    spanText(line.hashratePh, line.exact),
    moneySpan(line.perDay.fewest.usdc, line.perDay.most.usdc),
    moneySpan(line.perDay.fewest.alpha, line.perDay.most.alpha),
    moneySpan(line.advantagePerDayUsdc.fewest, line.advantagePerDayUsdc.most),
    trimmed(line.market.belowPh),
    trimmed(line.market.atPh),
    remarkOn(line),
  ]);
  const heads = [
    "price",
    "won",
    "workers",
    "PH/s",
    "USDC/day",
    "alpha/day",
    `over ${alternative}×`,
    "others below",
    "at",
    "",
  ];
  return alignColumns([heads, ...rows], [0, 1, heads.length - 1]);
}

function remarkOn({ isBest, isOnChain, isConfigured, reason }: AveragedLine): string {
  const words = [
    ...(isBest ? ["← best"] : []),
    ...(isOnChain ? ["on chain"] : []),
    ...(isConfigured && !isOnChain ? ["configured"] : []),
    ...(reason === null ? [] : [reason.code === "too-long" ? reason.message : reason.code]),
  ];
  return words.join(", ");
}

function bestText({ bestPrice, alternative, windows }: Advice): string {
  const where = windows.length === 1 ? "in this window" : "in these windows";
  return bestPrice === null
    ? `No price would have earned more than ${alternative} × the hashprice ${where}.`
    : `Best ${where}: ${bestPrice}. The advantage that is certain counts first, then the possible one, then the lower price.`;
}

/** Won for certain, and possibly, of all that is offered. */
function bar({ fewest, most }: Span, offeredPh: number): string {
  const length = (hashratePh: number): number => Math.round(BAR * hashratePh / offeredPh);
  const [certain, possible] = [length(fewest), length(most)];
  return `${"█".repeat(certain)}${"░".repeat(Math.max(0, possible - certain))}`.padEnd(BAR, "·");
}

function spanText({ fewest, most }: Span, exact: boolean): string {
  const text = fewest === most ? trimmed(most) : `${trimmed(fewest)}–${trimmed(most)}`;
  return exact ? text : `~${text}`;
}

function moneySpan(fewest: number, most: number): string {
  const [from, to] = [fewest, most].map((amount) => (amount + 0).toFixed(2)) as [string, string];
  return from === to ? to : `${from}–${to}`;
}
