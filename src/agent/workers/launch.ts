/**
 * Starts the workers of a configuration: each worker's input and permissions.
 *
 * @module
 */

import type { KnownWindow } from "../jobs/auction_job.ts";
import { type AuctionResult, readAuctionAnswer } from "../jobs/auction_result.ts";
import type { CommitmentJobInput, CommitmentResult } from "../jobs/commitment_job.ts";
import { readCommitmentAnswer } from "../jobs/commitment_answer.ts";
import type { JobNetwork } from "../jobs/connect.ts";
import type { KeptRuntime } from "../jobs/kept_runtime.ts";
import { checkAnswer, hotkeyAddress, WorkerAnswerError } from "../jobs/worker_answer.ts";
import { type Config, requireWorkers } from "../../config/load.ts";
import type { EndpointFailure } from "../../chain/errors.ts";
import { endpointLabel } from "../../chain/networks.ts";
import { refuseMissingHotkey } from "../../chain/wallet/hotkey_list.ts";
import type { Logger } from "../../lib/log.ts";
import { JOB_TIMEOUT_SECONDS } from "../../auction/protocol/constants.ts";
import type { BuiltCommitment } from "../../auction/protocol/worker_sizes.ts";
import type { AddressWorkerInput } from "./address_worker.ts";
import { BUILD } from "../../version.ts";
import type { AuctionWorkerInput } from "./auction_worker.ts";
import type { CommitmentWorkerInput } from "./commitment_worker.ts";
import { type RunningJob, startJob } from "./job_host.ts";
import type { RuntimeStore } from "./runtime_store.ts";

/** Options of every launch. */
export interface LaunchOptions {
  readonly config: Config;
  readonly log: Logger;
  readonly signal?: AbortSignal | undefined;
  /** Called for each endpoint that failed; the job may have gone on with another one. */
  readonly onEndpointFailed?: ((failure: EndpointFailure) => void) | undefined;
  /** Keeps the chain's runtimes for later runs. @default each run fetches them */
  readonly runtimes?: RuntimeStore | undefined;
  /** @default the protocol's 120 s */
  readonly timeoutMs?: number;
  /** How much the process may grow during the run. @default 512 MiB */
  readonly maxGrowthBytes?: number;
}

/** Options of a job that acts for a hotkey. */
export interface HotkeyLaunchOptions extends LaunchOptions {
  /** SS58 address. */
  readonly hotkey: string;
}

/** A worker to launch. */
export interface WorkerLaunch<Input, Output> {
  /** For messages: `auction`, `commitment`. */
  readonly name: string;
  readonly module: URL;
  readonly input: (timeoutMs: number, runtimes: readonly KeptRuntime[]) => Input;
  /** Checks the worker's answer. */
  readonly readAnswer: (answer: unknown) => Output;
  /** Whether the worker may connect to the configured endpoints. */
  readonly mayConnect: boolean;
  /** Paths the worker may read. */
  readonly read: readonly string[];
}

/** Whether a failure may come from wrong metadata. */
function isOfRuntime({ kind }: EndpointFailure): boolean {
  return kind === "invalid-answer" || kind === "missing-pallet";
}

/** Launches a worker with the permissions it needs. */
export function launchWorker<Input, Output>(
  options: LaunchOptions,
  { mayConnect, read, input, ...worker }: WorkerLaunch<Input, Output>,
): RunningJob<Output> {
  const { config, runtimes, timeoutMs = JOB_TIMEOUT_SECONDS * 1000 } = options;
  const { endpoints, stateDirectory } = config;
  const owner = { job: worker.name, stateDirectory };
  return startJob<Input, Output>({
    ...options,
    ...worker,
    timeoutMs,
    input: async () => {
      const known = mayConnect && runtimes !== undefined ? await runtimes.recall(owner, endpoints) : [];
      return input(timeoutMs, known);
    },
    onRuntime: (runtime) => {
      if (!endpoints.includes(runtime.url)) {
        throw new WorkerAnswerError(
          worker.name,
          "it hands over the runtime of an endpoint that is not configured",
        );
      }
      runtimes?.keep(owner, runtime);
    },
    onEndpointFailed: (failure) => {
      for (const url of endpoints) {
        if (isOfRuntime(failure) && endpointLabel(url) === failure.endpoint) runtimes?.forget(owner, url);
      }
      options.onEndpointFailed?.(failure);
    },
    endpoints: config.endpoints.map(endpointLabel),
    permissions: { net: mayConnect ? config.endpoints.map(hostAndPort) : [], read },
  });
}

/** Options of {@link launchAuction}. */
export interface AuctionLaunchOptions extends HotkeyLaunchOptions {
  readonly known: KnownWindow | null;
  /** Time for solving, in milliseconds. @default the job's time */
  readonly solveLimitMs?: number;
}

/**
 * Launches the auction job, which solves with the built-in engine.
 *
 * Its worker may connect to the endpoints. It cannot read a wallet.
 */
export function launchAuction(
  options: AuctionLaunchOptions,
  module = workerModule("auction_worker", import.meta.url),
): RunningJob<AuctionResult> {
  const { config, hotkey, known, solveLimitMs = Infinity } = options;
  const { netuid, onAmbiguous } = config;
  const asked = { netuid, hotkey, known, network: networkOf(config), onAmbiguous };
  return launchWorker<AuctionWorkerInput, AuctionResult>(options, {
    name: "auction",
    module,
    input: (timeoutMs, runtimes) => ({ ...asked, runtimes, solveLimitMs, timeoutMs }),
    readAnswer: (answer) => readAuctionAnswer(answer, asked),
    mayConnect: true,
    read: [],
  });
}

/**
 * Launches the commitment job.
 *
 * Its worker may connect to the endpoints and read the hotkey's file.
 *
 * @throws {import("../../config/errors.ts").ConfigError} when `[workers]` has a mistake.
 */
export function launchCommitment(
  options: HotkeyLaunchOptions & {
    readonly force: boolean;
    readonly dryRun: boolean;
    /** @default the configured bid */
    readonly commitment?: BuiltCommitment;
  },
  module = workerModule("commitment_worker", import.meta.url),
): RunningJob<CommitmentResult> {
  const { config, hotkey, force, dryRun } = options;
  const { commitment = requireWorkers(config).commitment } = options;
  const asked: CommitmentJobInput = {
    netuid: config.netuid,
    hotkey,
    text: commitment.text,
    workerCount: commitment.totalWorkers,
    force,
    dryRun,
  };
  return launchWorker<CommitmentWorkerInput, CommitmentResult>(options, {
    name: "commitment",
    module,
    input: (timeoutMs, runtimes) => ({
      ...asked,
      hotkeyPath: config.hotkeyPath,
      network: networkOf(config),
      runtimes,
      timeoutMs,
    }),
    readAnswer: (answer) => readCommitmentAnswer(answer, { ...asked, endpoints: config.endpoints }),
    mayConnect: true,
    read: [config.hotkeyPath],
  });
}

/**
 * Launches the look-up of the hotkey's address. Its worker may read the hotkey's file and nothing else.
 *
 * @throws {import("../../chain/wallet/errors.ts").WalletError} `missing` when there is no such file.
 */
export function launchAddress(
  options: LaunchOptions,
  module = workerModule("address_worker", import.meta.url),
): RunningJob<string> {
  const { hotkeyPath } = options.config;
  refuseMissingHotkey(hotkeyPath);
  return launchWorker<AddressWorkerInput, string>(options, {
    name: "address",
    module,
    input: () => ({ hotkeyPath }),
    readAnswer: (answer) => checkAnswer("address", hotkeyAddress, answer),
    mayConnect: false,
    read: [hotkeyPath],
  });
}

/**
 * The module of a worker that is in the same folder as the module `importer`. The bundle has all modules in one folder
 * (`scripts/compile/bundle.ts`).
 */
export function workerModule(name: string, importer: string): URL {
  return new URL(`./${name}.${BUILD === null ? "ts" : "js"}`, importer);
}

/** The chain that a configuration names. */
export function networkOf({ endpoints, expectedGenesisHash }: Config): JobNetwork {
  return { endpoints, expectedGenesisHash };
}

/** `wss://host/path` → `host:443`, as network permissions are written. */
function hostAndPort(endpoint: string): string {
  const { hostname, port, protocol } = new URL(endpoint);
  return `${hostname}:${port || (protocol === "wss:" ? 443 : 80)}`;
}
