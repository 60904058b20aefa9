/**
 * Judges the answers of `ih-miner init` by the rules of the configuration and of `ih-miner check`: each answer is put into a
 * configuration, which is loaded as the agent loads it.
 *
 * @module
 */

import { dirname } from "node:path";
import { finished } from "../../agent/workers/job_host.ts";
import { launchAddress } from "../../agent/workers/launch.ts";
import { WalletError } from "../../chain/wallet/errors.ts";
import { describeHotkeysBeside, type HotkeyName, listHotkeys } from "../../chain/wallet/hotkey_list.ts";
import type { Environment } from "../../config/environment.ts";
import { ConfigError, type ConfigIssue } from "../../config/errors.ts";
import { type Config, loadConfig, osConfigFiles } from "../../config/load.ts";
import { MAX_PROXY_FILE_BYTES, osFiles } from "../../delivery/proxies/files.ts";
import { DEFAULT_SUBNET_POOL_NAME, poolNames } from "../../delivery/proxies/ihp.ts";
import { targetPath } from "../../delivery/proxies/route.ts";
import { describeError } from "../../lib/errors.ts";
import type { Logger } from "../../lib/log.ts";
import { currentUser, tryFile, tryFolder } from "../../operator/check/access.ts";
import { type Finding } from "../../operator/check/finding.ts";
import { checkIdentities, checkRouting } from "../../operator/check/local_checks.ts";
import { AnswerError, type AnswerName, type Answers, parsePool, QUESTIONS } from "./answers.ts";
import { type BasicAnswers, configText } from "./config_text.ts";

/** Stand in for what has not been answered yet, so that there is a configuration to load. */
const STAND_INS: BasicAnswers = {
  network: "finney",
  netuid: "89",
  walletDir: "/",
  walletName: "default",
  hotkeyName: "default",
  price: "1",
  sizes: "0.25x1",
};

/** What the rules need to know of the host. */
export interface Host {
  readonly environment: Environment;
  readonly log: Logger;
  readonly signal: AbortSignal;
  /** The addresses that were read, by the path of their hotkey. */
  readonly addresses: Map<string, string>;
}

/** What is wrong with an answer; `null`: nothing. */
export async function problemWith(name: AnswerName, answers: Answers, host: Host): Promise<string | null> {
  try {
    return await judge(name, answers, host);
  } catch (error) {
    if (error instanceof AnswerError) return error.answer === name ? error.message : null;
    if (error instanceof ConfigError) return problemOf(error.issues, name);
    if (error instanceof WalletError) return error.message;
    throw error;
  }
}

async function judge(name: AnswerName, answers: Answers, host: Host): Promise<string | null> {
  if (name === "subnetPool" || name === "ownPool") {
    parsePool(name, answers[name] ?? "");
    return null;
  }
  const config = await load(answers, host);
  if (config.workers instanceof ConfigError) {
    const problem = problemOf(config.workers.issues, name);
    if (problem !== null) return problem;
  }
  switch (name) {
    case "walletDir":
      return hotkeysIn(config).length > 0 ? null : describeHotkeysBeside(config.hotkeyPath);
    case "walletName":
      return hotkeysIn(config).some(({ wallet }) => wallet === answers.walletName)
        ? null
        : describeHotkeysBeside(config.hotkeyPath);
    case "hotkeyName":
      return await hotkeyAddress(answers, host).then(() => null, (error) => {
        host.signal.throwIfAborted();
        return describeError(error).message;
      });
    case "proxyFile":
    case "poolName":
      return await problemWithProxy(config, await currentPool(answers, config));
    default:
      return null;
  }
}

/** The configuration of the answers so far. */
async function load(answers: Answers, { environment }: Host): Promise<Config> {
  const text = configText({ ...STAND_INS, ...answers });
  return await loadText(text, "config.toml", environment);
}

/**
 * Loads a configuration that is not in a file yet.
 *
 * @throws {ConfigError}
 */
export async function loadText(text: string, path: string, environment: Environment): Promise<Config> {
  return await loadConfig(path, environment, { ...osConfigFiles, readTextFile: () => Promise.resolve(text) });
}

function problemOf(issues: readonly ConfigIssue[], name: AnswerName): string | null {
  const { keys } = QUESTIONS[name];
  // A longer key of another answer has its own question: `[workers] price_multiplier` is none of `[workers]`.
  const isOf = (key: string, owner: readonly string[]): boolean => owner.some((each) => key.startsWith(each));
  const longer = Object.values(QUESTIONS).flatMap((other) => other.keys)
    .filter((key) => isOf(key, keys) && !keys.includes(key));
  const own = issues.filter(({ key }) => isOf(key, keys) && !isOf(key, longer));
  return own.length === 0 ? null : own.map(({ message }) => message).join("; ");
}

/** The hotkeys in the configured folder of wallets. */
function hotkeysIn({ hotkeyPath }: Config): HotkeyName[] {
  try {
    return listHotkeys(dirname(dirname(dirname(hotkeyPath))));
  } catch {
    // describeHotkeysBeside() says why.
    return [];
  }
}

/** The hotkeys that can be chosen. */
export async function hotkeysFor(answers: Answers, host: Host): Promise<HotkeyName[]> {
  return hotkeysIn(await load(answers, host));
}

/**
 * The SS58 address of the chosen hotkey, read by the worker that alone may read the file.
 *
 * @throws {WalletError} or the job's error.
 */
export async function hotkeyAddress(answers: Answers, host: Host): Promise<string> {
  const { log, signal, addresses } = host;
  const config = await load(answers, host);
  const address = addresses.get(config.hotkeyPath) ?? await finished(launchAddress({ config, log, signal }));
  addresses.set(config.hotkeyPath, address);
  return address;
}

/** Whether there is a proxy file already. */
export async function hasProxyFile(answers: Answers, host: Host): Promise<boolean> {
  const config = await load(answers, host);
  const path = proxyPath(config);
  return path !== null && (await tryFile(path, false)).kind !== "missing";
}

/** The absolute path of the proxy's file; `null` without a proxy. */
export function proxyPath({ routing }: Pick<Config, "routing">): string | null {
  const target = routing.kind === "on" ? routing.targets[0] : undefined;
  return target === undefined ? null : targetPath(target);
}

/** The names of the pools in InfiniteHash Proxy's file; none where there is no such file. */
export async function poolsFor(answers: Answers, host: Host): Promise<string[]> {
  if (answers.proxy !== "ihp" || answers.proxyFile === undefined) return [];
  return await poolsIn(proxyPath(await load(answers, host)));
}

async function poolsIn(path: string | null): Promise<string[]> {
  if (path === null) return [];
  try {
    // A pipe would keep its reader waiting.
    if (await osFiles.kindOf(path) !== "file") return [];
    return poolNames(new TextDecoder().decode(await osFiles.read(path, MAX_PROXY_FILE_BYTES)), path);
  } catch {
    // The checks of the file say what is wrong with it.
    return [];
  }
}

/** The subnet's pool: the answer, else the usual one if it is there, else any, until the question for it comes. */
async function currentPool({ proxy, poolName }: Answers, config: Config): Promise<string | undefined> {
  if (proxy !== "ihp" || poolName !== undefined) return poolName;
  const names = await poolsIn(proxyPath(config));
  return names.find(isUsualPool) ?? names[0];
}

/** Whether a pool has the name that the subnet's pool usually has. */
export function isUsualPool(name: string): boolean {
  return name.trim().toLowerCase() === DEFAULT_SUBNET_POOL_NAME;
}

async function problemWithProxy(config: Config, poolName: string | undefined): Promise<string | null> {
  const { routing } = config;
  if (routing.kind === "off") return routing.reason;
  const path = proxyPath(config);
  if (path !== null && (await tryFile(path, false)).kind === "missing") {
    const folder = await tryFolder(dirname(path));
    if (folder.at !== dirname(path)) {
      return `there is no such file, and no folder ${dirname(path)} for a first one`;
    }
    return folder.kind === "usable" ? null : `there is no such file, and none can be written in ${folder.at}`;
  }
  const targets = routing.targets.map((target) =>
    target.mode === "ihp" && poolName !== undefined ? { ...target, subnetPoolName: poolName } : target
  );
  const { findings } = await checkRouting({ ...config, routing: { ...routing, targets } }, currentUser());
  const wrong = findings.find(({ check, status }) => check === "proxy" && status === "fail");
  return wrong === undefined ? null : [wrong.message, wrong.fix].filter((part) => part !== null).join("; ");
}

/** What `ih-miner check` would say of proxy and identities, except for what is right. */
export async function doubtsAbout(config: Config, hotkey: string): Promise<Finding[]> {
  const { findings, identities } = await checkRouting(config, currentUser());
  const owner = { account: config.delivery.account, hotkey };
  return [...findings, ...checkIdentities(identities, owner)].filter(({ status }) => status !== "ok");
}
