/**
 * The conditions that raise alerts, derived from the agent's status. Pure.
 *
 * @module
 */

import { BAN_RULE } from "../../delivery/measured/judgement.ts";
import { strayMiners } from "../../delivery/asics/fleet_report.ts";
import { redactUrls } from "../../lib/redact.ts";
import { isCapped } from "../../auction/credit/tiers.ts";
import { tierSentence } from "../status/delivery_words.ts";
import { formatDuration, formatHashrate, shareText } from "../status/format.ts";
import { payShortfallText } from "../status/pay_words.ts";
import { wrongTexts } from "../status/identities.ts";
import type { FleetStatus, StatusReport, WindowSummary } from "../status/status_report.ts";

/** The kinds of alerts. */
export const ALERT_KINDS = [
  "banned",
  "commitment-failed",
  "no-wins",
  "reload-pending",
  "chain-stale",
  "routing-failed",
  "identity-wrong",
  "tiers-capped",
  "pay-short",
  "delivery-low",
  "delivery-unreadable",
] as const;
/** One of {@link ALERT_KINDS}. */
export type AlertKind = (typeof ALERT_KINDS)[number];

/** A problem. `kind` and `subject` identify it; title and text may change while it lasts. */
export interface Alert {
  readonly kind: AlertKind;
  /** Distinguishes alerts of one kind: the proxy's file, `asic` or `asic-stuck`; else empty. */
  readonly subject: string;
  readonly title: string;
  /** One or two sentences: what, why, and the remedy. */
  readonly text: string;
}

/** The identity of an alert as text. */
export function identityOf({ kind, subject }: Pick<Alert, "kind" | "subject">): string {
  return JSON.stringify([kind, subject]);
}

/** Options of {@link activeAlerts}. */
export interface AlertOptions {
  /** How many windows in a row without a win raise an alert; at least 1. */
  readonly noWinWindows: number;
  /** Whether a bid should be on the chain; `false` while paused. */
  readonly isSelling: boolean;
}

/** After a start, a job that has not succeeded yet is not a failure. */
const STARTUP_GRACE_SECONDS = 120;
/** Reloads are retried within seconds; one that is pending for longer needs attention. */
const RELOAD_GRACE_MS = 30_000;
/** One window: proxies restart, and a partly measured window is still judged. */
const UNREADABLE_GRACE_MS = 12 * 60_000;

/** The active alerts of a report, in the order of {@link ALERT_KINDS}, with URLs cut to their hosts. */
export function activeAlerts(report: StatusReport, options: AlertOptions): Alert[] {
  return [
    ...banned(report),
    ...commitmentFailed(report),
    ...noWins(report, options),
    ...reloadPending(report),
    ...chainStale(report),
    ...routingFailed(report),
    ...identityWrong(report),
    ...tiersCapped(report),
    ...payShort(report),
    ...deliveryLow(report),
    ...deliveryUnreadable(report),
  ].map((alert) => ({ ...alert, text: redactUrls(alert.text) }));
}

function banned({ window }: StatusReport): Alert[] {
  if (window?.reason?.code !== "banned") return [];
  const text =
    `${window.reason.message}. It wins nothing until the ban ends. Find out why less was delivered than ` +
    "won: ASICs that are off or at another pool, a proxy that did not reload, shares in [routing].";
  return [{ kind: "banned", subject: "", title: "Banned", text }];
}

function commitmentFailed(report: StatusReport): Alert[] {
  const { jobs, checks, commitment } = report;
  const failing = jobs.find(({ job }) => job === "commitment")?.failing ?? null;
  const check = checks.find(({ name }) => name === "commitment");
  const isOverdue = check?.ok === false && !isStarting(report);
  if (failing === null && !isOverdue) return [];
  const why = failing === null ? check?.message ?? "" : failing.error;
  const left = commitment?.expiresInSeconds ?? null;
  const until = left === null
    ? ""
    : left === 0
    ? " The bid on the chain has expired: nothing can be won."
    : ` The bid on the chain counts for ${formatDuration(left)} more.`;
  const text = `The bid cannot be checked or published: ${sentence(why)}${until}`;
  return [{ kind: "commitment-failed", subject: "", title: "Commitment failed", text }];
}

function noWins({ history, window }: StatusReport, { noWinWindows, isSelling }: AlertOptions): Alert[] {
  if (!isSelling) return [];
  const windows = lostInARow(history);
  if (windows < noWinWindows) return [];
  const why = window?.reason === null || window === null ? "" : `; the last reason: ${window.reason.message}`;
  const text =
    `Nothing was won in ${windows} windows in a row${why}. Compare the bid with the winning prices ` +
    "on the status page.";
  return [{ kind: "no-wins", subject: "", title: "Nothing won", text }];
}

/**
 * The number of latest windows without a win, back to the last win, or to a window without a chance: with the empty bid, or
 * with a ban, which raises an alert of its own.
 */
function lostInARow(history: readonly WindowSummary[]): number {
  const last = history.findLastIndex(({ wonWorkers, reason }) =>
    wonWorkers > 0 || reason?.code === "withdrawn" || reason?.code === "banned"
  );
  return history.length - 1 - last;
}

function reloadPending({ proxies, now }: StatusReport): Alert[] {
  return proxies.flatMap(({ path, reload, reloadPendingSince, reloadError }) => {
    if (reload !== "pending" || reloadPendingSince === null) return [];
    const owedMs = Date.parse(now) - Date.parse(reloadPendingSince);
    if (owedMs <= RELOAD_GRACE_MS) return [];
    const text = `${path} is written, but the proxy could not be made to reload it and routes as before: ` +
      `${
        sentence(reloadError ?? "unknown reason")
      } The agent retries after 2, 4, 8 … 60 s, until it succeeds.`;
    return [{ kind: "reload-pending" as const, subject: path, title: "Proxy reload pending", text }];
  });
}

function chainStale(report: StatusReport): Alert[] {
  const { checks, stale, chain } = report;
  const check = checks.find(({ name }) => name === "chain");
  const followedMs = Date.parse(report.now) - Date.parse(chain.followedSince);
  const isUnseen = chain.headNumber === null && followedMs < STARTUP_GRACE_SECONDS * 1000;
  const isStuck = check?.ok === false && !isUnseen;
  if (!isStuck && stale === null) return [];
  const parts: string[] = [];
  if (isStuck) parts.push(sentence(check.message));
  if (stale !== null) {
    parts.push(
      "No window could be computed for too long; " +
        (stale.policy === "keep"
          ? "the last routing is kept ([routing] on_stale)."
          : "all hashrate is released from the subnet ([routing] on_stale)."),
    );
  }
  return [{ kind: "chain-stale", subject: "", title: "Chain stale", text: parts.join(" ") }];
}

function routingFailed({ proxies, fleet }: StatusReport): Alert[] {
  const kind = "routing-failed";
  const alerts: Alert[] = proxies.flatMap(({ path, error }) =>
    error === null ? [] : [{ kind, subject: path, title: "Routing failed", text: sentence(error) }]
  );
  if (fleet === null) return alerts;
  const { error, shortfallHashratePh, coveredHashratePh, wantedHashratePh, miners } = fleet;
  const subject = "asic";
  if (error !== null) {
    alerts.push({ kind, subject, title: "Routing failed", text: sentence(error) });
  } else if (shortfallHashratePh > 0) {
    const failing = miners.filter(({ problem }) => problem !== null).map(({ name }) => name);
    const text =
      `The ASICs cover ${formatHashrate(coveredHashratePh)} of ${formatHashrate(wantedHashratePh)}. ` +
      (failing.length === 0
        ? "All of them are at the subnet: offer less, or add machines."
        : `These machines fail: ${failing.join(", ")}.`);
    alerts.push({ kind, subject, title: "ASICs short", text });
  }
  return [...alerts, ...asicsStuck(fleet)];
}

function asicsStuck(fleet: FleetStatus): Alert[] {
  const stray = strayMiners(fleet);
  if (stray.length === 0) return [];
  const names = stray.map(({ name, address }) => name === address ? name : `${name} (${address})`);
  const text =
    "These ASICs mine for the subnet although nothing won needs them, and cannot be switched to their " +
    `fallback pool: ${
      names.join(", ")
    }. The agent keeps trying; if that does not help, switch them by hand. ` +
    sentence(stray[0]?.problem?.message ?? "");
  return [{ kind: "routing-failed", subject: "asic-stuck", title: "ASICs stuck at the subnet", text }];
}

function identityWrong({ identities }: StatusReport): Alert[] {
  const wrong = wrongTexts(identities);
  if (wrong.length === 0) return [];
  return [{
    kind: "identity-wrong",
    subject: "",
    title: "Hashrate credited to nobody",
    text: wrong.map(sentence).join(" "),
  }];
}

function tiersCapped({ window }: StatusReport): Alert[] {
  const credit = window?.tierCredit ?? null;
  if (credit === null || !isCapped(credit)) return [];
  const title = "Won at several prices under too few worker ids";
  return [{ kind: "tiers-capped", subject: "", title, text: sentence(tierSentence(credit)) }];
}

function payShort(report: StatusReport): Alert[] {
  const text = payShortfallText(report);
  return text === null
    ? []
    : [{ kind: "pay-short", subject: "", title: "Paid less than won", text: sentence(text) }];
}

function deliveryLow({ delivery, history }: StatusReport): Alert[] {
  if (delivery === null) return [];
  // A window is judged after some minutes; until then the previous judgement stays.
  const isUnknown = delivery.level === "unknown";
  const window = isUnknown ? history.at(-2) : history.at(-1);
  const level = isUnknown ? window?.deliveryLevel : delivery.level;
  if (window === undefined || level !== "alert") return [];
  const { wonHashratePh, creditedHashratePh, deliveredHashratePh, deliveryRatio } = window;
  const isPast = isUnknown || delivery.isFinal;
  const counted = creditedHashratePh ?? deliveredHashratePh ?? 0;
  const basis = creditedHashratePh === null ? "delivered" : "credited";
  const text = `${formatHashrate(counted)} of ${formatHashrate(wonHashratePh)} won ` +
    `${isPast ? "were" : "are"} ${basis} on average (${
      shareText(deliveryRatio)
    }): the rest is not paid, and ` +
    `${BAN_RULE}. Look for ASICs that are off, slow, at another pool or under a wrong worker id, and check ` +
    "the shares in [routing].";
  return [{ kind: "delivery-low", subject: "", title: "Close to a ban", text }];
}

function deliveryUnreadable({ delivery, now }: StatusReport): Alert[] {
  if (delivery === null || delivery.unreadableSince === null) return [];
  const forMs = Date.parse(now) - Date.parse(delivery.unreadableSince);
  if (forMs <= UNREADABLE_GRACE_MS) return [];
  const text = `The delivered hashrate could not be read for ${formatDuration(forMs / 1000)}: ` +
    `${
      sentence(delivery.errors.join("; "))
    } Whether it suffices is unknown: check the sources in [delivery] ` +
    "and the ASICs.";
  return [{ kind: "delivery-unreadable", subject: "", title: "Delivery unknown", text }];
}

function isStarting({ uptimeSeconds }: StatusReport): boolean {
  return uptimeSeconds < STARTUP_GRACE_SECONDS;
}

/** Ends a text with a full stop. */
function sentence(text: string): string {
  return /[.!?…]$/.test(text) ? text : `${text}.`;
}
