/**
 * Whether the agent does its work at the moment, and if not, why.
 *
 * @module
 */

import { type FleetReport, strayMiners } from "../../delivery/asics/fleet_report.ts";
import { AUCTION_INTERVAL_SECONDS, COMMITMENT_INTERVAL_SECONDS } from "../../auction/protocol/constants.ts";
import type { DaemonJob } from "../../agent/events.ts";
import type { AgentStatus, FleetState, ProxyState } from "./agent_status.ts";
import { formatAgo, formatDuration, formatHashrate } from "./format.ts";
import { redactUrls } from "../../lib/redact.ts";
import { wrongTexts } from "./identities.ts";
import { isFailing, isSlow, namesOf } from "./miners.ts";

/** A run may fail, or take its two minutes; five intervals without a success are trouble. */
const MAX_AUCTION_AGE_SECONDS = 5 * AUCTION_INTERVAL_SECONDS;
/** The bid stays valid for long: three intervals. */
const MAX_COMMITMENT_AGE_SECONDS = 3 * COMMITMENT_INTERVAL_SECONDS;
/** Ten blocks. */
const MAX_HEAD_AGE_SECONDS = 120;
/** A reload is tried again within seconds, at most a minute apart. */
const MAX_RELOAD_OWED_SECONDS = 2 * AUCTION_INTERVAL_SECONDS;

/** What is looked at. */
export const CHECK_NAMES = [
  "configuration",
  "auction",
  "commitment",
  "chain",
  "routing",
  "identity",
] as const;

/** One thing that was looked at. */
export interface ReadinessCheck {
  readonly name: (typeof CHECK_NAMES)[number];
  readonly ok: boolean;
  /** Whether something fails at the moment, including a problem that may resolve itself before it matters. */
  readonly isFailing: boolean;
  /** One sentence for people, also when all is well. */
  readonly message: string;
}

/** Looks at everything, in the order of {@link CHECK_NAMES}. @param nowMs by the clock of the status. */
export function checkReadiness(status: AgentStatus, nowMs: number): ReadinessCheck[] {
  return [
    checkConfiguration(status),
    checkAuction(status, nowMs),
    checkJob(status, "commitment", MAX_COMMITMENT_AGE_SECONDS, nowMs),
    checkChain(status, nowMs),
    checkRouting(status, nowMs),
    checkIdentity(status),
  ];
}

/** Seconds from one time to another one; `null` when there was none. */
export function secondsSince(atMs: number | null, nowMs: number): number | null {
  return atMs === null ? null : Math.max(0, (nowMs - atMs) / 1000);
}

function checkConfiguration({ settings, settingsError, workersError }: AgentStatus): ReadinessCheck {
  const name = "configuration";
  if (settingsError !== null) {
    const message = `Cannot be used; the last routing is kept: ${redactUrls(settingsError.message)}`;
    return { name, ok: false, isFailing: true, message };
  }
  if (settings === null) return { name, ok: false, isFailing: false, message: "Has not been read yet" };
  if (workersError !== null) {
    const message = `Nothing can be published: ${redactUrls(workersError.message)}`;
    return { name, ok: false, isFailing: true, message };
  }
  return { name, ok: true, isFailing: false, message: `Read from ${settings.config.path}` };
}

/** Successful runs do not make the agent ready while they find no window, as when the chain stands still. */
function checkAuction(status: AgentStatus, nowMs: number): ReadinessCheck {
  const check = checkJob(status, "auction", MAX_AUCTION_AGE_SECONDS, nowMs);
  const { settings, staleness } = status;
  if (staleness === null || !staleness.isStale || settings === null) return check;
  const limit = formatDuration(settings.config.staleness.afterSeconds);
  const policy = staleness.policy === "keep"
    ? "the last routing is kept"
    : "all hashrate is released from the subnet";
  const stale = `No window could be computed for ${limit} or longer; ${policy} ([routing] on_stale)`;
  return { ...check, ok: false, isFailing: true, message: `${stale}\n${check.message}` };
}

function checkJob(
  { jobs }: AgentStatus,
  name: DaemonJob,
  maxAgeSeconds: number,
  nowMs: number,
): ReadinessCheck {
  const { lastSuccessAtMs, failing, failedAtRouting } = jobs[name];
  const age = secondsSince(lastSuccessAtMs, nowMs);
  const ok = age !== null && age <= maxAgeSeconds;
  const success = age === null ? "Has not succeeded yet" : `Last succeeded ${formatAgo(age)}`;
  const failure = failing === null
    ? ""
    : `; failing (${failing.times} ×)${
      failedAtRouting ? " at the routing" : `: ${redactUrls(failing.error)}`
    }`;
  return { name, ok, isFailing: failing !== null, message: `${success}${failure}` };
}

function checkChain({ head }: AgentStatus, nowMs: number): ReadinessCheck {
  const name = "chain";
  if (head === null) {
    const message = "No block has been seen yet; is an endpoint reachable?";
    return { name, ok: false, isFailing: false, message };
  }
  const age = secondsSince(head.seenAtMs, nowMs) ?? 0;
  const ok = age <= MAX_HEAD_AGE_SECONDS;
  const message = ok
    ? `Block ${head.blockNumber}, ${formatAgo(age)}`
    : `No new block since ${head.blockNumber}, ${formatAgo(age)}; check the endpoints and the network`;
  return { name, ok, isFailing: !ok, message };
}

function checkRouting({ settings, proxies, fleet }: AgentStatus, nowMs: number): ReadinessCheck {
  const name = "routing";
  const routing = settings?.config.routing;
  if (routing?.kind === "off") {
    return { name, ok: true, isFailing: false, message: `Routing is off: ${routing.reason}` };
  }
  const problems = [
    ...proxies.flatMap((proxy) => proxyProblem(proxy, nowMs) ?? []),
    ...(fleet === null ? [] : fleetProblems(fleet)),
  ];
  if (problems.length > 0) {
    return {
      name,
      ok: problems.every(({ isYoung }) => isYoung),
      isFailing: true,
      message: problems.map(({ text }) => text).join("\n"),
    };
  }
  const latest = proxies[0] ?? fleet ?? undefined;
  if (latest === undefined) {
    return { name, ok: true, isFailing: false, message: "Nothing has been routed yet" };
  }
  const age = secondsSince(latest.checkedAtMs, nowMs);
  return { name, ok: true, isFailing: false, message: `Correct when last checked, ${formatAgo(age)}` };
}

/** Whether the hashrate is credited to our hotkey. */
function checkIdentity({ settings, identities }: AgentStatus): ReadinessCheck {
  const name = "identity";
  if (settings?.config.routing.kind === "off") {
    return { name, ok: true, isFailing: false, message: "Routing is off" };
  }
  const wrong = wrongTexts(identities);
  if (wrong.length > 0) return { name, ok: false, isFailing: true, message: wrong.join("\n") };
  const missing = identities.flatMap(({ kind, message }) => kind === "missing" ? [message ?? ""] : []);
  const message = missing.length > 0
    ? missing.join("\n")
    : identities.length > 0
    ? "The subnet's pool is mined for our hotkey"
    : "Not known yet under which identity the subnet's pool is mined";
  return { name, ok: true, isFailing: missing.length > 0, message };
}

/** One problem of the routing. */
interface RoutingProblem {
  readonly text: string;
  /** Whether it may resolve itself before it matters. */
  readonly isYoung: boolean;
}

function fleetProblems({ report, error }: FleetState): RoutingProblem[] {
  const texts = error !== null
    ? [redactUrls(error)]
    : report === null
    ? []
    : [...shortfall(report), ...strays(report)];
  return texts.map((text) => ({ text, isYoung: false }));
}

function shortfall(report: FleetReport): string[] {
  const { coveredHashratePh, wantedHashratePh, shortfallHashratePh, miners } = report;
  if (shortfallHashratePh === 0) return [];
  const failing = miners.filter(isFailing);
  const slow = miners.filter(isSlow);
  const reasons = [
    ...(failing.length === 0 ? [] : [`these do not mine where they should: ${namesOf(failing)}`]),
    ...(slow.length === 0 ? [] : [`these are slow: ${namesOf(slow)}`]),
  ];
  const covered = `${formatHashrate(coveredHashratePh)} of ${formatHashrate(wantedHashratePh)}`;
  return [
    `The ASICs cover ${covered}; ${
      reasons.length === 0 ? "all of them are at the subnet" : reasons.join("; ")
    }`,
  ];
}

function strays(report: FleetReport): string[] {
  const stray = strayMiners(report);
  if (stray.length === 0) return [];
  return [
    `These ASICs are not needed at the subnet and cannot be sent away: ${
      namesOf(stray)
    }; their hashrate is given away; switch them by hand`,
  ];
}

function proxyProblem(
  { path, reload, reloadPendingSinceMs, error }: ProxyState,
  nowMs: number,
): RoutingProblem | null {
  if (error !== null) return { text: redactUrls(error), isYoung: false };
  if (reload?.reload !== "pending") return null;
  const seconds = secondsSince(reloadPendingSinceMs, nowMs) ?? 0;
  const text = `${path} is written, but the proxy could not be told to reload for ${
    formatDuration(seconds)
  }: ${reload.reloadError ?? "unknown reason"}; it is retried until it succeeds`;
  return { text, isYoung: seconds <= MAX_RELOAD_OWED_SECONDS };
}
