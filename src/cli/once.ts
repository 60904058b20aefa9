/**
 * `ih-miner --once JOB` and `ih-miner withdraw`: run one job and print its result document.
 *
 * @module
 */

import { Fleet } from "../delivery/asics/fleet.ts";
import type { AuctionOutcome } from "../auction/outcome.ts";
import * as callbacks from "../delivery/callbacks.ts";
import { unpackBundledCbc } from "../auction/solver/cbc/bundled_cbc.ts";
import { unpackNothing } from "../config/cbc_choice.ts";
import { type Environment, readEnvironment } from "../config/environment.ts";
import { ConfigError } from "../config/errors.ts";
import { type Config, loadConfig, osConfigFiles, requireWorkers } from "../config/load.ts";
import { locateConfig } from "../config/locate.ts";
import { type InstanceLock, InstanceLockedError, lockInstance } from "../agent/instance_lock.ts";
import { FailureLog } from "../lib/failure_log.ts";
import { hostClock } from "../lib/clock.ts";
import type { Logger } from "../lib/log.ts";
import { describeError } from "../lib/errors.ts";
import { callResultHooks, HOOK_PATIENCE_MS, HookRunner } from "../agent/hooks/hooks.ts";
import { deliverOutcome, resultsIn, warnAboutRouting } from "../agent/jobs/deliver.ts";
import type { ComputedAuction } from "../agent/jobs/auction_result.ts";
import type { SolvedOutcome } from "../agent/jobs/compute_outcome.ts";
import { askProgram, questionAfter } from "../agent/jobs/final_outcome.ts";
import { FELL_BACK, logOutcome, warnAboutCbc } from "../agent/jobs/log_outcome.ts";
import { computedDocument, routingDocument } from "../agent/jobs/result_document.ts";
import { logTierCredit, outcomeTierCredit } from "../agent/jobs/tier_credit.ts";
import { formatSavedAuction, type SavedAuction } from "../agent/jobs/saved_auction.ts";
import { JOB_TIMEOUT_SECONDS } from "../auction/protocol/constants.ts";
import { buildCommitment } from "../auction/protocol/worker_sizes.ts";
import { finished } from "../agent/workers/job_host.ts";
import { launchAddress, launchAuction, launchCommitment } from "../agent/workers/launch.ts";
import { RuntimeStore } from "../agent/workers/runtime_store.ts";
import type { Command } from "./arguments.ts";
import { EXIT_DONE, exitCodeOf } from "./exit_codes.ts";
import { refuseImpossibleFolder } from "./state_folder.ts";

type OnceCommand = Extract<Command, { name: "once" }>;

/** The result of a command. */
export interface CommandResult {
  readonly exitCode: number;
  /** Printed on stdout by `toDocument`. */
  readonly document: object;
}

/** The result of one job, with the hooks to call after its document is printed. */
export interface OnceResult extends CommandResult {
  /** Calls the hooks and waits for them, except after a dry run or an abort. */
  readonly callHooks: () => Promise<void>;
}

/** Options of {@link runOnce}. */
export interface OnceParts {
  readonly log: Logger;
  /** Ends the job and its programs as soon as nothing is left half done. */
  readonly signal: AbortSignal;
  /** @default that of the process */
  readonly environment?: Environment;
}

const JOBS = { auction: runAuction, commitment: runCommitment, withdraw: runWithdrawal };

/** Runs one job. Failures end in the document and the exit code. */
export async function runOnce(command: OnceCommand, parts: OnceParts): Promise<OnceResult> {
  const { log, signal } = parts;
  const document: Document = { job: command.job, status: "failed", dryRun: command.dryRun };
  const progress: Progress = { config: null, outcome: null };
  const exitCode = await runJob(command, parts, document, progress);
  const callHooks = async (): Promise<void> => {
    if (!command.dryRun) await callHooksAfter(progress, document, log, signal);
  };
  return { exitCode, document, callHooks };
}

type Document = Record<string, unknown>;

/** The progress of a job, for its hooks. */
interface Progress {
  config: Config | null;
  outcome: AuctionOutcome | null;
}

async function runJob(
  command: OnceCommand,
  { log, signal, environment = readEnvironment() }: OnceParts,
  document: Document,
  progress: Progress,
): Promise<number> {
  const runtimes = new RuntimeStore(log, command.dryRun);
  try {
    const path = locateConfig(command.configPath, environment, osConfigFiles.exists);
    const unpackCbc = command.job === "auction" ? unpackBundledCbc : unpackNothing;
    const config = progress.config = await loadConfig(path, environment, osConfigFiles, unpackCbc);
    warnAboutCbc(config, log);
    const run = { command, config, log, signal, runtimes };
    Object.assign(document, await JOBS[command.job](run, document, progress), { status: "done" });
    return EXIT_DONE;
  } catch (error) {
    const described = describeError(error);
    document.error = described;
    log.error("Job failed", { job: command.job, error_name: described.name, error: described.message });
    if (error instanceof Error) log.debug("Stack of the failure", { stack: error.stack });
    return exitCodeOf(error);
  } finally {
    await runtimes.settled();
  }
}

async function callHooksAfter(
  { config, outcome }: Progress,
  document: Document,
  log: Logger,
  signal: AbortSignal,
): Promise<void> {
  if (config === null || signal.aborted) return;
  const hooks = new HookRunner({ log });
  const stop = (): Promise<void> => hooks.stop(HOOK_PATIENCE_MS);
  signal.addEventListener("abort", stop, { once: true });
  if (outcome !== null) callResultHooks(hooks, config.hooks, outcome, document);
  if (document.status !== "done") hooks.call("on_error", document, config.hooks);
  await hooks.settled();
  signal.removeEventListener("abort", stop);
}

interface Run {
  readonly command: OnceCommand;
  readonly config: Config;
  readonly log: Logger;
  readonly signal: AbortSignal;
  readonly runtimes: RuntimeStore;
}

async function runCommitment({ command, config, log, signal, runtimes }: Run): Promise<object> {
  requireWorkers(config);
  const hotkey = await finished(launchAddress({ config, log, signal }));
  const { force, dryRun } = command;
  return await finished(launchCommitment({ config, hotkey, log, signal, runtimes, force, dryRun }));
}

/** Publishes the empty bid, even if `[workers]` is invalid. */
async function runWithdrawal({ command, config, log, signal, runtimes }: Run): Promise<object> {
  const hotkey = await finished(launchAddress({ config, log, signal }));
  const { dryRun } = command;
  try {
    using _lock = await lockFor(command, config, hotkey);
    return await finished(
      launchCommitment({
        config,
        hotkey,
        log,
        signal,
        runtimes,
        force: false,
        dryRun,
        commitment: buildCommitment([]),
      }),
    );
  } catch (error) {
    if (!(error instanceof InstanceLockedError)) throw error;
    throw new InstanceLockedError(
      error.path,
      error.holder,
      "it would publish its bid again. Set [workers] enabled = false in its configuration, which takes " +
        "effect within 5 minutes, or at once on SIGHUP; or stop it first",
    );
  }
}

async function runAuction(
  { command, config, log, signal, runtimes }: Run,
  document: Document,
  progress: Progress,
): Promise<object> {
  const hotkey = await finished(launchAddress({ config, log, signal }));
  const workers = config.workers instanceof ConfigError ? null : config.workers;
  if (config.workers instanceof ConfigError) {
    log.warning("Workers misconfigured: nothing can be published", { error: config.workers.message });
  }
  warnAboutRouting(config.routing, log);

  const endMs = performance.now() + JOB_TIMEOUT_SECONDS * 1000;
  const provisional = await finished(launchAuction({ config, hotkey, log, signal, runtimes, known: null }));
  if (provisional.kind !== "computed") {
    throw new Error("Cannot use the result of the auction job: it computed nothing");
  }
  const result = { ...provisional, ...await finalOutcome(provisional, config, endMs, { log, signal }) };
  const { outcome, snapshot, window } = result;
  const { saveSnapshotPath } = command;
  const unsaved = saveSnapshotPath === undefined
    ? null
    : await saveAuction(saveSnapshotPath, { hotkey, window, onAmbiguous: config.onAmbiguous, snapshot }, log);
  const { alternativeFp18 } = config.economics;
  logOutcome(outcome, log, alternativeFp18);
  // Keep the outcome in the document even if the routing fails.
  Object.assign(document, computedDocument(result, alternativeFp18));
  progress.outcome = outcome;
  signal.throwIfAborted();
  using _lock = await lockFor(command, config, hotkey);
  const { routing, stateDirectory } = config;
  const { dryRun } = command;
  const steadyMs = hostClock.steadyMs();
  try {
    const results = await deliverOutcome(outcome, {
      callbacks,
      routing,
      workers,
      stateDirectory,
      dryRun,
      nowMs: hostClock.wallMs(steadyMs),
      steadyMs,
      fleet: new Fleet(),
      failures: new FailureLog(Date.now),
      signal,
      log,
    });
    const credit = outcomeTierCredit(outcome, results, { account: config.delivery.account, hotkey });
    logTierCredit(credit, log);
    document.creditedAtMostPh = credit?.creditedAtMostPh ?? null;
    document.routing = routingDocument(routing, results);
  } catch (error) {
    const results = resultsIn(error);
    if (results !== null) document.routing = routingDocument(routing, results);
    throw error;
  }
  if (unsaved !== null) throw unsaved;
  return {};
}

/** The final outcome, if a program is asked for one and answers before the job's time is over. */
async function finalOutcome(
  computed: ComputedAuction,
  config: Config,
  endMs: number,
  { log, signal }: OnceParts,
): Promise<SolvedOutcome> {
  const question = questionAfter(computed, config);
  if (question === null) return computed;
  const limitMs = Math.min(config.solver.cbcTimeLimitSeconds * 1000, endMs - performance.now());
  const { outcome, solved, failure } = await askProgram(question, { limitMs, signal });
  if (failure !== null) log.warning(FELL_BACK, { reason: outcome.solver?.fallbackReason });
  return { outcome, solved };
}

/** Writes the file of `--save-snapshot`; returns a failure instead of throwing, since the routing must not depend on it. */
async function saveAuction(path: string, auction: SavedAuction, log: Logger): Promise<Error | null> {
  try {
    await Deno.writeTextFile(path, formatSavedAuction(auction), { mode: 0o644 });
    log.info("Snapshot saved", { path });
    return null;
  } catch (error) {
    return new Error(
      `Cannot save the snapshot ${path}: ${describeError(error).message}; ` +
        "name a file in a folder that this user can write (--save-snapshot)",
      { cause: error },
    );
  }
}

/**
 * Takes the lock that keeps two agents from one proxy file. A dry run needs no lock, but fails if the state folder is
 * impossible.
 */
async function lockFor(command: OnceCommand, config: Config, hotkey: string): Promise<InstanceLock | null> {
  if (config.routing.kind === "off") return null;
  const { stateDirectory, network, netuid } = config;
  try {
    if (command.dryRun) {
      await refuseImpossibleFolder(stateDirectory);
      return null;
    }
    return await lockInstance(stateDirectory, { network, netuid, hotkey });
  } catch (error) {
    if (error instanceof InstanceLockedError) throw error;
    const message = `cannot use the state folder ${stateDirectory}: ${describeError(error).message}; ` +
      "set it to a folder that this user can write";
    throw new ConfigError(config.path, [{ key: "[state] directory", message }], { cause: error });
  }
}
