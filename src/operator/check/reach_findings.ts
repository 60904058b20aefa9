/**
 * The checks of what the agent reaches besides the chain: ASICs, metrics of proxies, hooks, the webhook.
 *
 * @module
 */

import { HASHES_PER_PETAHASH } from "../../auction/protocol/constants.ts";
import { fp18ToNumber } from "../../auction/protocol/fp18.ts";
import { askMiner, CgminerError } from "../../delivery/asics/cgminer_api.ts";
import { Fleet } from "../../delivery/asics/fleet.ts";
import { summaryOf } from "../../delivery/asics/cgminer_summary.ts";
import type { AsicMiner, FleetConfig } from "../../delivery/asics/fleet_config.ts";
import type { Config } from "../../config/load.ts";
import { type MetricSource, readMetricSource } from "../../delivery/measured/metric_source.ts";
import { formatSelector } from "../../delivery/measured/prometheus_text.ts";
import { SOURCE_TIMEOUT_MS } from "../../delivery/measured/sources.ts";
import { readWorkersApi, type WorkersApi } from "../../delivery/measured/workers_api.ts";
import { describeError, fetchFailure } from "../../lib/errors.ts";
import { locateProgram } from "../../lib/program.ts";
import { redactUrls } from "../../lib/redact.ts";
import { formatPh, minerIdentities } from "../../delivery/asics/fleet_report.ts";
import { formatDuration, formatHashrate } from "../status/format.ts";
import { counted } from "../status/words.ts";
import { type Finding, finding } from "./finding.ts";
import type { DestinationFindings } from "./local_checks.ts";

const WEBHOOK_TIMEOUT_MS = 10_000;
/** The span that a workers API is asked for. */
const LOOK_BACK_MS = 10 * 60_000;

/**
 * Checks that each ASIC answers, has both pools, may be switched, and reports a hashrate of its own. Switches nothing.
 */
export async function checkAsics({ routing }: Pick<Config, "routing">): Promise<DestinationFindings> {
  const fleet = routing.kind === "on" ? routing.fleet : null;
  if (fleet === null) return { findings: [], identities: [] };
  const { miners } = await new Fleet().apply(fleet, { wonSizes: [] }, { windowKey: null, dryRun: true });
  const denials = await Promise.all(
    fleet.miners.map((miner, i) => miners[i]!.found === null ? null : whyDenied(miner, fleet)),
  );
  const figures = await Promise.all(
    fleet.miners.map((miner, i) => miners[i]!.found === null ? [] : checkOwnFigure(miner, fleet)),
  );
  const findings = miners.flatMap(({ name, problem }, i): Finding[] => {
    // A slow machine can be switched.
    if (problem?.kind === "slow" && denials[i] === null) {
      return [...figures[i]!, finding("warn", "asic", `${name}: ${problem.message}`)];
    }
    const problems = [problem?.message ?? null, denials[i] ?? null].filter((message) => message !== null);
    return [...figures[i]!, ...problems.map((message) => finding("fail", "asic", `${name}: ${message}`))];
  });
  const failures = findings.filter(({ status }) => status === "fail");
  const good = miners.length - new Set(failures.map(({ message }) => message.split(": ", 1)[0])).size;
  const atSubnet = miners.filter(({ found }) => found === "subnet").length;
  const summary =
    `${good} of ${miners.length} machines answer and can be switched, ${atSubnet} at the subnet now`;
  return {
    findings: [finding(good === miners.length ? "ok" : "warn", "asic", summary), ...findings],
    identities: minerIdentities(miners),
  };
}

/**
 * What a machine reports of itself. Without a figure, or the time since its start, it is not judged (see `own_figures.ts`), so
 * that it counts with its nominal hashrate however slow it is.
 */
async function checkOwnFigure(miner: AsicMiner, { timeoutMs }: FleetConfig): Promise<Finding[]> {
  const { name } = miner;
  const nominal = `${formatPh(fp18ToNumber(miner.hashrateFp18))} PH/s`;
  const unjudged = (why: string): Finding[] => [
    finding(
      "warn",
      "asic",
      `${name}: ${why}, so that it counts with its nominal ${nominal} even when it is slow`,
      "update or replace its firmware, or watch its hashrate at the pool",
    ),
  ];
  try {
    const answer = await askMiner(miner, { command: "summary" }, { timeoutMs });
    const { hashratePh, periodSeconds, elapsedSeconds } = summaryOf(answer);
    if (hashratePh === null) return unjudged("its answer to summary has no hashrate of its own");
    const period = periodSeconds === null ? "since its start" : `over ${formatDuration(periodSeconds)}`;
    const said = `reports ${formatPh(hashratePh)} of ${nominal}, ${period}`;
    if (elapsedSeconds === null) return unjudged(`${said}, but not how long it has been running (Elapsed)`);
    return [finding("ok", "asic", `${name}: ${said}`)];
  } catch (error) {
    if (!(error instanceof CgminerError)) throw error;
    return unjudged(`it does not report its own hashrate (${error.message})`);
  }
}

/**
 * Checks each source of the delivered or credited hashrate.
 *
 * @param hotkey `null` if it is not known, so that no workers can be asked for.
 */
export async function checkDelivery(
  { delivery }: Pick<Config, "delivery">,
  hotkey: string | null,
): Promise<Finding[]> {
  const metrics = delivery.sources.map(checkMetric);
  const apis = delivery.workersApis.map((url) => checkWorkersApi({ url, account: delivery.account, hotkey }));
  return await Promise.all([...metrics, ...apis]);
}

async function checkMetric(source: MetricSource): Promise<Finding> {
  try {
    const hashratePh = await readMetricSource(source, { timeoutMs: SOURCE_TIMEOUT_MS });
    const { host } = new URL(source.url);
    return finding("ok", "delivery", `${formatSelector(source.metric)} at ${host}: ${hashratePh} PH/s`);
  } catch (error) {
    return finding("fail", "delivery", describeError(error).message);
  }
}

async function checkWorkersApi(
  { url, account, hotkey }: Omit<WorkersApi, "hotkey"> & { readonly hotkey: string | null },
): Promise<Finding> {
  const { host } = new URL(url);
  const place = `the workers API at ${host}`;
  if (hotkey === null) return finding("warn", "delivery", `${place} was not asked: the hotkey is not known`);
  try {
    const endMs = Date.now();
    const span = { startMs: endMs - LOOK_BACK_MS, endMs };
    const workers = await readWorkersApi({ url, account, hotkey }, span, { timeoutMs: SOURCE_TIMEOUT_MS });
    const sumPh = workers.values().reduce((sum, hashes) => sum + Number(hashes), 0) / HASHES_PER_PETAHASH;
    const found = `${counted(workers.size, "worker")} of this hotkey, ${
      formatHashrate(sumPh)
    } in the last 10 min`;
    return workers.size > 0
      ? finding("ok", "delivery", `${place}: ${found}`)
      : finding("warn", "delivery", `${place} knows no worker ${account}.${hotkey}.*: nothing is credited`);
  } catch (error) {
    return finding("fail", "delivery", describeError(error).message);
  }
}

/** Checks each program of `[hooks]`. */
export async function checkHooks({ hooks }: Pick<Config, "hooks">, searchPath: string): Promise<Finding[]> {
  const calls = Object.entries(hooks.programs);
  return await Promise.all(calls.map(async ([name, [program = ""]]) => {
    const found = await locateProgram(program, searchPath);
    return found === null
      ? finding(
        "fail",
        "hook",
        `${name}: ${program} is not a program that this user can run`,
        "correct its name, or chmod +x it",
      )
      : finding("ok", "hook", `${name}: ${found}`);
  }));
}

/**
 * Checks that the webhook's host answers. It requests only the host's front page, since an alert would be a message to people.
 */
export async function checkWebhook(
  { alerting }: Pick<Config, "alerting">,
  timeoutMs = WEBHOOK_TIMEOUT_MS,
): Promise<Finding[]> {
  if (alerting === null) return [];
  const { origin, host } = new URL(alerting.webhook.url);
  try {
    const signal = AbortSignal.timeout(timeoutMs);
    const response = await fetch(`${origin}/`, { method: "HEAD", redirect: "manual", signal });
    await response.body?.cancel();
    const untried = "no alert was posted, so only the host of webhook was tried";
    const { status } = response;
    return status >= 500
      ? [finding("warn", "webhook", `${host} answers, but with HTTP ${status}; ${untried}`)]
      : [finding("ok", "webhook", `${host} answers; ${untried}`)];
  } catch (error) {
    const why = error instanceof DOMException && error.name === "TimeoutError"
      ? `no answer within ${timeoutMs / 1000} s`
      : fetchFailure(error);
    const message = `${host} cannot be reached, so alerts would not arrive: ${redactUrls(why)}`;
    return [finding("fail", "webhook", message, "correct the host of webhook, or the network")];
  }
}

/** Why a machine does not allow this host to switch it; `null` if it does. */
async function whyDenied(
  miner: AsicMiner,
  { timeoutMs }: FleetConfig,
): Promise<string | null> {
  try {
    await askMiner(miner, { command: "privileged" }, { timeoutMs });
    return null;
  } catch (error) {
    if (!(error instanceof CgminerError)) throw error;
    // Not every firmware knows this command; then only a switch shows it.
    return error.kind === "denied" ? error.message : null;
  }
}
