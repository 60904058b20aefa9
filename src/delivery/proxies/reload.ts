/**
 * Signals a proxy to reload its file: by a sentinel file, a signal, or a command (spec, section 6).
 *
 * @module
 */

import { FileTooLargeError } from "../../lib/bounded_file.ts";
import { resolve } from "node:path";
import { redactCommand } from "../../lib/redact.ts";
import { type Files, touch } from "./files.ts";
import { reasonOf } from "./target_file.ts";
import type { Processes } from "./processes.ts";

/** The signals that may be sent to a proxy. */
export const RELOAD_SIGNALS = ["SIGHUP", "SIGUSR1", "SIGUSR2"] as const;
/** One of {@link RELOAD_SIGNALS}. */
export type ReloadSignal = (typeof RELOAD_SIGNALS)[number];

/** How to make a proxy reload. */
export type ReloadMethod =
  /** Touches a file that a sidecar watches. */
  | { readonly sentinelPath: string }
  /** Sends a signal to the process whose PID is in a file. */
  | { readonly signal: ReloadSignal; readonly pidFile: string }
  /** Runs a program with arguments; exit code 0 means success. */
  | { readonly reloadCommand: readonly string[] };

/**
 * The state of a reload. `touched`, `signalled`, `ran`: done, each by its method; `would-…` with `dryRun`. `pending`: failed,
 * and retried until it succeeds.
 */
export type ReloadState =
  | "touched"
  | "signalled"
  | "ran"
  | "pending"
  | "not-needed"
  | "would-touch"
  | "would-signal"
  | "would-run";

const COMMAND_TIMEOUT_MS = 10_000;

/** A process this much younger than its PID file is a different one; clocks may have been set in between. */
const MAX_PID_LAG_SECONDS = 300;
const FIRST_PID = 1;
/** The largest pid file. */
export const MAX_PID_FILE_BYTES = 4096;

/** Whether the reload is done. */
export function isReloadGiven(state: ReloadState): boolean {
  return state === "touched" || state === "signalled" || state === "ran";
}

/** The reload method of a target, without its other fields. */
export function reloadMethodOf(target: ReloadMethod): ReloadMethod {
  if ("sentinelPath" in target) return { sentinelPath: target.sentinelPath };
  if ("signal" in target) return { signal: target.signal, pidFile: target.pidFile };
  return { reloadCommand: target.reloadCommand };
}

/** The method without arguments that may be secret. */
export function shownReloadMethod(method: ReloadMethod): ReloadMethod {
  const shown = reloadMethodOf(method);
  return "reloadCommand" in shown ? { reloadCommand: redactCommand(shown.reloadCommand) } : shown;
}

/** The states of a reload by this method: done, and with `dryRun`. */
export function reloadStates(
  method: ReloadMethod,
): { readonly given: ReloadState; readonly would: ReloadState } {
  if ("sentinelPath" in method) return { given: "touched", would: "would-touch" };
  if ("signal" in method) return { given: "signalled", would: "would-signal" };
  return { given: "ran", would: "would-run" };
}

/** Describes a method for people. */
export function describeReload(method: ReloadMethod): string {
  if ("sentinelPath" in method) return `touching ${method.sentinelPath}`;
  if ("signal" in method) return `${method.signal} to the process of ${method.pidFile}`;
  return `running ${redactCommand(method.reloadCommand).join(" ")}`;
}

/** Dependencies of {@linkcode giveReload}. */
export interface ReloadContext {
  readonly files: Files;
  readonly processes: Processes;
  /** The modification time for a sentinel, in milliseconds since 1970. */
  readonly nowMs: number;
  /** What `nowMs` would be if the host's clock had not been set since the agent started. @default nowMs */
  readonly steadyMs?: number | undefined;
}

/** Signals a reload. Never rejects: resolves with the reason of a failure, or `null`. */
export async function giveReload(method: ReloadMethod, context: ReloadContext): Promise<string | null> {
  const { files, processes, nowMs } = context;
  try {
    if ("sentinelPath" in method) {
      await touch(files, resolve(method.sentinelPath), nowMs);
      return null;
    }
    if ("signal" in method) return await signalProxy(method, context);
    return await runCommand(method.reloadCommand, processes);
  } catch (error) {
    return reasonOf(error);
  }
}

/** The text of a pid file; empty if it is too long for one. */
async function shortText(files: Files, path: string): Promise<string> {
  try {
    return new TextDecoder().decode(await files.read(path, MAX_PID_FILE_BYTES)).trim();
  } catch (error) {
    if (error instanceof FileTooLargeError) return "";
    throw error;
  }
}

async function signalProxy(
  { signal, pidFile }: Extract<ReloadMethod, { signal: unknown }>,
  context: ReloadContext,
): Promise<string | null> {
  const { files, processes } = context;
  if (await files.kindOf(pidFile) === "missing") {
    return `there is no pid file ${pidFile}; start the proxy, or correct pid_file`;
  }
  const text = await shortText(files, pidFile);
  const pid = /^[1-9]\d{0,9}$/.test(text) ? Number(text) : null;
  if (pid === null) return `the pid file ${pidFile} holds no process id; correct pid_file`;
  if (pid === processes.ownPid) {
    return `the pid file ${pidFile} names ih-miner itself (${pid}); it is not the proxy's, or from another container`;
  }
  if (await isYounger(pid, pidFile, context)) {
    return `process ${pid} began long after ${pidFile} was written, so it is not the proxy, which has ended; ` +
      "start the proxy, correct pid_file, or touch the file if this host's clock was set in between";
  }
  try {
    processes.signal(pid, signal);
    return null;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) {
      return `no process has the id ${pid} of ${pidFile}; start the proxy`;
    }
    if (error instanceof Deno.errors.PermissionDenied) {
      return `not allowed to signal process ${pid} of ${pidFile}; run ih-miner as the proxy's user, or use a ` +
        "sentinel or a reload_command";
    }
    throw error;
  }
}

/**
 * Whether a process is too young to be the one whose PID was written: PIDs are reused, and these signals terminate programs
 * that do not handle them. Clocks are sometimes set, on hosts without a battery at each boot, so a file that seems older
 * than the first process proves nothing, nor one that is too old only by the clock of before or after it was set.
 */
async function isYounger(
  pid: number,
  pidFile: string,
  { files, processes, nowMs, steadyMs = nowMs }: ReloadContext,
): Promise<boolean> {
  const writtenMs = await files.modifiedMs(pidFile);
  const ages = await processes.ageSeconds([pid, FIRST_PID]);
  if (writtenMs === null || ages === null) return false;
  const [processAge = 0, bootAge = 0] = ages;
  return [nowMs, steadyMs].map((ms) => (ms - writtenMs) / 1000)
    .every((fileAge) => fileAge < bootAge && fileAge - processAge > MAX_PID_LAG_SECONDS);
}

async function runCommand(words: readonly string[], processes: Processes): Promise<string | null> {
  const { code, stderr } = await processes.run(words, { timeoutMs: COMMAND_TIMEOUT_MS });
  if (code === 0) return null;
  const end = code === null
    ? `was ended after ${COMMAND_TIMEOUT_MS / 1000} s`
    : `ended with exit code ${code}`;
  return `${redactCommand(words).join(" ")} ${end}${stderr === "" ? "" : `: ${stderr}`}`;
}
