/**
 * Whether the agent does its work at the moment, and if not, why.
 *
 * @module
 */

import { AUCTION_INTERVAL_SECONDS, COMMITMENT_INTERVAL_SECONDS } from "../protocol/constants.ts";
import type { DaemonJob } from "../daemon/events.ts";
import type { AgentStatus, FleetState, ProxyState } from "./agent_status.ts";
import { formatAgo, formatDuration, formatHashrate } from "./format.ts";
import { redactUrls } from "../lib/redact.ts";

/** A run may fail, or take its two minutes; five intervals without a success are trouble. */
const MAX_AUCTION_AGE_SECONDS = 5 * AUCTION_INTERVAL_SECONDS;
/** The bid stays valid for long: three intervals. */
const MAX_COMMITMENT_AGE_SECONDS = 3 * COMMITMENT_INTERVAL_SECONDS;
/** Ten blocks. */
const MAX_HEAD_AGE_SECONDS = 120;
/** A reload is tried again at each auction run. */
const MAX_RELOAD_OWED_SECONDS = 2 * AUCTION_INTERVAL_SECONDS;

/** What is looked at. */
export const CHECK_NAMES = ["configuration", "auction", "commitment", "chain", "proxy"] as const;

/** One thing that was looked at. */
export interface ReadinessCheck {
  readonly name: (typeof CHECK_NAMES)[number];
  readonly ok: boolean;
  /** One sentence for people, also when all is well. */
  readonly message: string;
}

/** Looks at everything, in the order of {@link CHECK_NAMES}. */
export function checkReadiness(status: AgentStatus, nowMs: number): ReadinessCheck[] {
  return [
    checkConfiguration(status),
    checkJob(status, "auction", MAX_AUCTION_AGE_SECONDS, nowMs),
    checkJob(status, "commitment", MAX_COMMITMENT_AGE_SECONDS, nowMs),
    checkChain(status, nowMs),
    checkProxy(status, nowMs),
  ];
}

/** Seconds from one time to another one; `null` when there was none. */
export function secondsSince(atMs: number | null, nowMs: number): number | null {
  return atMs === null ? null : Math.max(0, (nowMs - atMs) / 1000);
}

function checkConfiguration({ settings, settingsError, workersError }: AgentStatus): ReadinessCheck {
  const name = "configuration";
  if (settingsError !== null) {
    const message = `Cannot be used, the last routing stays: ${redactUrls(settingsError.message)}`;
    return { name, ok: false, message };
  }
  if (settings === null) return { name, ok: false, message: "Has not been read yet" };
  if (workersError !== null) {
    const message = `Nothing can be published: ${redactUrls(workersError.message)}`;
    return { name, ok: false, message };
  }
  return { name, ok: true, message: `Read from ${settings.config.path}` };
}

function checkJob(
  { jobs }: AgentStatus,
  name: DaemonJob,
  maxAgeSeconds: number,
  nowMs: number,
): ReadinessCheck {
  const { lastSuccessAtMs, failing } = jobs[name];
  const age = secondsSince(lastSuccessAtMs, nowMs);
  const ok = age !== null && age <= maxAgeSeconds;
  const success = age === null ? "Has not succeeded yet" : `Last succeeded ${formatAgo(age)}`;
  const failure = failing === null
    ? ""
    : `; failing (${failing.times} ×): ${redactUrls(failing.error.message)}`;
  return { name, ok, message: `${success}${failure}` };
}

function checkChain({ head }: AgentStatus, nowMs: number): ReadinessCheck {
  const name = "chain";
  if (head === null) {
    return { name, ok: false, message: "No block has been seen yet; is an endpoint reachable?" };
  }
  const age = secondsSince(head.seenAtMs, nowMs) ?? 0;
  const ok = age <= MAX_HEAD_AGE_SECONDS;
  const message = ok
    ? `Block ${head.blockNumber}, ${formatAgo(age)}`
    : `No new block since ${head.blockNumber}, ${formatAgo(age)}; check the endpoints and the network`;
  return { name, ok, message };
}

function checkProxy({ settings, proxies, fleet }: AgentStatus, nowMs: number): ReadinessCheck {
  const name = "proxy";
  const routing = settings?.config.routing;
  if (routing?.kind === "off") return { name, ok: true, message: `Routing is off: ${routing.reason}` };
  const problems = [
    ...proxies.flatMap((proxy) => proxyProblem(proxy, nowMs) ?? []),
    ...(fleet === null ? [] : fleetProblems(fleet)),
  ];
  if (problems.length > 0) return { name, ok: false, message: problems.join("\n") };
  const latest = proxies[0] ?? fleet ?? undefined;
  if (latest === undefined) return { name, ok: true, message: "Nothing has been routed yet" };
  const age = secondsSince(latest.checkedAtMs, nowMs);
  return { name, ok: true, message: `Right when last looked at, ${formatAgo(age)}` };
}

function fleetProblems({ report, error }: FleetState): string[] {
  if (error !== null) return [redactUrls(error)];
  if (report === null || report.shortfallHashratePh === 0) return [];
  const { coveredHashratePh, wantedHashratePh, miners } = report;
  const failing = miners.filter(({ problem }) => problem !== null).map(({ name }) => name);
  return [
    `The ASICs cover ${formatHashrate(coveredHashratePh)} of ${formatHashrate(wantedHashratePh)}` +
    (failing.length === 0
      ? "; all of them are at the subnet"
      : `; these do not do their part: ${failing.join(", ")}`),
  ];
}

function proxyProblem({ path, report, error }: ProxyState, nowMs: number): string | null {
  if (error !== null) return redactUrls(error);
  if (report?.reload !== "pending") return null;
  const seconds = secondsSince(report.reloadPendingSinceMs, nowMs) ?? 0;
  if (seconds <= MAX_RELOAD_OWED_SECONDS) return null;
  return `${path} is written, but the proxy could not be told to reload for ${formatDuration(seconds)}: ${
    report.reloadError ?? "unknown reason"
  }`;
}
