/**
 * What somebody should be woken for: the conditions, by the agent's status. Pure.
 *
 * @module
 */

import { strayMiners } from "../../delivery/asics/fleet_report.ts";
import { redactUrls } from "../../lib/redact.ts";
import { formatDuration, formatHashrate } from "../status/format.ts";
import type { FleetStatus, StatusReport, WindowSummary } from "../status/status_report.ts";

/** What alerts there are. */
export const ALERT_KINDS = [
  "banned",
  "commitment-failed",
  "no-wins",
  "reload-pending",
  "chain-stale",
  "routing-failed",
  "delivery-low",
  "delivery-unreadable",
] as const;
/** One of {@link ALERT_KINDS}. */
export type AlertKind = (typeof ALERT_KINDS)[number];

/** Something that is wrong. `kind` and `subject` are its identity; its words may change while it goes on. */
export interface Alert {
  readonly kind: AlertKind;
  /** For what there may be several of: the proxy's file, `asic`, or `asic-stuck`; else empty. */
  readonly subject: string;
  readonly title: string;
  /** A sentence or two: what, why, what to do. */
  readonly text: string;
}

/** What makes two alerts the same one. */
export function identityOf({ kind, subject }: Pick<Alert, "kind" | "subject">): string {
  return JSON.stringify([kind, subject]);
}

/** What {@link activeAlerts} goes by, beside the report. */
export interface AlertOptions {
  /** Windows in a row without a win, from which on it is an alert; at least 1. */
  readonly noWinWindows: number;
  /** Whether a bid is meant to be on the chain; `false` while paused. */
  readonly isSelling: boolean;
}

/** After a start, what has not succeeded yet is not taken for a failure. */
const STARTUP_GRACE_SECONDS = 120;
/** A reload is retried within seconds; owed for longer, it wants somebody. */
const RELOAD_GRACE_MS = 30_000;
/** One window: proxies restart, and a window of which something was measured is judged by that. */
const UNREADABLE_GRACE_MS = 12 * 60_000;

/** All that is wrong at the moment of the report, in the order of {@link ALERT_KINDS}. URLs in it are cut to their hosts. */
export function activeAlerts(report: StatusReport, options: AlertOptions): Alert[] {
  return [
    ...banned(report),
    ...commitmentFailed(report),
    ...noWins(report, options),
    ...reloadPending(report),
    ...chainStale(report),
    ...routingFailed(report),
    ...deliveryLow(report),
    ...deliveryUnreadable(report),
  ].map((alert) => ({ ...alert, text: redactUrls(alert.text) }));
}

function banned({ window }: StatusReport): Alert[] {
  if (window?.reason?.code !== "banned") return [];
  const text =
    `${window.reason.message}. It wins nothing until the ban ends; find out why less was delivered ` +
    "than won: ASICs that are off or at another pool, a proxy that was not told, shares in [routing].";
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
  const text = `The bid cannot be looked at or published: ${sentence(why)}${until}`;
  return [{ kind: "commitment-failed", subject: "", title: "Commitment failed", text }];
}

function noWins({ history, window }: StatusReport, { noWinWindows, isSelling }: AlertOptions): Alert[] {
  if (!isSelling) return [];
  const windows = lostInARow(history);
  if (windows < noWinWindows) return [];
  const why = window?.reason === null || window === null ? "" : `, at last because: ${window.reason.message}`;
  const text =
    `Nothing was won in ${windows} windows in a row${why}. Compare the bid with the prices that win ` +
    "on the status page.";
  return [{ kind: "no-wins", subject: "", title: "Nothing won", text }];
}

/**
 * Windows without a win, back to the last win, or to where the bid had no part in it: it was the empty one, or its
 * hotkey was banned, of which there is an alert already.
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
    const text =
      `${path} is written, but the proxy could not be told to read it again and routes as before: ` +
      `${
        sentence(reloadError ?? "unknown reason")
      } It is tried again after 2, 4, 8 … 60 s, until it succeeds.`;
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
        ? "All of them are at the subnet: bid for less, or add machines."
        : `These do not do their part: ${failing.join(", ")}.`);
    alerts.push({ kind, subject, title: "ASICs short", text });
  }
  return [...alerts, ...asicsStuck(fleet)];
}

function asicsStuck(fleet: FleetStatus): Alert[] {
  const stray = strayMiners(fleet);
  if (stray.length === 0) return [];
  const names = stray.map(({ name, address }) => name === address ? name : `${name} (${address})`);
  const text =
    "These ASICs mine for the subnet though nothing that was won needs them, and cannot be sent to their " +
    `fallback pool: ${names.join(", ")}. It is tried again; if it does not help, switch them by hand. ` +
    sentence(stray[0]?.problem?.message ?? "");
  return [{ kind: "routing-failed", subject: "asic-stuck", title: "ASICs stuck at the subnet", text }];
}

function deliveryLow({ delivery, history }: StatusReport): Alert[] {
  if (delivery === null) return [];
  // A window is judged after some minutes: until then the former one's judgement stays.
  const former = history.at(-2);
  const isUnknown = delivery.level === "unknown";
  const judged = isUnknown
    ? { level: former?.deliveryLevel, averagePh: former?.deliveredHashratePh, wonPh: former?.wonHashratePh }
    : { level: delivery.level, averagePh: delivery.averagePh, wonPh: delivery.wonHashratePh };
  const isPast = isUnknown || delivery.isFinal;
  if (judged.level !== "alert") return [];
  const text = `${formatHashrate(judged.averagePh ?? 0)} of ${formatHashrate(judged.wonPh ?? 0)} won ` +
    `${isPast ? "were" : "are"} delivered on average. Winners that deliver less than 95 % are banned: look ` +
    "for ASICs that are off, slow or at another pool, and at the shares in [routing].";
  return [{ kind: "delivery-low", subject: "", title: "Delivering too little", text }];
}

function deliveryUnreadable({ delivery, now }: StatusReport): Alert[] {
  if (delivery === null || delivery.unreadableSince === null) return [];
  const forMs = Date.parse(now) - Date.parse(delivery.unreadableSince);
  if (forMs <= UNREADABLE_GRACE_MS) return [];
  const text = `What is delivered could not be read for ${formatDuration(forMs / 1000)}: ` +
    `${
      sentence(delivery.errors.join("; "))
    } Whether it is enough is not known: look at the sources in [delivery] ` +
    "and at the ASICs.";
  return [{ kind: "delivery-unreadable", subject: "", title: "Delivery unknown", text }];
}

function isStarting({ uptimeSeconds }: StatusReport): boolean {
  return uptimeSeconds < STARTUP_GRACE_SECONDS;
}

/** With a full stop. */
function sentence(text: string): string {
  return /[.!?…]$/.test(text) ? text : `${text}.`;
}
