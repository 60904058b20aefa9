/**
 * Starting the jobs of a configuration: what each is told, and what its worker may do.
 *
 * @module
 */

import type { ChainLook, ChainLookInput } from "../../operator/check/chain_look.ts";
import type { AuctionJobResult, KnownWindow } from "../jobs/auction_job.ts";
import type { CommitmentResult } from "../jobs/commitment_job.ts";
import { type Config, requireWorkers } from "../../config/load.ts";
import type { EndpointFailure } from "../../chain/errors.ts";
import type { Logger } from "../../lib/log.ts";
import { JOB_TIMEOUT_SECONDS } from "../../auction/protocol/constants.ts";
import type { BuiltCommitment } from "../../auction/protocol/worker_sizes.ts";
import type { AddressWorkerInput } from "./address_worker.ts";
import { BUILD } from "../../version.ts";
import type { AuctionWorkerInput } from "./auction_worker.ts";
import { serveCbc } from "./cbc_requests.ts";
import type { CommitmentWorkerInput } from "./commitment_worker.ts";
import { type RunningJob, startJob } from "./job_host.ts";

/** What every job is started with. */
export interface LaunchOptions {
  readonly config: Config;
  /** SS58 address. */
  readonly hotkey: string;
  readonly log: Logger;
  readonly signal?: AbortSignal | undefined;
  /** Called for each endpoint that failed; the job may have gone on with another one. */
  readonly onEndpointFailed?: ((failure: EndpointFailure) => void) | undefined;
  /** @default the protocol's 120 s */
  readonly timeoutMs?: number;
}

/**
 * Starts the auction job.
 *
 * Its worker may talk to the endpoints, and have the configured solver run; it can read no wallet.
 */
export function launchAuction(
  options: LaunchOptions & { readonly known: KnownWindow | null },
): RunningJob<AuctionJobResult> {
  const { config, hotkey, known, timeoutMs = JOB_TIMEOUT_SECONDS * 1000 } = options;
  const { cbcCommand } = config.solver;
  return startJob<AuctionWorkerInput, AuctionJobResult>({
    ...options,
    name: "auction",
    module: workerModule("auction_worker"),
    timeoutMs,
    input: (folder) => ({
      netuid: config.netuid,
      hotkey,
      known,
      network: networkOf(config),
      solver: { ...config.solver, onAmbiguous: config.onAmbiguous, folder },
      timeoutMs,
    }),
    permissions: {
      net: config.endpoints.map(hostAndPort),
      read: [],
      write: [],
    },
    serve: cbcCommand === null ? undefined : serveCbc(cbcCommand),
  });
}

/**
 * Starts the commitment job.
 *
 * Its worker may talk to the endpoints and read the hotkey's file. The bid is the configured one unless told.
 *
 * @throws {import("../../config/errors.ts").ConfigError} when `[workers]` has a mistake.
 */
export function launchCommitment(
  options: LaunchOptions & {
    readonly force: boolean;
    readonly dryRun: boolean;
    readonly commitment?: BuiltCommitment;
  },
): RunningJob<CommitmentResult> {
  const { config, hotkey, force, dryRun, timeoutMs = JOB_TIMEOUT_SECONDS * 1000 } = options;
  const { commitment = requireWorkers(config).commitment } = options;
  return startJob<CommitmentWorkerInput, CommitmentResult>({
    ...options,
    name: "commitment",
    module: workerModule("commitment_worker"),
    timeoutMs,
    input: () => ({
      netuid: config.netuid,
      hotkey,
      hotkeyPath: config.hotkeyPath,
      text: commitment.text,
      workerCount: commitment.totalWorkers,
      force,
      dryRun,
      network: networkOf(config),
    }),
    permissions: { net: config.endpoints.map(hostAndPort), read: [config.hotkeyPath], write: [] },
  });
}

/**
 * Starts the look-up of the hotkey's address. Its worker may read the hotkey's file, and nothing else.
 */
export function launchAddress(options: Omit<LaunchOptions, "hotkey">): RunningJob<string> {
  const { config, timeoutMs = JOB_TIMEOUT_SECONDS * 1000 } = options;
  const { hotkeyPath } = config;
  return startJob<AddressWorkerInput, string>({
    ...options,
    name: "address",
    module: workerModule("address_worker"),
    timeoutMs,
    input: () => ({ hotkeyPath }),
    permissions: { net: [], read: [hotkeyPath], write: [] },
  });
}

/**
 * Starts the look at wallet and chain of `ih-miner check`. Its worker may do what the commitment job's may.
 */
export function launchCheck(options: Omit<LaunchOptions, "hotkey">): RunningJob<ChainLook> {
  const { config, timeoutMs = JOB_TIMEOUT_SECONDS * 1000 } = options;
  const { hotkeyPath, netuid } = config;
  return startJob<ChainLookInput, ChainLook>({
    ...options,
    name: "check",
    module: workerModule("check_worker"),
    timeoutMs,
    input: () => ({ hotkeyPath, netuid, ...networkOf(config) }),
    permissions: { net: config.endpoints.map(hostAndPort), read: [hotkeyPath], write: [] },
  });
}

/** A worker's module; the bundle has them beside all other modules (`scripts/compile/bundle.ts`). */
function workerModule(name: string): URL {
  return new URL(`./${name}.${BUILD === null ? "ts" : "js"}`, import.meta.url);
}

function networkOf({ endpoints, expectedGenesisHash }: Config): AuctionWorkerInput["network"] {
  return { endpoints, expectedGenesisHash };
}

/** `wss://host/path` → `host:443`, as network permissions are written. */
function hostAndPort(endpoint: string): string {
  const { hostname, port, protocol } = new URL(endpoint);
  return `${hostname}:${port || (protocol === "wss:" ? 443 : 80)}`;
}
