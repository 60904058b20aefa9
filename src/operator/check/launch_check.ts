/**
 * Launches the worker of `ih-miner check`.
 *
 * @module
 */

import type { RunningJob } from "../../agent/workers/job_host.ts";
import { type LaunchOptions, launchWorker, networkOf, workerModule } from "../../agent/workers/launch.ts";
import type { ChainLook, ChainLookInput } from "./chain_look.ts";
import { readChainLook } from "./chain_look_answer.ts";

/** Launches the check of wallet and chain. Its worker has the permissions of the commitment job's. */
export function launchCheck(
  options: LaunchOptions,
  module = workerModule("check_worker", import.meta.url),
): RunningJob<ChainLook> {
  const { config } = options;
  const { hotkeyPath, netuid } = config;
  return launchWorker<ChainLookInput, ChainLook>(options, {
    name: "check",
    module,
    input: () => ({ hotkeyPath, netuid, ...networkOf(config) }),
    readAnswer: (answer) => readChainLook(answer, config.endpoints),
    mayConnect: true,
    read: [hotkeyPath],
  });
}
