/**
 * Routes to one proxy: edits its file by won and lost sizes, and signals the reload (spec, section 6).
 *
 * @module
 */

import { resolve } from "node:path";
import { TomlError } from "../../lib/toml.ts";
import type { PoolIdentity } from "../../auction/credit/identity.ts";
import { editProfile, targetIdentities } from "./braiins.ts";
import { RoutingError } from "./errors.ts";
import { type Files, osFiles } from "./files.ts";
import { editPools, poolIdentities } from "./ihp.ts";
import { type Journal, journalPath, journalWrite, writeJournal } from "./journal.ts";
import { type RecoveredWrite, recoverWrite, type Recovery } from "./recovery.ts";
import { osProcesses, type Processes } from "./processes.ts";
import {
  giveReload,
  type ReloadMethod,
  reloadMethodOf,
  type ReloadState,
  reloadStates,
  shownReloadMethod,
} from "./reload.ts";
import { readTarget, replaceContent } from "./target_file.ts";
import { isEqual } from "./torn_write.ts";
import type { FileEdit, RoutedValue } from "./file_edit.ts";
import { unifiedDiff } from "./unified_diff.ts";

/** A proxy's file and how to make the proxy reload it. */
export type RoutingTarget =
  & (
    | {
      /** InfiniteHash Proxy. */
      readonly mode: "ihp";
      readonly poolsPath: string;
      readonly subnetPoolName: string;
      /** The share of the won hashrate that this proxy delivers, above 0 up to 1. @default {1} */
      readonly share?: number;
    }
    | {
      /** Braiins Farm Proxy. */
      readonly mode: "braiins";
      readonly profilePath: string;
    }
  )
  & ReloadMethod;

/** The decision of the auction: sizes in PH/s as decimal text, one entry per worker. */
export interface RoutingDemand {
  readonly wonSizes: readonly string[];
  readonly lostSizes: readonly string[];
}

/** Options of {@linkcode applyRouting} and {@linkcode recoverRouting}. */
export interface RoutingOptions {
  /** The folder of the journals; created with mode 0700 on demand. */
  readonly stateDirectory: string;
  /** Writes nothing and reports what would be done. */
  readonly dryRun: boolean;
  /** Milliseconds since 1970, for the sentinel and the start of a pending reload. */
  readonly nowMs: number;
  /** What `nowMs` would be if the host's clock had not been set since the agent started. @default nowMs */
  readonly steadyMs?: number | undefined;
  /** @default osFiles */
  readonly files?: Files;
  /** @default osProcesses */
  readonly processes?: Processes;
}

/** The state of the reload, with the fields of its method; of a command only the program. */
export type ReloadReport = ReloadMethod & {
  readonly reload: ReloadState;
  /** Since when the reload is pending, in milliseconds since 1970. */
  readonly reloadPendingSinceMs: number | null;
  /** Why the reload failed. */
  readonly reloadError: string | null;
};

/** The recovery from an interrupted run. */
export type RecoveryReport = ReloadReport & {
  readonly mode: RoutingTarget["mode"];
  /** The proxy's file. */
  readonly path: string;
  readonly dryRun: boolean;
  readonly recovered: Recovery;
};

/** What routing did, or would do with `dryRun`. */
export type RoutingReport = RecoveryReport & {
  readonly changed: boolean;
  /** Why the edit was skipped: there was no hashrate, neither won nor lost (`braiins` only). */
  readonly skipped: FileEdit["skipped"];
  /** The keys that routing owns, whether changed or not. */
  readonly values: readonly RoutedValue[];
  /** The identities under which the proxy mines for the subnet. */
  readonly identities: readonly PoolIdentity[];
  /** Unified diff of the file; empty if nothing changed. */
  readonly diff: string;
};

/** How often an edit is attempted while the file keeps changing. */
const ATTEMPTS = 3;

/**
 * Routes the hashrate: recovers from an interrupted run, edits the proxy's file in place, and signals the reload once the
 * file is safely written. If nothing changes and no reload is pending, it writes nothing.
 *
 * A failed reload is not an error: the report says `pending`, the journal records it, and every later run retries it, even
 * if the file needs no edit.
 *
 * Two processes must not route to one file at once: each would take the other's write for an interrupted one.
 *
 * @throws {RoutingError} if the file cannot be read, parsed or written, lacks the pool or the goals, or if the state folder
 *   cannot be used; the file then has its previous content, or the next run recovers it
 */
export async function applyRouting(
  target: RoutingTarget,
  demand: RoutingDemand,
  options: RoutingOptions,
): Promise<RoutingReport> {
  const place = placeOf(target, options);
  const recovered = await recoverWrite(place.files, { ...place, ...options });
  const { before, edit, journal } = options.dryRun
    ? await rehearse(target, demand, place, recovered, options.nowMs)
    : await editFile(target, demand, place, recovered, options.nowMs);
  return {
    mode: target.mode,
    path: place.targetPath,
    dryRun: options.dryRun,
    recovered: recovered.recovery,
    changed: edit.changed,
    skipped: edit.skipped,
    values: edit.values,
    identities: identitiesIn(target, place.targetPath, before, recovered.recovery),
    diff: unifiedDiff(before, edit.after, place.targetPath),
    ...await settleReload(target, place, journal, options),
  };
}

/**
 * Recovers from an interrupted run without a new decision: completes a torn file and retries a pending reload. For the
 * service's start, before any auction is known; {@linkcode applyRouting} recovers by itself.
 *
 * @throws {RoutingError} if the state folder cannot be used or a torn file cannot be completed
 */
export async function recoverRouting(
  target: RoutingTarget,
  options: RoutingOptions,
): Promise<RecoveryReport> {
  const place = placeOf(target, options);
  const { recovery, journal } = await recoverWrite(place.files, { ...place, ...options });
  return {
    mode: target.mode,
    path: place.targetPath,
    dryRun: options.dryRun,
    recovered: recovery,
    ...await settleReload(target, place, journal, options),
  };
}

/** The absolute path of the proxy's file. */
export function targetPath(target: RoutingTarget): string {
  return resolve(target.mode === "ihp" ? target.poolsPath : target.profilePath);
}

interface Place {
  readonly files: Files;
  readonly targetPath: string;
  readonly journalPath: string;
}

interface EditedFile {
  readonly before: string;
  readonly edit: FileEdit;
  readonly journal: Journal;
}

function placeOf(target: RoutingTarget, { stateDirectory, files = osFiles }: RoutingOptions): Place {
  const path = targetPath(target);
  return { files, targetPath: path, journalPath: journalPath(resolve(stateDirectory), path) };
}

async function rehearse(
  target: RoutingTarget,
  demand: RoutingDemand,
  { files, targetPath }: Place,
  recovered: RecoveredWrite,
  nowMs: number,
): Promise<EditedFile> {
  const before = recovered.wouldBe ?? decode(await readTarget(files, targetPath), targetPath);
  const edit = editText(target, demand, targetPath, before, recovered.recovery);
  const reload = recovered.journal.reload ?? (edit.changed ? { sinceMs: nowMs } : null);
  return { before, edit, journal: { write: null, reload } };
}

async function editFile(
  target: RoutingTarget,
  demand: RoutingDemand,
  { files, targetPath, journalPath }: Place,
  recovered: RecoveredWrite,
  nowMs: number,
): Promise<EditedFile> {
  const idle: Journal = { write: null, reload: recovered.journal.reload };
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const bytes = await readTarget(files, targetPath);
    const before = decode(bytes, targetPath);
    const edit = editText(target, demand, targetPath, before, recovered.recovery);
    if (!edit.changed) return { before, edit, journal: idle };

    const write = journalWrite(nowMs, before, edit.after);
    await writeJournal(files, journalPath, targetPath, { ...idle, write });
    if (!isEqual(await readTarget(files, targetPath), bytes)) {
      await writeJournal(files, journalPath, targetPath, idle);
      continue;
    }
    const after = new TextEncoder().encode(edit.after);
    const failure = await replaceContent(files, targetPath, { before: bytes, after });
    if (failure !== null) {
      await writeJournal(files, journalPath, targetPath, idle);
      throw failure;
    }
    const journal: Journal = { write: null, reload: idle.reload ?? { sinceMs: nowMs } };
    await writeJournal(files, journalPath, targetPath, journal);
    return { before, edit, journal };
  }
  throw new RoutingError(
    "changed-meanwhile",
    targetPath,
    `Cannot edit ${targetPath}: it changed ${ATTEMPTS} times during the edit and stays as it is; ` +
      "find out which other program writes it",
  );
}

async function settleReload(
  target: RoutingTarget,
  { files, targetPath, journalPath }: Place,
  journal: Journal,
  { dryRun, nowMs, steadyMs, processes = osProcesses }: RoutingOptions,
): Promise<ReloadReport> {
  const method = reloadMethodOf(target);
  const shown = shownReloadMethod(method);
  const { given, would } = reloadStates(method);
  const settled = { ...shown, reloadPendingSinceMs: null, reloadError: null };
  if (journal.reload === null) return { ...settled, reload: "not-needed" };
  if (dryRun) return { ...settled, reload: would };
  const reloadError = await giveReload(method, { files, processes, nowMs, steadyMs });
  if (reloadError !== null) {
    return { ...shown, reload: "pending", reloadPendingSinceMs: journal.reload.sinceMs, reloadError };
  }
  await writeJournal(files, journalPath, targetPath, { ...journal, reload: null });
  return { ...settled, reload: given };
}

function decode(bytes: Uint8Array, path: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    throw new RoutingError(
      "unparsable",
      path,
      `Cannot route in ${path}: it is not UTF-8 text; save it as UTF-8`,
      { cause: error },
    );
  }
}

function editText(
  target: RoutingTarget,
  demand: RoutingDemand,
  path: string,
  before: string,
  recovery: Recovery,
): FileEdit {
  return parsing(path, recovery, () => {
    if (target.mode === "braiins") return editProfile(before, { path, ...demand });
    const { subnetPoolName, share = 1 } = target;
    return editPools(before, { path, subnetPoolName, share, wonSizes: demand.wonSizes });
  });
}

function identitiesIn(target: RoutingTarget, path: string, text: string, recovery: Recovery): PoolIdentity[] {
  return parsing(
    path,
    recovery,
    () =>
      target.mode === "braiins"
        ? targetIdentities(text, { path })
        : poolIdentities(text, { path, subnetPoolName: target.subnetPoolName }),
  );
}

/** Parses the proxy's file and words its mistakes. */
function parsing<T>(path: string, { keptPath }: Recovery, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const kept = keptPath === null ? "" : `; the content before an interrupted write is kept in ${keptPath}`;
    throw new RoutingError(
      "unparsable",
      path,
      `Cannot route in ${path}: line ${error.line}, column ${error.column}: ${error.reason}; correct the file${kept}`,
      { cause: error },
    );
  }
}
