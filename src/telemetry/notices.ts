/**
 * What an operator should know first: what is wrong, what is only a guess.
 *
 * @module
 */

import { formatDuration, formatHashrate } from "./format.ts";
import type { StatusReport, WindowStatus } from "./status_report.ts";

/** One thing to know. */
export interface Notice {
  /** `bad`: something does not work. `warning`: it works, with a reservation. `note`: so that nobody wonders. */
  readonly level: "bad" | "warning" | "note";
  readonly title: string;
  readonly text: string;
}

/** More machines than these fail as one. */
const MAX_ASIC_NOTICES = 3;

const CHECK_TITLES: Readonly<Record<string, string>> = {
  configuration: "Configuration",
  auction: "Auction job",
  commitment: "Commitment job",
  chain: "Chain",
  proxy: "Routing",
};

/** Everything to know, the worst first. */
export function noticesOf(report: StatusReport): Notice[] {
  const { checks, stale, routingOff, window, windowsWithoutWin } = report;
  const notices: Notice[] = checks.filter(({ ok }) => !ok)
    .map(({ name, message }) => ({ level: "bad", title: CHECK_TITLES[name] ?? name, text: message }));
  if (stale !== null) {
    const text = stale.policy === "keep"
      ? "No window could be computed for too long; the last routing is kept ([routing] on_stale)"
      : "No window could be computed for too long; all hashrate is released from the subnet ([routing] on_stale)";
    notices.push({ level: "bad", title: "Stale", text });
  }
  notices.push(
    ...expiredBid(report),
    ...pendingReloads(report),
    ...asicNotices(report),
    ...deliveryNotices(report),
  );
  if (window !== null) notices.push(...windowNotices(window));
  if (windowsWithoutWin > 1) {
    const text = `Nothing was won in ${windowsWithoutWin} windows in a row`;
    notices.push({ level: "warning", title: "No wins", text });
  }
  if (routingOff !== null) notices.push({ level: "warning", title: "Routing off", text: routingOff });
  const rank = ["bad", "warning", "note"];
  return notices.sort((a, b) => rank.indexOf(a.level) - rank.indexOf(b.level));
}

function expiredBid({ commitment }: StatusReport): Notice[] {
  if (commitment === null || commitment.ageSeconds === null || commitment.expiresInSeconds !== 0) return [];
  const age = formatDuration(commitment.ageSeconds);
  const text = `Our bid is ${age} old and could not be renewed: validators drop it in the next window`;
  return [{ level: "bad", title: "Bid expired", text }];
}

function pendingReloads({ proxies, checks }: StatusReport): Notice[] {
  // Owed for long, it is among the failed checks.
  if (checks.some(({ name, ok }) => name === "proxy" && !ok)) return [];
  return proxies.filter(({ reload }) => reload === "pending").map(({ path, reloadError }) => ({
    level: "warning",
    title: "Reload pending",
    text: `The proxy could not be told to read ${path} again, which is tried at each run: ${
      reloadError ?? "unknown reason"
    }`,
  }));
}

function asicNotices({ fleet }: StatusReport): Notice[] {
  const failing = (fleet?.miners ?? []).filter(({ problem }) => problem !== null);
  if (failing.length <= MAX_ASIC_NOTICES) {
    return failing.map(({ name, problem }) => ({
      level: "warning",
      title: `ASIC ${name}`,
      text: problem?.message ?? "",
    }));
  }
  // Many fail for one reason, such as a switch that is off; the list of machines has each one's.
  const names = failing.map(({ name }) => name).join(", ");
  const text = `${failing.length} machines do not do their part: ${names}. First: ${
    failing[0]?.problem?.message
  }`;
  return [{ level: "warning", title: "ASICs", text }];
}

function deliveryNotices({ delivery }: StatusReport): Notice[] {
  if (delivery === null) return [];
  const unread: Notice[] = delivery.errors.map((text) => ({ level: "warning", title: "Not measured", text }));
  const { level, averagePh, wonHashratePh, measuredSeconds } = delivery;
  if (averagePh === null || (level !== "warning" && level !== "alert")) return unread;
  const text = `${formatHashrate(averagePh)} of ${formatHashrate(wonHashratePh)} won are delivered (${
    shareText(delivery.ratio)
  }), on average over ${formatDuration(measuredSeconds)}; below 95 % a hotkey gets banned`;
  const notice = { title: "Delivering too little", text };
  return [{ ...notice, level: level === "alert" ? "bad" : "warning" }, ...unread];
}

/** `97.4 %`; `–` when there is nothing to compare. */
export function shareText(ratio: number | null): string {
  return ratio === null ? "–" : `${Number((ratio * 100).toFixed(1))} %`;
}

function windowNotices(window: WindowStatus): Notice[] {
  const notices: Notice[] = [];
  const { reason, estimatedBecause, ambiguous, solver, isOver } = window;
  if (reason !== null) {
    const level = reason.code === "outbid" ? "note" : reason.code === "banned" ? "bad" : "warning";
    notices.push({ level, title: reason.code === "banned" ? "Banned" : "Nothing won", text: reason.message });
  }
  if (window.estimated) {
    const because = estimatedBecause.join("; ");
    const text = `Validators stumble over this window's data, so the outcome is a guess: ${because}`;
    notices.push({ level: "warning", title: "Estimated", text });
  }
  if (solver !== null && solver.fallbackReason !== null) {
    const text = `The configured solver did not decide, ${solver.engine} did: ${solver.fallbackReason}`;
    notices.push({ level: "warning", title: "Solver fell back", text });
  }
  if (solver !== null && solver.limitation !== null) {
    notices.push({ level: "warning", title: "Not proven", text: solver.limitation });
  }
  if (ambiguous) {
    const { certainHashratePh, possibleHashratePh } = window;
    const text = `Other outcomes are equally good: between ${formatHashrate(certainHashratePh)} and ${
      formatHashrate(possibleHashratePh)
    } of ours can have won`;
    notices.push({ level: "note", title: "Ambiguous", text });
  }
  if (isOver) {
    const text = "The chain is in the next window; its auction is being computed";
    notices.push({ level: "note", title: "Next window", text });
  }
  return notices;
}

/** `6 min 12 s left`, `over`. */
export function timeLeft({ isOver, secondsLeft }: WindowStatus): string {
  if (isOver) return "over";
  return secondsLeft <= 0 ? "ends now" : `${formatDuration(secondsLeft)} left`;
}
