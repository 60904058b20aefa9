/**
 * Renders the status for a terminal.
 *
 * @module
 */

import type { MinerReport } from "../../delivery/asics/fleet_report.ts";
import { printableLine } from "../../lib/printable.ts";
import {
  formatAgo,
  formatBlock,
  formatDuration,
  formatHashrate,
  shortDecimal,
  shortHotkey,
  trimmed,
} from "./format.ts";
import { comparedPayText, lastPayText } from "./pay_words.ts";
import { formatAmount, worthText } from "./worth_words.ts";
import { isFailing, isSlow } from "./miners.ts";
import { countedPh, deliveryText, workersText } from "./delivery_words.ts";
import { noticesOf, timeLeft } from "./notices.ts";
import { routedWords } from "./routed_values.ts";
import type {
  CommitmentReport,
  ProxyReport,
  StatusReport,
  WindowStatus,
  WindowSummary,
} from "./status_report.ts";
import {
  capitalised,
  counted,
  countedText,
  parityText,
  placeText,
  proxyName,
  readingText,
  removedText,
  withdrawnEffect,
  withdrawnText,
} from "./words.ts";

/** Properties of the terminal. */
export interface TerminalOptions {
  /** Columns. */
  readonly width: number;
  /** Whether ANSI colours may be used. */
  readonly colour: boolean;
}

/** Number of events shown. */
const EVENTS = 8;
/** Windows in the line of bars: six hours. */
const BARS = 30;
const LABEL_WIDTH = 12;

const STYLES = { bold: 1, faint: 2, red: 31, green: 32, yellow: 33, blue: 34 } as const;
type Style = keyof typeof STYLES;
type Paint = (style: Style, text: string) => string;

/** Renders the status as lines that end with a line feed. */
export function renderTerminal(foreign: StatusReport, { width, colour }: TerminalOptions): string {
  const report = {
    ...printableAll(foreign),
    // One line per problem.
    checks: foreign.checks.map((check) => ({
      ...printableAll(check),
      message: check.message.split("\n").map(printableAll).join("\n"),
    })),
  };
  const paint: Paint = (style, text) => colour ? `\x1b[${STYLES[style]}m${text}\x1b[0m` : text;
  const blocks = [
    headLines(report, paint),
    noticeLines(report, paint),
    ...(report.window === null
      ? [["No window has been computed yet."]]
      : [[...windowLines(report.window, width, paint), ...deliveryLines(report, paint)]]),
    proxyLines(report, paint),
    fleetLines(report, width, paint),
    historyLines(report.history, paint),
    factLines(report, paint),
    eventLines(report, width, paint),
  ];
  return `${blocks.filter((lines) => lines.length > 0).map((lines) => lines.join("\n")).join("\n\n")}\n`;
}

function headLines({ ready, identity, version, uptimeSeconds }: StatusReport, paint: Paint): string[] {
  const state = ready ? paint("green", "ready") : paint("red", "not ready");
  const who = identity === null
    ? ""
    : `, ${shortHotkey(identity.hotkey)} on ${identity.network.join(", ")}, subnet ${identity.netuid}`;
  return [`${paint("bold", `ih-miner ${version}`)} ${state}, up ${formatDuration(uptimeSeconds)}${who}`];
}

function noticeLines(report: StatusReport, paint: Paint): string[] {
  const looks = { bad: ["red", "✗"], warning: ["yellow", "!"], note: ["blue", "·"] } as const;
  return noticesOf(report).flatMap(({ level, title, text }) => {
    const [style, mark] = looks[level];
    const head = `${mark} ${title}:`;
    const [first = "", ...others] = text.split("\n");
    return [
      `${paint(style, head)} ${first}`,
      ...others.map((line) => `${" ".repeat(head.length + 1)}${line}`),
    ];
  });
}

function windowLines(window: WindowStatus, width: number, paint: Paint): string[] {
  const { blocksDone, blocks, wonHashratePh, lostHashratePh, wonWorkers, lostWorkers, bids, worth } = window;
  const offered = wonHashratePh + lostHashratePh;
  const share = offered === 0 ? "" : `, ${Math.round(wonHashratePh / offered * 100)} % of what we offered`;
  const barWidth = Math.max(10, Math.min(40, width - 40));
  const done = Math.round(blocksDone / blocks * barWidth);
  const won = paint("green", `won ${formatHashrate(wonHashratePh)}`);
  return [
    `${paint("bold", `Window ${window.index}`)}  blocks ${formatBlock(window.firstBlock)} to ${
      formatBlock(window.lastBlock)
    }`,
    `${"█".repeat(done)}${paint("faint", "░".repeat(barWidth - done))}  block ${blocksDone} of ${blocks}, ${
      timeLeft(window)
    }`,
    `${won} (${counted(wonWorkers, "worker")}), lost ${formatHashrate(lostHashratePh)} (${
      counted(lostWorkers, "worker")
    })${share}`,
    ...(bids.length === 0 ? ["this auction has no bid of ours"] : []),
    ...bids.map((bid) => {
      const range = bid.fewest === bid.most ? "" : `, between ${bid.fewest} and ${bid.most} possible`;
      return `  ${
        bid.hashratePh.padStart(6)
      } PH/s at × ${bid.price}: ${bid.won} of ${bid.offered} won${range}`;
    }),
    ...(worth === null || wonWorkers === 0 ? [] : [
      `worth ${formatAmount(worth.won.window.usdc)} USDC, ${formatAmount(worth.won.window.alpha)} alpha; ${
        worthText(worth)
      }`,
    ]),
  ];
}

function deliveryLines({ delivery }: StatusReport, paint: Paint): string[] {
  if (delivery === null) return [];
  const { basis, level } = delivery;
  const styles = {
    ok: "green",
    surplus: "yellow",
    warning: "yellow",
    alert: "red",
    unknown: "faint",
  } as const;
  const hashratePh = countedPh(delivery);
  const figure = hashratePh === null ? basis : `${basis} ${formatHashrate(hashratePh)}`;
  const workers = workersText(delivery);
  return [
    `${hashratePh === null ? figure : paint(styles[level], figure)}, ${deliveryText(delivery)}`,
    ...(workers === null ? [] : [paint("faint", `  by worker: ${workers}`)]),
  ];
}

function fleetLines({ fleet }: StatusReport, width: number, paint: Paint): string[] {
  if (fleet === null) return [];
  const {
    wantedHashratePh,
    coveredHashratePh,
    surplusHashratePh,
    shortfallHashratePh,
    miners,
    removed,
    error,
  } = fleet;
  const difference = shortfallHashratePh > 0
    ? paint("red", `${formatHashrate(shortfallHashratePh)} short`)
    : `${formatHashrate(surplusHashratePh)} more`;
  const nameWidth = Math.max(...[...removed, ...miners].map(({ name }) => name.length), 0);
  const row = (miner: MinerReport, remark = ""): string => {
    const { name, found, readingPh, nominalHashratePh } = miner;
    const hashrate = readingPh === null ? formatHashrate(nominalHashratePh) : `says ${readingText(miner)}`;
    const counts = countedText(miner);
    const line = `  ${name.padEnd(nameWidth)}  ${placeText(found)}, ${hashrate}${
      counts === null ? "" : `, ${counts}`
    }${remark}`;
    if (isFailing(miner)) return `${cut(line, width - 3)}  ${paint("red", "✗")}`;
    if (isSlow(miner)) return `${cut(line, width - 3)}  ${paint("yellow", "!")}`;
    return found === "subnet" ? paint("green", cut(line, width)) : cut(line, width);
  };
  return [
    `${paint("bold", "ASICs")}  ${formatHashrate(coveredHashratePh)} cover ${
      formatHashrate(wantedHashratePh)
    }, ${difference}`,
    ...(error === null ? [] : [`  ${paint("red", error)}`]),
    ...removed.map((miner) => row(miner, `, ${removedText(miner)}`)),
    ...miners.map((miner) => row(miner)),
  ];
}

function proxyLines({ proxies, routingOff, fleet, now }: StatusReport, paint: Paint): string[] {
  if (routingOff !== null || (fleet !== null && proxies.length === 0)) return [];
  if (proxies.length === 0) return ["Nothing has been routed yet."];
  return proxies.flatMap((proxy) => [
    `${paint("bold", proxyName(proxy.mode))}  ${proxy.path}`,
    ...(proxy.error === null ? [] : [`  ${paint("red", proxy.error)}`]),
    ...routedWords(proxy).map(({ text, place }) =>
      proxy.error === null
        ? `  ${text}  ${paint("faint", place)}`
        : paint("faint", `  last known: ${text}  ${place}`)
    ),
    `  ${proxyStory(proxy, now)}`,
  ]);
}

function proxyStory({ writtenAt, checkedAt, reload, reloadedAt }: ProxyReport, now: string): string {
  const written = writtenAt === null ? "not written since the start" : `written ${since(writtenAt, now)}`;
  const told = reload === "pending"
    ? "reload pending"
    : reloadedAt === null
    ? "no reload needed"
    : `reload given ${since(reloadedAt, now)}`;
  return `${written}, ${told}, checked ${since(checkedAt, now)}`;
}

function historyLines(history: readonly WindowSummary[], paint: Paint): string[] {
  if (history.length < 2) return [];
  const shown = history.slice(-BARS);
  const levels = "▁▂▃▄▅▆▇█";
  const bars = shown.map(({ wonHashratePh, lostHashratePh }) => {
    const offered = wonHashratePh + lostHashratePh;
    if (offered === 0) return "·";
    if (wonHashratePh === 0) return paint("faint", "▁");
    return paint("green", levels[Math.round(wonHashratePh / offered * (levels.length - 1))] ?? "█");
  });
  const average = shown.reduce((sum, { wonHashratePh }) => sum + wonHashratePh, 0) / shown.length;
  return [
    `${bars.join("")}  share won in the last ${shown.length} windows; ${formatHashrate(average)} on average`,
  ];
}

function factLines(report: StatusReport, paint: Paint): string[] {
  const fact = (label: string, text: string): string => `${paint("faint", label.padEnd(LABEL_WIDTH))}${text}`;
  const { window, commitment, pay, chain, jobs, now } = report;
  const lines: string[] = [];
  if (window !== null) {
    const { budgetPh, prices, solver, stage, bidders, offeredWorkers } = window;
    const price = (text: string | null): string => text === null ? "no consensus" : shortDecimal(text, 6);
    const budget = budgetPh === null ? "none" : formatHashrate(budgetPh);
    lines.push(
      fact("Budget", `${budget}, ${counted(bidders, "bidder")} with ${counted(offeredWorkers, "worker")}`),
      fact(
        "Prices",
        `hashprice ${price(prices.hashpUsdc)} USDC/PH/day, TAO ${price(prices.taoUsdc)} USDC, alpha ${
          price(prices.alphaTao)
        } TAO, cap ${prices.cap === null ? "1" : shortDecimal(prices.cap, 6)}`,
      ),
    );
    if (solver !== null) {
      lines.push(
        fact(
          "Solver",
          `${solver.decidedBy}, ${parityText(solver.parity)}, ${stage}, ${trimmed(solver.seconds)} s`,
        ),
      );
    }
  }
  if (commitment !== null) {
    const [bid = "", ...more] = bidTexts(commitment, now);
    lines.push(fact("Bid", bid), ...more.map((text) => fact("", text)));
  }
  if (pay !== null) lines.push(fact("Pay", `${lastPayText(pay)}; ${comparedPayText(pay)}`));
  const head = chain.headNumber === null
    ? "no block seen"
    : `block ${formatBlock(chain.headNumber)}, ${formatAgo(chain.headAgeSeconds)}`;
  lines.push(fact("Chain", chain.endpoint === null ? head : `${head}, at ${chain.endpoint}`));
  for (const { endpoint, failures, lastKind, lastFailureAt } of chain.endpoints) {
    lines.push(fact("", `${endpoint}: ${failures} failed (${lastKind}, ${since(lastFailureAt, now)})`));
  }
  for (const job of jobs) {
    const failed = job.failures === 0 ? "" : `, ${paint("yellow", `${job.failures} failed`)}`;
    lines.push(
      fact(
        capitalised(job.job),
        `succeeded ${formatAgo(job.lastSuccessSecondsAgo)}, ${counted(job.runs, "run")}${failed}`,
      ),
    );
  }
  for (const { hook, calls, failures } of report.hooks) {
    const failed = failures === 0 ? "" : `, ${paint("yellow", `${failures} failed`)}`;
    lines.push(fact(hook, `${counted(calls, "call")}${failed}`));
  }
  if (report.webhook !== null) {
    const { calls, failures, lost } = report.webhook;
    const failed = failures === 0 ? "" : `, ${paint("yellow", `${failures} failed`)}`;
    const gone = lost === 0 ? "" : `, ${paint("red", `${lost} lost`)}`;
    lines.push(fact("Alerts", `${counted(calls, "post")}${failed}${gone}`));
  }
  return lines;
}

function bidTexts(
  { text, withdrawn, ageSeconds, expiresInSeconds }: CommitmentReport,
  now: string,
): string[] {
  if (withdrawn !== null) return [`withdrawn: ${withdrawnText(withdrawn)}`, withdrawnEffect(withdrawn, now)];
  const age = ageSeconds === null || expiresInSeconds === null
    ? "age unknown"
    : `${formatDuration(ageSeconds)} old, expires in ${formatDuration(expiresInSeconds)}`;
  return [`${text}, ${age}`];
}

function eventLines({ events }: StatusReport, width: number, paint: Paint): string[] {
  return events.slice(0, EVENTS).map(({ at, level, event, fields, times }) => {
    const style: Style | null = level === "error" ? "red" : level === "warning" ? "yellow" : null;
    const repeated = times > 1 ? ` × ${times}` : "";
    const details = fields.map(({ key, value }) => `${key}=${value}`).join(" ");
    const head = `${at.slice(11, 19)} ${event}${repeated}`;
    const rest = cut(details, Math.max(0, width - head.length - 2));
    return `${style === null ? head : paint(style, head)}${rest === "" ? "" : `  ${paint("faint", rest)}`}`;
  });
}

function since(iso: string, now: string): string {
  return formatAgo((Date.parse(now) - Date.parse(iso)) / 1000);
}

function cut(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`;
}

/** Makes all texts printable, since they may come from other programs. */
function printableAll<T>(value: T): T {
  if (typeof value === "string") return printableLine(value.replace(/\s+/g, " ")) as T;
  if (Array.isArray(value)) return value.map(printableAll) as T;
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, printableAll(item)])) as T;
}
