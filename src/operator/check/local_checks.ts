/**
 * The checks that need no chain: configuration, bid, proxy files, state folder, solver, user.
 *
 * @module
 */

import { dirname } from "node:path";
import { type Config, type SolverConfig } from "../../config/load.ts";
import { ConfigError } from "../../config/errors.ts";
import { whyWithdrawn } from "../../config/workers.ts";
import { MAX_COMMITMENT_BYTES } from "../../auction/protocol/constants.ts";
import { RoutingError } from "../../delivery/proxies/errors.ts";
import { describeReload } from "../../delivery/proxies/reload.ts";
import { applyRouting, type RoutingTarget, targetPath } from "../../delivery/proxies/route.ts";
import { CbcError, identifyCbc, isValidatorBuild } from "../../auction/solver/cbc/program.ts";
import { aclLine, ownerLine, tryFile, tryFolder, type User } from "./access.ts";
import { type Finding, finding } from "./finding.ts";

const SOLVER_TIMEOUT_MS = 10_000;

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

/** Checks each proxy's file and reload method. */
export async function checkRouting({ routing, stateDirectory }: Config, user: User): Promise<Finding[]> {
  if (routing.kind === "off") return [finding("warn", "proxy", `routing is off: ${routing.reason}`)];
  const findings = routing.warnings.map((warning) => finding("warn", "proxy", warning));
  for (const target of routing.targets) {
    findings.push(await checkProxyFile(target, stateDirectory, user), await checkReload(target, user));
  }
  return findings;
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

async function checkProxyFile(target: RoutingTarget, stateDirectory: string, user: User): Promise<Finding> {
  const path = targetPath(target);
  const what = `${target.mode} ${path}`;
  const access = await tryFile(path, true);
  if (access.kind === "missing") {
    return finding(
      "fail",
      "proxy",
      `${what}: there is no such file`,
      "correct [routing], or start the proxy once",
    );
  }
  if (access.kind === "unusable") return finding("fail", "proxy", `${what}: ${access.reason}`);
  if (access.kind === "denied") {
    return finding(
      "fail",
      "proxy",
      `${what}: this user may not read and write it`,
      aclLine(user, "rw", path),
    );
  }
  try {
    const nothing = { wonSizes: [], lostSizes: [] };
    await applyRouting(target, nothing, { stateDirectory, dryRun: true, nowMs: Date.now() });
  } catch (error) {
    if (error instanceof RoutingError) return finding("fail", "proxy", error.message);
    throw error;
  }
  return finding("ok", "proxy", `${what}: can be read, written and parsed`);
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
  { engine, cbcCommand }: SolverConfig,
  signal: AbortSignal,
): Promise<Finding> {
  const install = "scripts/install-cbc.sh gets the validators' build";
  if (cbcCommand === null) {
    const why = engine === "glpk" ? "as configured" : "no cbc is configured or on the PATH";
    return engine === "cbc"
      ? finding("fail", "solver", "[solver] engine is cbc, and none is configured or on the PATH", install)
      : finding("warn", "solver", `glpk (built in), parity "estimated": ${why}`, install);
  }
  const command = cbcCommand.join(" ");
  const folder = await Deno.makeTempDir({ prefix: "ih-miner-" });
  try {
    const build = await identifyCbc(cbcCommand, { folder, timeLimitMs: SOLVER_TIMEOUT_MS, signal });
    const name = build === null
      ? "a build that does not report its version"
      : `${build.version} of ${build.buildDate}`;
    return isValidatorBuild(build)
      ? finding("ok", "solver", `cbc ${command}: ${name}, parity "validator"`)
      : finding("warn", "solver", `cbc ${command}: ${name}, parity "other-build"`, install);
  } catch (error) {
    if (error instanceof CbcError) {
      return finding("fail", "solver", `cbc ${command}: ${error.message}`, install);
    }
    throw error;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Warns about root, which may do everything, so that the findings do not hold for the agent's user. */
export function checkUser({ uid }: User): Finding[] {
  if (uid !== 0) return [];
  const message = "checked as root, which may do everything; the agent's user may not";
  return [finding("warn", "user", message, "runuser -u ih-miner -- ih-miner check")];
}
