/**
 * `ih-miner advise [CONFIG]`: what one or several windows would have earned at other prices. It publishes nothing.
 *
 * @module
 */

import { launchAddress, launchAuction } from "../agent/workers/launch.ts";
import { finished } from "../agent/workers/job_host.ts";
import { readSavedAuction, type SavedAuction } from "../agent/jobs/saved_auction.ts";
import { SnapshotStore } from "../agent/records/snapshot_store.ts";
import { type Advice, advise } from "../auction/advice/advice.ts";
import { SnapshotError } from "../auction/protocol/errors.ts";
import { commitmentKey } from "../chain/commitment_key.ts";
import { type Environment, readEnvironment } from "../config/environment.ts";
import { type Config, loadConfig, osConfigFiles, requireWorkers } from "../config/load.ts";
import { locateConfig } from "../config/locate.ts";
import { documentText } from "../lib/document.ts";
import { describeError } from "../lib/errors.ts";
import type { Logger } from "../lib/log.ts";
import { adviceText, notesOn } from "./advice_text.ts";
import type { Command } from "./arguments.ts";
import { EXIT_DONE, exitCodeOf } from "./exit_codes.ts";

/** Time for one window alone; of several, each gets a share, but not less than the other limit. */
const ONE_WINDOW_LIMIT_MS = 7_000;
const LEAST_WINDOW_LIMIT_MS = 2_000;

type AdviseCommand = Extract<Command, { name: "advise" }>;

/** The output of the command and its exit code. */
export interface ShownAdvice {
  readonly exitCode: number;
  /** For stdout. */
  readonly text: string;
  /** For stderr: why there is no advice. */
  readonly error: string;
}

/** Dependencies of {@link runAdvise}. */
export interface AdviseParts {
  readonly log: Logger;
  /** Ends the command. */
  readonly signal: AbortSignal;
  /** @default that of the process */
  readonly environment?: Environment;
}

/** Gives the advice. Failures end in the output and the exit code. */
export async function runAdvise(command: AdviseCommand, parts: AdviseParts): Promise<ShownAdvice> {
  const { json } = command;
  try {
    const advice = await adviceFor(command, parts);
    const document = { job: "advise", status: "done", ...advice, notes: notesOn(advice) };
    return { exitCode: EXIT_DONE, text: json ? documentText(document) : adviceText(advice), error: "" };
  } catch (error) {
    const described = describeError(error);
    const text = json ? documentText({ job: "advise", status: "failed", error: described }) : "";
    return { exitCode: exitCodeOf(error), text, error: `ih-miner: ${described.message}\n` };
  }
}

async function adviceFor(command: AdviseCommand, parts: AdviseParts): Promise<Advice> {
  const { environment = readEnvironment(), signal } = parts;
  const path = locateConfig(command.configPath, environment, osConfigFiles.exists);
  const config = await loadConfig(path, environment);
  const { offers } = requireWorkers(config);
  const windows = onceEach(await readWindows(command, config, parts));
  const { hotkey, snapshot } = windows.at(-1)!;
  return await advise({
    windows,
    hotkey,
    storageKey: commitmentKey(snapshot, hotkey),
    offers,
    alternativeFp18: config.economics.alternativeFp18,
    windowLimitMs: Math.max(ONE_WINDOW_LIMIT_MS / windows.length, LEAST_WINDOW_LIMIT_MS),
    now: () => performance.now(),
    pause: async () => {
      // Signals are handled between two tasks.
      await new Promise((resolve) => setTimeout(resolve, 0));
      signal.throwIfAborted();
    },
  });
}

/** The windows to try prices out in, at least one. */
async function readWindows(
  { snapshotPaths, windows }: AdviseCommand,
  config: Config,
  { log, signal }: AdviseParts,
): Promise<SavedAuction[]> {
  if (snapshotPaths.length > 0) {
    const auctions: SavedAuction[] = [];
    for (const path of snapshotPaths) auctions.push(await readSavedAuction(path));
    refuseSeveralMiners(auctions, snapshotPaths);
    return auctions;
  }
  const hotkey = await finished(launchAddress({ config, log, signal }));
  if (windows !== undefined) return await readKept(windows, hotkey, config, log);
  // The outcome is computed again: only the snapshot is needed.
  const result = await finished(launchAuction({ config, hotkey, log, signal, known: null }));
  if (result.kind !== "computed") {
    throw new Error("Cannot use the result of the auction job: it computed nothing");
  }
  const { snapshot, window } = result;
  return [{ hotkey, window, onAmbiguous: config.onAmbiguous, snapshot }];
}

async function readKept(
  count: number,
  hotkey: string,
  { stateDirectory, netuid, keptSnapshots }: Config,
  log: Logger,
): Promise<SavedAuction[]> {
  const store = new SnapshotStore(stateDirectory, { netuid, hotkey });
  const { auctions, unreadable } = await store.newest(count);
  for (const { path, why } of unreadable) log.warning("Kept window cannot be read", { path, error: why });
  if (auctions.length > 0) return [...auctions];
  const why = keptSnapshots === 0
    ? "[state] snapshots = 0 keeps none; set it, or give files with --from"
    : "a running agent keeps one each window; give files with --from, or leave out --windows to read the chain";
  throw new SnapshotError("", `Cannot advise from kept windows: there are none in ${store.folder}; ${why}`);
}

/** A window that is given twice counts once. The oldest first. */
function onceEach(auctions: readonly SavedAuction[]): SavedAuction[] {
  const byBlock = new Map(auctions.map((auction) => [auction.snapshot.firstBlock.hash, auction]));
  return [...byBlock.values()].sort((a, b) => a.snapshot.firstBlock.number - b.snapshot.firstBlock.number);
}

function refuseSeveralMiners(auctions: readonly SavedAuction[], paths: readonly string[]): void {
  const other = auctions.findIndex(({ hotkey }) => hotkey !== auctions[0]!.hotkey);
  if (other === -1) return;
  throw new SnapshotError(
    "hotkey",
    `Cannot average over windows of several hotkeys: ${paths[0]} is of ${auctions[0]!.hotkey}, ` +
      `${paths[other]} of ${auctions[other]!.hotkey}; give files of one hotkey`,
  );
}
