/**
 * The notices at the top of the status: what fails, and which figures are estimates.
 *
 * @module
 */

import { BAN_SHARE } from "../../auction/protocol/constants.ts";
import { BAN_RULE } from "../../delivery/measured/judgement.ts";
import type { MinerReport } from "../../delivery/asics/fleet_report.ts";
import { isCapped } from "../../auction/credit/tiers.ts";
import { shortfallSentence, surplusSentence, tierSentence } from "./delivery_words.ts";
import { clockTime, formatDuration, formatHashrate } from "./format.ts";
import { EARLIEST_MS } from "../../lib/clock.ts";
import { isClockOff } from "../../agent/jobs/auction_result.ts";
import { isFailing, isSlow, namesOf } from "./miners.ts";
import { payShortfallText } from "./pay_words.ts";
import type { DeliveryStatus, StatusReport, WindowStatus } from "./status_report.ts";
import type { StreakReport } from "./tries.ts";

/** One notice. */
export interface Notice {
  /** `bad`: something does not work. `warning`: it works with a reservation. `note`: an explanation. */
  readonly level: "bad" | "warning" | "note";
  readonly title: string;
  readonly text: string;
}

/** More ASICs than these share one notice. */
const MAX_ASIC_NOTICES = 3;

const CHECK_TITLES: Readonly<Record<string, string>> = {
  configuration: "Configuration",
  auction: "Auction job",
  commitment: "Commitment job",
  chain: "Chain",
  routing: "Routing",
  identity: "Worker id",
};

/** All notices, the worst first. */
export function noticesOf(report: StatusReport): Notice[] {
  const { checks, routingOff, window, windowsWithoutWin } = report;
  const notices: Notice[] = checks.filter(({ ok }) => !ok)
    .map(({ name, message }) => ({ level: "bad", title: CHECK_TITLES[name] ?? name, text: message }));
  notices.push(
    ...failingJobs(report),
    ...clockNotices(report),
    ...expiredBid(report),
    ...pendingReloads(report),
    ...asicNotices(report),
    ...deliveryNotices(report),
    ...payNotices(report),
    ...hookNotices(report),
    ...webhookNotices(report),
  );
  if (report.cbc !== null && report.cbc.problem !== null) {
    notices.push({ level: "warning", title: "Bundled solver unusable", text: report.cbc.problem });
  }
  if (window !== null) notices.push(...windowNotices(window));
  if (windowsWithoutWin > 1 && window?.reason?.code !== "withdrawn") {
    const text = `Nothing was won in ${windowsWithoutWin} windows in a row`;
    notices.push({ level: "warning", title: "No wins", text });
  }
  if (routingOff !== null) notices.push({ level: "warning", title: "Routing off", text: routingOff });
  const rank = ["bad", "warning", "note"];
  return notices.sort((a, b) => rank.indexOf(a.level) - rank.indexOf(b.level));
}

/** Jobs that fail now and succeeded recently. An auction that fails at the routing is covered by that notice. */
function failingJobs({ checks }: StatusReport): Notice[] {
  const isRoutingFailing = checks.some(({ name, isFailing }) => name === "routing" && isFailing);
  const covered = isRoutingFailing ? ["routing", "auction"] : ["routing"];
  return checks.filter(({ name, ok, isFailing }) => ok && isFailing && !covered.includes(name))
    .map(({ name, message }) => ({ level: "warning", title: CHECK_TITLES[name] ?? name, text: message }));
}

function clockNotices({ chain: { clockAheadSeconds }, now }: StatusReport): Notice[] {
  const text = Date.parse(now) < EARLIEST_MS
    ? `It shows ${now.slice(0, 10)} ${clockTime(now)} UTC, so it has not been set since the host started`
    : clockAheadSeconds === null || !isClockOff(clockAheadSeconds)
    ? null
    : clockAheadSeconds < 0
    ? `It is ${formatDuration(-clockAheadSeconds)} behind the chain's`
    : `It is ${formatDuration(clockAheadSeconds)} ahead of the chain's, or the node lags behind`;
  if (text === null) return [];
  const hint = "check the time synchronisation with timedatectl";
  return [{ level: "warning", title: "Host's clock", text: `${text}; ${hint}` }];
}

function expiredBid({ commitment }: StatusReport): Notice[] {
  if (commitment === null || commitment.ageSeconds === null || commitment.expiresInSeconds !== 0) return [];
  const age = formatDuration(commitment.ageSeconds);
  const text = `Our bid is ${age} old and could not be renewed: validators drop it in the next window`;
  return [{ level: "bad", title: "Bid expired", text }];
}

function pendingReloads({ proxies, checks }: StatusReport): Notice[] {
  // A reload that is overdue is among the failed checks.
  if (checks.some(({ name, ok }) => name === "routing" && !ok)) return [];
  return proxies.filter(({ reload }) => reload === "pending").map(({ path, reloadError }) => ({
    level: "warning",
    title: "Reload pending",
    text: `The proxy could not be told to reload ${path}: ${
      reloadError ?? "unknown reason"
    }. It is retried after 2, 4, 8 … 60 s until it succeeds`,
  }));
}

function asicNotices({ fleet }: StatusReport): Notice[] {
  if (fleet === null) return [];
  const { miners, removed } = fleet;
  return [
    ...minerNotices(miners.filter(isFailing), "do not mine where they should"),
    ...minerNotices(
      removed.filter(({ problem }) => problem !== null),
      "are no longer in [asic] and cannot be sent to their fallback pool",
    ),
    ...minerNotices(miners.filter(isSlow), "are slow and counted with their own figures"),
  ];
}

/** One notice per ASIC; many share one, because they usually fail for one reason, such as a network switch. */
function minerNotices(miners: readonly MinerReport[], what: string): Notice[] {
  if (miners.length <= MAX_ASIC_NOTICES) {
    return miners.map(({ name, problem }) => ({
      level: "warning",
      title: `ASIC ${name}`,
      text: problem?.message ?? "",
    }));
  }
  const first = miners[0]?.problem?.message;
  const text = `${miners.length} ASICs ${what}: ${namesOf(miners)}. First: ${first}`;
  return [{ level: "warning", title: "ASICs", text }];
}

function hookNotices({ hooks, now }: StatusReport): Notice[] {
  return hooks.flatMap(({ hook, failing }) =>
    failing === null ? [] : [{
      level: "warning",
      title: `Hook ${hook} fails`,
      text: `${streakText(failing, now)}; the log has what it wrote`,
    }]
  );
}

function webhookNotices({ webhook, now }: StatusReport): Notice[] {
  if (webhook === null || webhook.failing === null) return [];
  const text = `${streakText(webhook.failing, now)}; \`ih-miner check\` checks whether it can be reached`;
  return [{ level: "warning", title: "Webhook does not take alerts", text }];
}

/** `3 times since 12:05 UTC, at last: …`. */
function streakText({ times, since, error }: StreakReport, now: string): string {
  const age = formatDuration((Date.parse(now) - Date.parse(since)) / 1000);
  return times === 1
    ? `${age} ago: ${error}`
    : `${times} times in a row for ${age}; the last error: ${error}`;
}

function deliveryNotices({ delivery }: StatusReport): Notice[] {
  if (delivery === null) return [];
  const { unreadableSince } = delivery;
  const since = unreadableSince === null ? "" : ` (since ${clockTime(unreadableSince)} UTC)`;
  const unread: Notice[] = delivery.errors.map((text) => ({
    level: "warning",
    title: "Not measured",
    text: `${text}${since}`,
  }));
  return [...judgements(delivery), ...unread];
}

function payNotices(report: StatusReport): Notice[] {
  const text = payShortfallText(report);
  return text === null ? [] : [{ level: "bad", title: "Paid too little", text }];
}

/** What the delivery of the window costs. */
function judgements(delivery: DeliveryStatus): Notice[] {
  const { level, ratio, surplusPh } = delivery;
  const notices: Notice[] = [];
  if (level === "alert") {
    const title = ratio !== null && ratio < BAN_SHARE ? "A ban follows" : "Close to a ban";
    notices.push({ level: "bad", title, text: `${shortfallSentence(delivery)}; ${BAN_RULE}` });
  } else if (level === "warning") {
    notices.push({ level: "warning", title: "Unpaid hashrate", text: shortfallSentence(delivery) });
  }
  if (surplusPh !== null && surplusPh > 0) {
    notices.push({ level: "warning", title: "Hashrate given away", text: surplusSentence(delivery) });
  }
  return notices;
}

function windowNotices(window: WindowStatus): Notice[] {
  const notices: Notice[] = [];
  const { reason, estimatedBecause, ambiguous, solver, tierCredit, isOver } = window;
  if (tierCredit !== null && isCapped(tierCredit)) {
    notices.push({ level: "warning", title: "Several prices", text: tierSentence(tierCredit) });
  }
  if (reason !== null) {
    const isMeant = reason.code === "outbid" || reason.code === "withdrawn";
    const level = isMeant ? "note" : reason.code === "banned" ? "bad" : "warning";
    notices.push({ level, title: reason.code === "banned" ? "Banned" : "Nothing won", text: reason.message });
  }
  if (window.estimated) {
    const because = estimatedBecause.join("; ");
    const text = `Validators cannot compute with this window's data, so the outcome is a guess: ${because}`;
    notices.push({ level: "warning", title: "Estimated", text });
  }
  if (solver !== null && solver.fallbackReason !== null) {
    const text = `${solver.engine} decided instead of the configured solver: ${solver.fallbackReason}`;
    notices.push({ level: "warning", title: "Solver fell back", text });
  }
  if (isAwaited(window)) {
    const text = "cbc is at work; until it answers, what the built-in engine found is routed";
    notices.push({ level: "note", title: "Provisional", text });
  }
  if (solver !== null && solver.limitation !== null) {
    notices.push({ level: "warning", title: "Not proven", text: solver.limitation });
  }
  if (ambiguous) {
    const { certainHashratePh, possibleHashratePh, routedHashratePh, routedBecause } = window;
    const text = `Other outcomes are equally good: between ${formatHashrate(certainHashratePh)} and ${
      formatHashrate(possibleHashratePh)
    } of our hashrate can have won. ${formatHashrate(routedHashratePh)} are routed: ${routedBecause}`;
    notices.push({ level: "note", title: "Ambiguous", text });
  }
  if (isOver) {
    const text = "The chain is in the next window; its auction is being computed";
    notices.push({ level: "note", title: "Next window", text });
  }
  return notices;
}

/** Whether the program has still to confirm or correct the outcome. */
function isAwaited({ stage, solver, isOver }: WindowStatus): boolean {
  return stage === "provisional" && solver?.fallbackReason === null && !isOver;
}

/** `6 min 12 s left`, `over`. */
export function timeLeft({ isOver, secondsLeft }: WindowStatus): string {
  if (isOver) return "over";
  return secondsLeft <= 0 ? "ends now" : `${formatDuration(secondsLeft)} left`;
}
