/**
 * The checks that need no chain: configuration, bid, proxy files, state folder, solver, user.
 *
 * @module
 */

import { dirname } from "node:path";
import type { Config } from "../../config/load.ts";
import { ConfigError } from "../../config/errors.ts";
import { whyWithdrawn, type WorkersConfig } from "../../config/workers.ts";
import { priceCount, type WonWorker } from "../../auction/credit/delivery_credit.ts";
import { MAX_COMMITMENT_BYTES } from "../../auction/protocol/constants.ts";
import type { IdentityOwner, PoolIdentity } from "../../auction/credit/identity.ts";
import { isCapped, TIER_REMEDY, TIER_RULE, tierCredit } from "../../auction/credit/tiers.ts";
import { formatPh } from "../../delivery/asics/fleet_report.ts";
import { RoutingError } from "../../delivery/proxies/errors.ts";
import { describeReload } from "../../delivery/proxies/reload.ts";
import { applyRouting, type RoutingTarget, targetPath } from "../../delivery/proxies/route.ts";
import { judgeIdentities } from "../status/identities.ts";
import { counted } from "../status/words.ts";
import { aclLine, ownerLine, tryFile, tryFolder, type User } from "./access.ts";
import { describeBuild, lookAtCbc } from "./cbc_look.ts";
import { type Finding, finding } from "./finding.ts";

/** All mistakes of an invalid configuration. */
export function configFailures({ source, issues }: ConfigError): Finding[] {
  return issues.map(({ key, message }) =>
    finding("fail", "config", `${source}: ${key === "" ? "" : `${key}: `}${message}`)
  );
}

/** Checks the configured bid. */
export function checkBid({ workers }: Config): Finding[] {
  if (workers instanceof ConfigError) {
    return workers.issues.map(({ key, message }) => finding("fail", "bid", `${key}: ${message}`));
  }
  const why = whyWithdrawn(workers);
  if (why !== null) {
    const message = `withdrawn: nothing is offered (${why}); the published bid is the empty one`;
    return [finding("ok", "bid", message)];
  }
  const { text, totalWorkers } = workers.commitment;
  const bytes = new TextEncoder().encode(text).length;
  return [
    finding("ok", "bid", `${text} (${bytes} of ${MAX_COMMITMENT_BYTES} bytes, ${totalWorkers} workers)`),
  ];
}

/** Findings, and the identities that were found on the way. */
export interface DestinationFindings {
  readonly findings: readonly Finding[];
  readonly identities: readonly PoolIdentity[];
}

/** Checks each proxy's file and reload method. */
export async function checkRouting(
  { routing, stateDirectory }: Config,
  user: User,
): Promise<DestinationFindings> {
  if (routing.kind === "off") {
    return { findings: [finding("warn", "proxy", `routing is off: ${routing.reason}`)], identities: [] };
  }
  const findings = routing.warnings.map((warning) => finding("warn", "proxy", warning));
  const identities: PoolIdentity[] = [];
  for (const target of routing.targets) {
    const file = await checkProxyFile(target, stateDirectory, user);
    findings.push(...file.findings, await checkReload(target, user));
    identities.push(...file.identities);
  }
  return { findings, identities };
}

async function checkReload(target: RoutingTarget, user: User): Promise<Finding> {
  if ("sentinelPath" in target) {
    return await checkFolder("reload", dirname(target.sentinelPath), "the sentinel", user);
  }
  const what = describeReload(target);
  if ("reloadCommand" in target) return finding("ok", "reload", what);
  const access = await tryFile(target.pidFile, false);
  switch (access.kind) {
    case "usable":
      return finding("ok", "reload", what);
    case "denied":
      return finding(
        "fail",
        "reload",
        `${what}: this user may not read it`,
        aclLine(user, "r", target.pidFile),
      );
    case "missing":
      return finding(
        "warn",
        "reload",
        `${what}: there is no such file yet`,
        "start the proxy, or correct pid_file",
      );
    case "unusable":
      return finding("fail", "reload", `${what}: ${access.reason}`);
  }
}

async function checkProxyFile(
  target: RoutingTarget,
  stateDirectory: string,
  user: User,
): Promise<DestinationFindings> {
  const path = targetPath(target);
  const what = `${target.mode} ${path}`;
  const only = (...parts: Parameters<typeof finding>): DestinationFindings => ({
    findings: [finding(...parts)],
    identities: [],
  });
  const access = await tryFile(path, true);
  switch (access.kind) {
    case "missing":
      return only(
        "fail",
        "proxy",
        `${what}: there is no such file`,
        "correct [routing], or start the proxy once",
      );
    case "unusable":
      return only("fail", "proxy", `${what}: ${access.reason}`);
    case "denied":
      return only("fail", "proxy", `${what}: this user may not read and write it`, aclLine(user, "rw", path));
    case "usable":
      break;
  }
  try {
    // Some hashrate, without which a profile would not be looked at.
    const demand = { wonSizes: [], lostSizes: ["1"] };
    const options = { stateDirectory, dryRun: true, nowMs: Date.now() };
    const { identities } = await applyRouting(target, demand, options);
    return { findings: [finding("ok", "proxy", `${what}: can be read, written and parsed`)], identities };
  } catch (error) {
    if (error instanceof RoutingError) return only("fail", "proxy", error.message);
    throw error;
  }
}

/** Judges the identities under which the subnet's pool is mined. */
export function checkIdentities(identities: readonly PoolIdentity[], owner: IdentityOwner): Finding[] {
  const judged = judgeIdentities(identities, owner);
  const wrong = judged.filter(({ kind }) => kind === "wrong");
  const missing = judged.filter(({ kind }) => kind === "missing");
  const right = judged.length - wrong.length - missing.length;
  const uncompared = owner.hotkey === null ? "; the hotkey could not be compared" : "";
  return [
    ...wrong.map(({ message, fix }) => finding("fail", "identity", message ?? "", fix)),
    ...missing.map(({ message }) => finding("warn", "identity", message ?? "")),
    ...(right === 0 ? [] : [
      finding(
        owner.hotkey === null ? "warn" : "ok",
        "identity",
        `${right} of ${judged.length} identities are credited to this hotkey${uncompared}`,
      ),
    ]),
  ];
}

/** Says what several prices do to the credit, with the identities in use. */
export function checkTiers(
  { workers }: Pick<Config, "workers">,
  identities: readonly PoolIdentity[],
  owner: IdentityOwner,
): Finding[] {
  if (workers instanceof ConfigError) return [];
  const offered = offeredWorkers(workers);
  if (priceCount(offered) < 2) return [];
  const credit = tierCredit(offered, identities, owner);
  if (credit === null) {
    return [finding(
      "warn",
      "bid",
      `${TIER_RULE}: every worker name must carry about as much as one worker that wins`,
    )];
  }
  const { workerIds, creditedAtMostPh, wonHashratePh } = credit;
  const ids = `the subnet's pool is mined under ${counted(workerIds, "worker id")}`;
  return isCapped(credit)
    ? [finding(
      "warn",
      "bid",
      `${TIER_RULE}; ${ids}, so at most ${formatPh(creditedAtMostPh)} of ${
        formatPh(wonHashratePh)
      } PH/s can be ` +
        "credited when all of it wins",
      `${TIER_REMEDY} (docs/routing.md)`,
    )]
    : [finding("ok", "bid", `${TIER_RULE}; ${ids}, enough for all of them`)];
}

function offeredWorkers({ commitment }: WorkersConfig): WonWorker[] {
  if (commitment.version === 1) return [];
  return commitment.groups.flatMap(({ priceFp18, sizes }) =>
    sizes.flatMap(([size, count]) =>
      Array.from({ length: count }, () => ({ hashratePh: Number(size), priceFp18 }))
    )
  );
}

/** Checks the folder for journals and locks. */
export async function checkState({ stateDirectory }: Config, user: User): Promise<Finding> {
  return await checkFolder("state", stateDirectory, "journals and locks", user);
}

async function checkFolder(
  check: "reload" | "state",
  path: string,
  what: string,
  user: User,
): Promise<Finding> {
  const access = await tryFolder(path);
  const where = access.at === path ? path : `${access.at} (${path} is created on demand)`;
  switch (access.kind) {
    case "usable":
      return finding("ok", check, `${what}: can write in ${where}`);
    case "denied": {
      const fix = check === "state" && access.at === path
        ? ownerLine(user, path)
        : aclLine(user, "rwx", access.at);
      return finding("fail", check, `${what}: this user may not write in ${access.at}`, fix);
    }
    case "missing":
      return finding("fail", check, `${what}: there is no folder to create it in`);
    case "unusable":
      return finding("fail", check, `${what}: ${access.reason}`);
  }
}

/** Checks which solver decides auctions and how close it is to the validators'. The signal ends the program. */
export async function checkSolver(
  { solver: { engine, cbcCommand }, cbc }: Pick<Config, "solver" | "cbc">,
  signal: AbortSignal,
): Promise<Finding[]> {
  const install = "scripts/install-cbc.sh gets the validators' build";
  const fix = cbc.problem === null ? install : null;
  const none = "no cbc is bundled, configured or on the PATH";
  if (cbcCommand === null) {
    if (engine === "cbc") {
      return [finding("fail", "solver", `[solver] engine is cbc, and ${cbc.problem ?? none}`, fix)];
    }
    const why = engine === "glpk" ? "as configured" : cbc.problem ?? none;
    const what = `glpk (built in), parity "estimated" where workers have several sizes`;
    return [finding("warn", "solver", `${what}: ${why}`, fix)];
  }
  const bundled = cbc.problem === null ? [] : [finding("warn", "solver", cbc.problem)];
  const command = `cbc ${cbcCommand.join(" ")}${cbc.origin === "bundled" ? " (bundled)" : ""}`;
  const { build, isValidatorBuild, error } = await lookAtCbc(cbcCommand, signal);
  if (error !== null) return [...bundled, finding("fail", "solver", `${command}: ${error}`, install)];
  const name = describeBuild(build);
  return [
    ...bundled,
    isValidatorBuild
      ? finding("ok", "solver", `${command}: ${name}, parity "validator"`)
      : finding("warn", "solver", `${command}: ${name}, parity "other-build"`, install),
  ];
}

/** Warns about root, which may do everything, so that the findings do not hold for the agent's user. */
export function checkUser({ uid }: User): Finding[] {
  if (uid !== 0) return [];
  const message = "checked as root, which may do everything; the agent's user may not";
  return [finding("warn", "user", message, "runuser -u ih-miner -- ih-miner check")];
}
