/**
 * The agent's status at one moment, as plain data for the page, the terminal and `/api/status`.
 *
 * @module
 */

import type { FleetReport } from "../../delivery/asics/fleet_report.ts";
import type { AuctionOutcome, OwnOutcome, Stage } from "../../auction/outcome.ts";
import type { EstimateReason } from "../../auction/inputs/prepare.ts";
import { isValidatorBuild } from "../../auction/solver/cbc/program.ts";
import type { CbcOrigin } from "../../config/cbc_choice.ts";
import { ConfigError } from "../../config/errors.ts";
import { whyWithdrawn } from "../../config/workers.ts";
import type { DaemonJob } from "../../agent/events.ts";
import type { Settings } from "../../agent/settings.ts";
import type { DeliveryReport } from "../../delivery/measured/delivery_report.ts";
import type { DeliveryLevel } from "../../delivery/measured/judgement.ts";
import { HOOK_NAMES, type HookName } from "../../config/schema.ts";
import { parseFp18 } from "../../auction/protocol/fp18.ts";
import type { PayComparison, PayReport, PayShortfall } from "../../auction/credit/pay_comparison.ts";
import { DEFAULT_ALTERNATIVE_FP18, type PaidHashrate, windowPayment } from "../../auction/credit/payment.ts";
import { creditedHashrates, paymentPricesOf, type WindowWorth, windowWorth } from "../../auction/worth.ts";
import {
  BAN_SHARE,
  BLOCK_TIME_SECONDS,
  COMMITMENT_RENEWAL_AGE_SECONDS,
  MAX_BID_AGE_SECONDS,
} from "../../auction/protocol/constants.ts";
import type { RoutedValue } from "../../delivery/proxies/file_edit.ts";
import type { TierCredit } from "../../auction/credit/tiers.ts";
import type { ReloadState } from "../../delivery/proxies/reload.ts";
import type { RoutingReport } from "../../delivery/proxies/route.ts";
import { BUILD, VERSION } from "../../version.ts";
import type {
  AgentStatus,
  ClockComparison,
  CommitmentState,
  FleetState,
  JobState,
  ProxyState,
  WindowState,
} from "./agent_status.ts";
import type { IdentityStatus } from "./identities.ts";
import { checkReadiness, type ReadinessCheck, secondsSince } from "./readiness.ts";
import type { RecentLine, RecentLog } from "./recent_log.ts";
import type { HostClock } from "../../lib/clock.ts";
import { redactUrls } from "../../lib/redact.ts";
import { NO_TRIES, reportStreak, type StreakReport, type Tries } from "./tries.ts";

/** Version of the format; raised when a program written for an older one could misread a newer one. */
export const STATUS_FORMAT = 1;

/** The status. Times are ISO 8601 in UTC, `null` if there was none; hashrates are in PH/s. */
export interface StatusReport {
  readonly format: typeof STATUS_FORMAT;
  readonly version: string;
  /** `null`: built outside a checkout. */
  readonly commit: string | null;
  readonly now: string;
  readonly startedAt: string;
  readonly uptimeSeconds: number;
  readonly ready: boolean;
  readonly checks: readonly ReadinessCheck[];
  /** `null` before the settings were read. */
  readonly identity: IdentityReport | null;
  /** `null` before the settings were read. */
  readonly cbc: CbcReport | null;
  /** `null` before a window was computed. */
  readonly window: WindowStatus | null;
  /** `null`: routing is on. */
  readonly routingOff: string | null;
  /** The policy applied while no window could be computed for too long; `null`: windows are computed. */
  readonly stale: { readonly policy: "keep" | "release" } | null;
  readonly proxies: readonly ProxyReport[];
  /** The ASICs that are switched directly; `null`: none configured, or nothing routed yet. */
  readonly fleet: FleetStatus | null;
  /** The identities under which the subnet's pool is mined. */
  readonly identities: readonly IdentityStatus[];
  /** The delivery of the window; `null`: not measured. */
  readonly delivery: DeliveryStatus | null;
  /** `null` before the bid on the chain was read. */
  readonly commitment: CommitmentReport | null;
  /** What the chain paid; `null` before that was read. */
  readonly pay: PayStatus | null;
  readonly chain: ChainReport;
  readonly jobs: readonly JobReport[];
  /** The configured programs of `[hooks]`. */
  readonly hooks: readonly HookReport[];
  /** The calls of the webhook; `null`: none configured. */
  readonly webhook: WebhookReport | null;
  /** The windows since the agent started, oldest first; the last one is being delivered. */
  readonly history: readonly WindowSummary[];
  /** Windows in a row, up to the current one, in which nothing was won. */
  readonly windowsWithoutWin: number;
  /** Log lines, newest first. */
  readonly events: readonly EventReport[];
}

/** Who bids where. */
export interface IdentityReport {
  readonly hotkey: string;
  readonly netuid: number;
  /** Names or URLs. */
  readonly network: readonly string[];
}

/** The solver's program. */
export interface CbcReport {
  /** `null`: there is none, the built-in engine decides. */
  readonly command: string | null;
  readonly origin: CbcOrigin | null;
  /** Whether it is the validators' build; `null` before it was used. */
  readonly isValidatorBuild: boolean | null;
  /** Why the bundled program cannot be used, with the remedy; `null`: it can, or is not needed. */
  readonly problem: string | null;
}

/** The figures of one window. */
export interface WindowSummary {
  readonly index: number;
  readonly firstBlock: number;
  readonly lastBlock: number;
  readonly firstBlockTime: string | null;
  readonly computedAt: string;
  /** When all destinations were seen to be routed as it requires. */
  readonly routedAt: string | null;
  readonly hasBids: boolean;
  readonly wonHashratePh: number;
  readonly lostHashratePh: number;
  /** Won in every equally good outcome. */
  readonly certainHashratePh: number;
  /** Won in the most favourable of the equally good outcomes. */
  readonly possibleHashratePh: number;
  /** Routed to the subnet; differs from what was won only if that is ambiguous. */
  readonly routedHashratePh: number;
  readonly wonWorkers: number;
  readonly lostWorkers: number;
  readonly stage: Stage;
  readonly ambiguous: boolean;
  readonly estimated: boolean;
  readonly budgetPh: number | null;
  /** What was delivered on average; `null`: not measured. */
  readonly deliveredHashratePh: number | null;
  /** What validators credit; `null`: unknown. */
  readonly creditedHashratePh: number | null;
  /** What was given away; `null`: not measured long enough. */
  readonly surplusHashratePh: number | null;
  /** Credited divided by won, or delivered where the credit is unknown; `null`: not measured, or nothing was won. */
  readonly deliveryRatio: number | null;
  readonly deliveryLevel: DeliveryLevel;
  /** Why nothing was won; `null` when something was. */
  readonly reason: AuctionOutcome["reason"];
}

/** The window being delivered. */
export interface WindowStatus extends WindowSummary {
  /** Whether the chain is past it. */
  readonly isOver: boolean;
  readonly blocksDone: number;
  readonly blocks: number;
  /** Estimated from the block time. */
  readonly secondsLeft: number;
  readonly endsAt: string;
  readonly bids: readonly BidReport[];
  /** Whether `fewest` and `most` of the bids are exact; otherwise they are outer bounds. */
  readonly rangesExact: boolean;
  readonly estimatedBecause: readonly string[];
  /** What can be credited of what was won at several prices; `null` at a single price, or if worker ids are not known. */
  readonly tierCredit: TierCredit | null;
  /** What was won, and what is credited so far; `null` if a consensus price is missing. */
  readonly worth: WindowWorth | null;
  /** Why {@link routedHashratePh} is routed, with the arithmetic. */
  readonly routedBecause: string;
  readonly prices: AuctionOutcome["prices"];
  /** Mechanism 1's share of the emission. */
  readonly mechanismShare: number | null;
  readonly bidders: number;
  readonly offeredWorkers: number;
  readonly solver: SolverStatus | null;
}

/** Our workers of one size and price. */
export interface BidReport {
  readonly hashratePh: string;
  readonly price: string;
  readonly offered: number;
  readonly won: number;
  /** The fewest that won in any equally good outcome. */
  readonly fewest: number;
  /** The most that won in any equally good outcome. */
  readonly most: number;
}

/** How the winners were found. */
export interface SolverStatus {
  readonly engine: string;
  /** The engine, or the rule by which it knows the validators' winners. */
  readonly decidedBy: string;
  readonly parity: string;
  /** `2.10.3, Dec 15 2019`; `null` for the built-in engine. */
  readonly build: string | null;
  readonly seconds: number;
  readonly fallbackReason: string | null;
  readonly limitation: string | null;
}

/** One proxy. */
export interface ProxyReport {
  readonly mode: RoutingReport["mode"];
  readonly path: string;
  /** Why it cannot be routed to at the moment; `null`: it can. */
  readonly error: string | null;
  readonly values: readonly RoutedValue[];
  readonly checkedAt: string;
  readonly writtenAt: string | null;
  readonly reload: ReloadState;
  readonly reloadedAt: string | null;
  readonly reloadPendingSince: string | null;
  readonly reloadError: string | null;
}

/** The ASICs that are switched directly. */
export interface FleetStatus extends Omit<FleetReport, "mode" | "dryRun"> {
  /** Why they cannot be routed to at the moment; `null`: they can. */
  readonly error: string | null;
  readonly checkedAt: string;
  readonly switchedAt: string | null;
}

/** The delivery of the window. */
export interface DeliveryStatus extends Omit<DeliveryReport, "sinceMs" | "unreadableSinceMs"> {
  /** What the unpaid hashrate would earn in the window at its price; `null`: unknown. */
  readonly unpaidUsdc: number | null;
  /** What the surplus would earn elsewhere in the window, at the hashprice; `null`: unknown. */
  readonly surplusUsdc: number | null;
  /** The share of what was won below which validators ban the hotkey. */
  readonly banShare: number;
  readonly since: string;
  /** When the sources became unreadable; `null`: they are readable. */
  readonly unreadableSince: string | null;
}

/** The bid on the chain. */
export interface CommitmentReport {
  readonly text: string;
  readonly workers: number;
  readonly checkedAt: string;
  readonly publishedAt: string | null;
  /** `null`: unknown. */
  readonly ageSeconds: number | null;
  /** Until it is due to be published again; `null`: unknown. */
  readonly renewalInSeconds: number | null;
  /** Until validators drop it; `null`: unknown, or there is nothing to drop. */
  readonly expiresInSeconds: number | null;
  /** The first block of the first window whose auction reads it; `null`: unknown. */
  readonly countsFromBlock: number | null;
  /** When that block is or was due; `null`: unknown. */
  readonly countsFrom: string | null;
  /** `null`: it offers workers. */
  readonly withdrawn: WithdrawalReport | null;
}

/** What the chain paid, beside what our own results promise. */
export interface PayStatus {
  /** The last epoch that ended; `null` before the first. */
  readonly lastEpoch: PayComparison | null;
  /** The last epoch whose pay could be compared; `null`: none yet. */
  readonly lastCompared: PayComparison | null;
  /** The first block whose pay can be compared: a fresh agent has to see a whole validation epoch first. */
  readonly comparableFromBlock: number;
  /** `null` unless the chain has paid too little for several epochs in a row. */
  readonly shortfall: PayShortfall | null;
}

/** A bid that offers nothing. */
export interface WithdrawalReport {
  /** The setting that withdrew it; `null`: unknown. */
  readonly why: string | null;
  /** The first block of the first window in which nothing can be won; `null`: unknown. */
  readonly fromBlock: number | null;
  /** When that block is or was due; `null`: unknown. */
  readonly from: string | null;
}

/** The chain as the agent sees it. */
export interface ChainReport {
  /** When the agent began to follow it: at its start, or at the last change of the network. */
  readonly followedSince: string;
  readonly headNumber: number | null;
  readonly headSeenAt: string | null;
  readonly headAgeSeconds: number | null;
  /**
   * How far this host's clock is ahead of the chain's, negative: behind. A few seconds mean nothing, for the last block may
   * be as old. `null`: unknown.
   */
  readonly clockAheadSeconds: number | null;
  /** The node that is followed. */
  readonly endpoint: string | null;
  readonly endpoints: readonly EndpointReport[];
}

/** Failures of one endpoint since the agent started. */
export interface EndpointReport {
  readonly endpoint: string;
  readonly failures: number;
  readonly lastKind: string;
  readonly lastFailureAt: string;
}

/** A job's runs since the agent started. */
export interface JobReport {
  readonly job: DaemonJob;
  readonly running: boolean;
  readonly runs: number;
  readonly failures: number;
  readonly skipped: number;
  readonly lastSuccessAt: string | null;
  readonly lastSuccessSecondsAgo: number | null;
  readonly lastFailureAt: string | null;
  readonly lastDurationSeconds: number | null;
  /** The current streak of failures; `null` when the last run succeeded. */
  readonly failing: StreakReport | null;
}

/** The calls of a program of `[hooks]` since the agent started, or since its configuration changed. */
export interface HookReport {
  readonly hook: HookName;
  readonly calls: number;
  readonly failures: number;
  /** The current streak of failures; `null` when the last call succeeded. */
  readonly failing: StreakReport | null;
}

/** The posts of alerts since the agent started, or since the webhook's configuration changed. */
export interface WebhookReport extends Omit<HookReport, "hook"> {
  /** Alerts that were dropped unsent. */
  readonly lost: number;
}

/** One log line, or several equal ones. */
export interface EventReport extends Omit<RecentLine, "atMs"> {
  readonly at: string;
}

/** The report of ASICs that were never routed. */
const NO_FLEET: FleetReport = {
  mode: "asic",
  dryRun: false,
  wantedHashratePh: 0,
  coveredHashratePh: 0,
  surplusHashratePh: 0,
  shortfallHashratePh: 0,
  switchedCount: 0,
  miners: [],
  removed: [],
};

/** When a report is made. Ages are differences of steady times; times for people are by the host's present clock. */
class ReportTime {
  /** Steady, like all times of the status. */
  readonly nowMs: number;
  readonly #correctionMs: number;

  constructor(clock: HostClock) {
    this.nowMs = clock.steadyMs();
    this.#correctionMs = clock.correctionMs;
  }

  iso(ms: number): string {
    return new Date(ms + this.#correctionMs).toISOString();
  }

  /** How far the host's clock is ahead of the chain's, when it may have been set since they were compared. */
  aheadSeconds({ headAgeSeconds, correctionMs }: ClockComparison): number {
    return headAgeSeconds + (this.#correctionMs - correctionMs) / 1000;
  }

  isoOrNull(ms: number | null): string | null {
    return ms === null ? null : this.iso(ms);
  }
}

/** Makes the report. */
export function reportStatus(status: AgentStatus, recent: RecentLog, clock: HostClock): StatusReport {
  const { settings, staleness, window } = status;
  const time = new ReportTime(clock);
  const { nowMs } = time;
  const checks = checkReadiness(status, nowMs);
  const history = status.windows.map((state) => summarise(state, time));
  return {
    format: STATUS_FORMAT,
    version: VERSION,
    commit: BUILD?.commit ?? null,
    now: time.iso(nowMs),
    startedAt: time.iso(status.startedAtMs),
    uptimeSeconds: secondsSince(status.startedAtMs, nowMs) ?? 0,
    ready: checks.every(({ ok }) => ok),
    checks,
    identity: settings === null ? null : {
      hotkey: settings.hotkey,
      netuid: settings.config.netuid,
      network: [settings.config.network].flat().map(redactUrls),
    },
    cbc: settings === null ? null : reportCbc(settings.config, window),
    window: window === null ? null : reportWindow(window, status, time),
    routingOff: settings?.config.routing.kind === "off" ? settings.config.routing.reason : null,
    stale: staleness?.isStale === true ? { policy: staleness.policy } : null,
    proxies: status.proxies.map((proxy) => reportProxy(proxy, time)),
    fleet: status.fleet === null ? null : reportFleet(status.fleet, time),
    identities: status.identities,
    delivery: window === null || window.delivery === null
      ? null
      : reportDelivery(window.delivery, window.outcome, time),
    commitment: status.commitment === null ? null : reportCommitment(status.commitment, settings, time),
    pay: status.pay === null ? null : reportPay(status.pay),
    chain: reportChain(status, time),
    jobs: (["auction", "commitment"] as const).map((job) => reportJob(job, status.jobs[job], time)),
    hooks: HOOK_NAMES.filter((hook) => settings?.config.hooks.programs[hook] !== undefined)
      .map((hook) => ({ hook, ...reportTries(status.hooks.get(hook) ?? NO_TRIES, time) })),
    webhook: settings === null || settings.config.alerting === null
      ? null
      : { ...reportTries(status.webhook, time), lost: status.webhook.lost },
    history,
    windowsWithoutWin: history.length - 1 - history.findLastIndex(({ wonWorkers }) => wonWorkers > 0),
    events: recent.newestFirst.map(({ atMs, ...line }) => ({ at: time.iso(atMs), ...line })),
  };
}

function reportCbc({ solver, cbc }: Settings["config"], window: WindowState | null): CbcReport {
  const build = window?.outcome.solver?.build ?? null;
  const isUsed = cbc.origin !== null && build !== null;
  return {
    command: solver.cbcCommand?.join(" ") ?? null,
    origin: cbc.origin,
    isValidatorBuild: cbc.origin === "bundled" || (isUsed ? isValidatorBuild(build) : null),
    problem: cbc.problem,
  };
}

function summarise(
  { outcome, delivery, computedAtMs, routedAtMs }: WindowState,
  time: ReportTime,
): WindowSummary {
  const { window, own, budgetPh, estimated, reason, stage } = outcome;
  return {
    index: window.index,
    firstBlock: window.firstBlock,
    lastBlock: window.lastBlock,
    firstBlockTime: window.firstBlockTime,
    computedAt: time.iso(computedAtMs),
    routedAt: time.isoOrNull(routedAtMs),
    hasBids: own.hasBids,
    wonHashratePh: own.wonHashratePh,
    lostHashratePh: own.lostHashratePh,
    certainHashratePh: own.certainHashratePh,
    possibleHashratePh: own.possibleHashratePh,
    routedHashratePh: own.routedHashratePh,
    wonWorkers: own.wonCount,
    lostWorkers: own.lostCount,
    stage,
    ambiguous: own.ambiguous,
    estimated,
    budgetPh,
    deliveredHashratePh: delivery?.averagePh ?? null,
    creditedHashratePh: delivery?.credit?.creditedPh ?? null,
    surplusHashratePh: delivery?.surplusPh ?? null,
    deliveryRatio: delivery?.ratio ?? null,
    deliveryLevel: delivery?.level ?? "unknown",
    reason,
  };
}

function reportWindow(
  state: WindowState,
  { head, tierCredit, settings }: AgentStatus,
  time: ReportTime,
): WindowStatus {
  const { outcome, delivery } = state;
  const { firstBlock, lastBlock } = outcome.window;
  const blocks = lastBlock - firstBlock + 1;
  const headNumber = Math.max(head?.blockNumber ?? 0, outcome.head.number);
  const sinceHead = secondsSince(head?.seenAtMs ?? state.computedAtMs, time.nowMs) ?? 0;
  const secondsLeft = Math.max(0, (lastBlock + 1 - headNumber) * BLOCK_TIME_SECONDS - sinceHead);
  const { solver } = outcome;
  return {
    ...summarise(state, time),
    isOver: headNumber > lastBlock,
    blocksDone: Math.min(Math.max(headNumber - firstBlock + 1, 0), blocks),
    blocks,
    secondsLeft,
    endsAt: time.iso(time.nowMs + secondsLeft * 1000),
    bids: reportBids(outcome.own),
    rangesExact: outcome.own.rangesExact,
    estimatedBecause: outcome.estimatedBecause.map(describeEstimate),
    tierCredit,
    worth: windowWorth(
      outcome,
      settings?.config.economics.alternativeFp18 ?? DEFAULT_ALTERNATIVE_FP18,
      delivery === null || delivery.credit === null ? null : creditedHashrates(outcome, delivery.credit),
    ),
    routedBecause: outcome.own.routedBecause,
    prices: outcome.prices,
    mechanismShare: outcome.mechanismShare,
    bidders: outcome.commitments.bidders,
    offeredWorkers: outcome.commitments.workers,
    solver: solver === null ? null : {
      engine: solver.engine,
      decidedBy: solver.decidedBy,
      parity: solver.parity,
      build: solver.build === null ? null : `${solver.build.version}, ${solver.build.buildDate}`,
      seconds: solver.durationMs / 1000,
      fallbackReason: solver.fallbackReason,
      limitation: solver.limitation,
    },
  };
}

/** Joins groups of the same size and price: the owner sees them as one bid. */
function reportBids({ won, lost, ranges }: OwnOutcome): BidReport[] {
  const bids = new Map<string, BidReport>();
  const add = (
    { hashratePh, price }: { readonly hashratePh: string; readonly price: string },
    offered: number,
    wonCount: number,
  ): void => {
    const key = `${hashratePh} ${price}`;
    const bid = bids.get(key) ?? { hashratePh, price, offered: 0, won: 0, fewest: 0, most: 0 };
    const total = bid.won + wonCount;
    bids.set(key, { ...bid, offered: bid.offered + offered, won: total, fewest: total, most: total });
  };
  for (const run of won) add(run, run.count, run.count);
  for (const run of lost) add(run, run.count, 0);
  for (const { hashratePh, price, fewest, most } of ranges) {
    const key = `${hashratePh} ${price}`;
    const bid = bids.get(key);
    if (bid !== undefined) bids.set(key, { ...bid, fewest, most });
  }
  return [...bids.values()].sort((a, b) =>
    Number(b.hashratePh) - Number(a.hashratePh) || Number(a.price) - Number(b.price)
  );
}

function describeEstimate(reason: EstimateReason): string {
  switch (reason.kind) {
    case "unreadable-record":
      return `validators cannot read the record of ${reason.hotkey} (${reason.fieldKind})`;
    case "unusable-price":
      return `${reason.hotkey} has published a ${reason.metric} that validators cannot compute with`;
    case "worker-overflow":
      return `a worker of ${reason.hotkey} costs more than validators can compute with`;
    case "budget-overflow":
      return "the budget is larger than validators can compute with";
  }
}

function reportProxy(state: ProxyState, time: ReportTime): ProxyReport {
  const { mode, path, values, reload, error } = state;
  return {
    mode,
    path,
    error: error === null ? null : redactUrls(error),
    values,
    checkedAt: time.iso(state.checkedAtMs),
    writtenAt: time.isoOrNull(state.writtenAtMs),
    reload: reload?.reload ?? "not-needed",
    reloadedAt: time.isoOrNull(state.reloadedAtMs),
    reloadPendingSince: time.isoOrNull(state.reloadPendingSinceMs),
    reloadError: reload?.reloadError ?? null,
  };
}

function reportFleet(
  { report, error, checkedAtMs, switchedAtMs }: FleetState,
  time: ReportTime,
): FleetStatus {
  const { mode: _mode, dryRun: _dryRun, ...figures } = report ?? NO_FLEET;
  return { ...figures, error, checkedAt: time.iso(checkedAtMs), switchedAt: time.isoOrNull(switchedAtMs) };
}

function reportDelivery(
  report: DeliveryReport,
  outcome: AuctionOutcome,
  time: ReportTime,
): DeliveryStatus {
  const { sinceMs, unreadableSinceMs, ...figures } = report;
  // An unreadable source has no current figure.
  const now = figures.isFinal
    ? { nowPh: null, errors: [], unreadableSince: null }
    : { errors: figures.errors.map(redactUrls), unreadableSince: time.isoOrNull(unreadableSinceMs) };
  return { ...figures, ...now, ...costOf(report, outcome), banShare: BAN_SHARE, since: time.iso(sinceMs) };
}

/** What is lost in the window at this rate. */
function costOf(
  { unpaidPh, surplusPh, credit }: DeliveryReport,
  { window, prices, own }: AuctionOutcome,
): Pick<DeliveryStatus, "unpaidUsdc" | "surplusUsdc"> {
  const paymentPrices = paymentPricesOf(prices);
  if (paymentPrices === null) return { unpaidUsdc: null, surplusUsdc: null };
  const usdc = (hashrates: readonly PaidHashrate[]): number =>
    windowPayment(hashrates, paymentPrices, window.index).usdc;
  const at = (hashratePh: number, price: string): PaidHashrate => ({
    hashratePh,
    priceFp18: parseFp18(price),
  });
  const unpaid = credit === null
    // Without a credit by worker, each won worker misses the same part.
    ? own.won.map(({ hashratePh, price, count }) =>
      at((unpaidPh ?? 0) * Number(hashratePh) * count / own.wonHashratePh, price)
    )
    : credit.won.map(({ hashratePh, creditedPh, price }) => at(hashratePh - creditedPh, price));
  return {
    unpaidUsdc: unpaidPh === null ? null : usdc(unpaid),
    surplusUsdc: surplusPh === null ? null : usdc([at(surplusPh, "1")]),
  };
}

function reportCommitment(
  state: CommitmentState,
  settings: Settings | null,
  time: ReportTime,
): CommitmentReport {
  const { result, checkedAtMs, publishedAtMs } = state;
  const sinceCheck = secondsSince(checkedAtMs, time.nowMs) ?? 0;
  const atCheck = result.action === "published" ? 0 : result.ageSeconds;
  const ageSeconds = atCheck === null ? null : atCheck + sinceCheck;
  const left = (limit: number): number | null => ageSeconds === null ? null : Math.max(0, limit - ageSeconds);
  return {
    text: result.text,
    workers: result.workerCount,
    checkedAt: time.iso(checkedAtMs),
    publishedAt: time.isoOrNull(publishedAtMs),
    ageSeconds,
    renewalInSeconds: left(COMMITMENT_RENEWAL_AGE_SECONDS),
    expiresInSeconds: result.workerCount === 0 ? null : left(MAX_BID_AGE_SECONDS),
    countsFromBlock: result.countsFrom?.window.firstBlock ?? null,
    countsFrom: result.countsFrom?.beginsAt ?? null,
    withdrawn: result.workerCount === 0 ? reportWithdrawal(state, settings) : null,
  };
}

function reportWithdrawal({ withdrawnFrom }: CommitmentState, settings: Settings | null): WithdrawalReport {
  const workers = settings?.config.workers;
  return {
    why: workers === undefined || workers instanceof ConfigError ? null : whyWithdrawn(workers),
    fromBlock: withdrawnFrom?.window.firstBlock ?? null,
    from: withdrawnFrom?.beginsAt ?? null,
  };
}

function reportPay({ comparisons, shortfall, comparableFromBlock }: PayReport): PayStatus {
  return {
    lastEpoch: comparisons.at(-1) ?? null,
    lastCompared: comparisons.findLast(({ expectedShare }) => expectedShare !== null) ?? null,
    comparableFromBlock,
    shortfall,
  };
}

function reportChain(
  { head, endpoints, followedSinceMs, clockComparison }: AgentStatus,
  time: ReportTime,
): ChainReport {
  return {
    followedSince: time.iso(followedSinceMs),
    headNumber: head?.blockNumber ?? null,
    headSeenAt: time.isoOrNull(head?.seenAtMs ?? null),
    headAgeSeconds: secondsSince(head?.seenAtMs ?? null, time.nowMs),
    clockAheadSeconds: clockComparison === null ? null : time.aheadSeconds(clockComparison),
    endpoint: head?.endpoint === null || head === null ? null : redactUrls(head.endpoint),
    endpoints: [...endpoints].map(([endpoint, { failures, lastKind, lastFailureAtMs }]) => ({
      endpoint: redactUrls(endpoint),
      failures,
      lastKind,
      lastFailureAt: time.iso(lastFailureAtMs),
    })),
  };
}

function reportJob(job: DaemonJob, state: JobState, time: ReportTime): JobReport {
  const { failing, lastDurationMs } = state;
  return {
    job,
    running: state.runningSinceMs !== null,
    runs: state.runs,
    failures: state.failures,
    skipped: state.skipped,
    lastSuccessAt: time.isoOrNull(state.lastSuccessAtMs),
    lastSuccessSecondsAgo: secondsSince(state.lastSuccessAtMs, time.nowMs),
    lastFailureAt: time.isoOrNull(state.lastFailureAtMs),
    lastDurationSeconds: lastDurationMs === null ? null : lastDurationMs / 1000,
    failing: reportStreak(failing, (ms) => time.iso(ms)),
  };
}

function reportTries({ calls, failures, failing }: Tries, time: ReportTime): Omit<HookReport, "hook"> {
  return { calls, failures, failing: reportStreak(failing, (ms) => time.iso(ms)) };
}
