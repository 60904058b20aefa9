/**
 * `ih-miner check`: everything the agent needs, looked at once, one line each.
 *
 * @module
 */

import { aclLine, currentUser, tryFile } from "../operator/check/access.ts";
import { chainFindings } from "../operator/check/chain_findings.ts";
import { type Finding, finding, formatFinding, type Subject, worstOf } from "../operator/check/finding.ts";
import {
  checkBid,
  checkIdentities,
  checkRouting,
  checkSolver,
  checkState,
  checkTiers,
  checkUser,
  configFailures,
} from "../operator/check/local_checks.ts";
import { checkAsics, checkDelivery, checkHooks, checkWebhook } from "../operator/check/reach_findings.ts";
import { unpackBundledCbc } from "../auction/solver/cbc/bundled_cbc.ts";
import { type Environment, readEnvironment } from "../config/environment.ts";
import { ConfigError } from "../config/errors.ts";
import { type Config, loadConfig, osConfigFiles } from "../config/load.ts";
import { locateConfig } from "../config/locate.ts";
import { describeHotkeysBeside } from "../chain/wallet/hotkey_list.ts";
import type { Logger } from "../lib/log.ts";
import { launchCheck } from "../operator/check/launch_check.ts";
import { documentText } from "../lib/document.ts";
import { describeError } from "../lib/errors.ts";
import { EXIT_DONE, EXIT_JOB_FAILED, EXIT_WRONG_INPUT } from "./exit_codes.ts";

/** What the command is given. */
export interface CheckCommand {
  readonly configPath: string | undefined;
  readonly json: boolean;
}

/** What the command prints, and how it ends. */
export interface CheckReport {
  readonly exitCode: number;
  readonly text: string;
}

/** Configuration and wallet: running again changes nothing about them. */
const INPUTS: ReadonlySet<Subject> = new Set<Subject>(["config", "bid", "wallet"]);

/** Dependencies of {@link runCheck}. */
export interface CheckParts {
  readonly log: Logger;
  /** Ends the checks, and what they have started. */
  readonly signal: AbortSignal;
  /** @default that of the process */
  readonly environment?: Environment;
}

/**
 * Runs all checks that the ones before them leave possible.
 *
 * @throws the signal's reason when it is aborted.
 */
export async function runCheck(
  { configPath, json }: CheckCommand,
  parts: CheckParts,
): Promise<CheckReport> {
  const findings = await collect(configPath, parts);
  const status = worstOf(findings);
  const failed = findings.filter((each) => each.status === "fail");
  const exitCode = failed.length === 0
    ? EXIT_DONE
    : failed.some(({ check }) => INPUTS.has(check))
    ? EXIT_WRONG_INPUT
    : EXIT_JOB_FAILED;
  const text = json
    ? documentText({ job: "check", status, checks: findings })
    : findings.map(formatFinding).join("");
  return { exitCode, text };
}

async function collect(
  configPath: string | undefined,
  { log, signal, environment = readEnvironment() }: CheckParts,
): Promise<Finding[]> {
  const user = currentUser();
  let config: Config;
  try {
    const path = locateConfig(configPath, environment, osConfigFiles.exists);
    if ((await tryFile(path, false)).kind === "denied") {
      return [finding("fail", "config", `${path}: this user may not read it`, aclLine(user, "r", path))];
    }
    config = await loadConfig(path, environment, osConfigFiles, unpackBundledCbc);
  } catch (error) {
    if (error instanceof ConfigError) return configFailures(error);
    throw error;
  }
  signal.throwIfAborted();
  const aborted = Promise.withResolvers<never>();
  aborted.promise.catch(() => {});
  signal.addEventListener("abort", () => aborted.reject(signal.reason), { once: true });
  // Not waited for any longer: they leave nothing behind.
  const unlessAborted = <T>(check: Promise<T>): Promise<T> => Promise.race([check, aborted.promise]);
  const proxies = await unlessAborted(checkRouting(config, user));
  const asics = await unlessAborted(checkAsics(config));
  const chain = await checkChain(config, log, signal);
  const { hotkey } = chain;
  const owner = { account: config.delivery.account, hotkey };
  const identities = [...proxies.identities, ...asics.identities];
  return [
    finding("ok", "config", config.path),
    ...checkBid(config),
    ...checkTiers(config, identities, owner),
    ...proxies.findings,
    ...asics.findings,
    ...checkIdentities(identities, owner),
    ...await unlessAborted(checkDelivery(config, hotkey)),
    ...await unlessAborted(checkHooks(config, environment.PATH ?? "")),
    ...await unlessAborted(checkWebhook(config)),
    await unlessAborted(checkState(config, user)),
    ...await checkSolver(config, signal),
    ...chain.findings,
    ...checkUser(user),
  ];
}

/** Looks at wallet and chain; the hotkey is `null` if it cannot be read. */
async function checkChain(
  config: Config,
  log: Logger,
  signal: AbortSignal,
): Promise<{ readonly findings: Finding[]; readonly hotkey: string | null }> {
  const { hotkeyPath, netuid } = config;
  const job = launchCheck({ config, log, signal });
  try {
    const hotkeyMode = await Deno.stat(hotkeyPath).then(({ mode }) => mode, () => null);
    const look = await job.result;
    const findings = chainFindings(look, {
      hotkeyPath,
      hotkeyMode,
      hotkeysThere: () => describeHotkeysBeside(hotkeyPath),
      netuid,
      user: currentUser(),
      nowMs: Date.now(),
    });
    return { findings, hotkey: look.wallet.address };
  } catch (error) {
    signal.throwIfAborted();
    return { findings: [finding("fail", "endpoint", describeError(error).message)], hotkey: null };
  } finally {
    await job.ended;
  }
}
