/**
 * The ledger: a line for each window that the agent saw to its end, in a CSV file per month in the state folder. It is for
 * people; no decision of the agent depends on it, and it can be deleted at any time.
 *
 * @module
 */

import { join } from "node:path";
import type { AuctionOutcome } from "../../auction/outcome.ts";
import {
  type ClosedWindow,
  columnsOf,
  formatLedgerLine,
  LEDGER_COLUMNS,
  type LedgerLine,
  ledgerLine,
  parseLedger,
} from "./ledger_line.ts";

const NAME = /^\d{4}-\d{2}\.csv$/;

/** Whose windows a ledger holds. */
export interface LedgerOwner {
  readonly netuid: number;
  /** SS58 address. */
  readonly hotkey: string;
}

/** What is read from a ledger. */
export interface LedgerContent {
  /** In the order of their blocks, each window once. */
  readonly lines: readonly LedgerLine[];
  /** Lines that cannot be read. */
  readonly unreadable: number;
}

/** The folder of a bidder's ledger; bidders may share a state folder. */
export function ledgerFolder(stateDirectory: string, { netuid, hotkey }: LedgerOwner): string {
  return join(stateDirectory, "ledger", `${netuid}-${hotkey}`);
}

/**
 * Writes the line of a window that is over, unless it is there already.
 *
 * @returns whether a line was written.
 * @throws {Error} if the file cannot be written.
 */
export async function writeLedger(
  stateDirectory: string,
  outcome: AuctionOutcome,
  closed: ClosedWindow,
): Promise<boolean> {
  const line = ledgerLine(outcome, closed);
  const folder = ledgerFolder(stateDirectory, { netuid: outcome.netuid, hotkey: outcome.own.hotkey });
  await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
  return await append(join(folder, `${line.firstBlockTime.slice(0, 7)}.csv`), line);
}

/** Appends a line by one write, after it has removed a last line that was cut off. */
async function append(path: string, line: LedgerLine): Promise<boolean> {
  using file = await Deno.open(path, { read: true, write: true, create: true, mode: 0o600 });
  const bytes = new Uint8Array(await new Response(readAll(file)).arrayBuffer());
  // In bytes, because a file that was cut off may end within a character.
  const end = bytes.lastIndexOf(0x0a) + 1;
  if (end < bytes.length) await file.truncate(end);
  const text = new TextDecoder().decode(bytes.subarray(0, end));
  if (parseLedger(text).lines.some(({ firstBlock }) => firstBlock === line.firstBlock)) return false;
  const columns = text === "" ? LEDGER_COLUMNS : columnsOf(text.slice(0, text.indexOf("\n")));
  const header = text === "" ? `${columns.join(",")}\n` : "";
  await file.seek(end, Deno.SeekMode.Start);
  await writeAll(file, new TextEncoder().encode(`${header}${formatLedgerLine(line, columns)}\n`));
  await file.syncData();
  return true;
}

/** Reads to the end without closing the file. */
function readAll(file: Deno.FsFile): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream({
    async pull(controller): Promise<void> {
      const chunk = new Uint8Array(65_536);
      const count = await file.read(chunk);
      if (count === null) controller.close();
      else controller.enqueue(chunk.subarray(0, count));
    },
  });
}

async function writeAll(file: Deno.FsFile, bytes: Uint8Array): Promise<void> {
  let rest = bytes;
  while (rest.length > 0) rest = rest.subarray(await file.write(rest));
}

/**
 * Reads a ledger from a month on.
 *
 * @param sinceMonth `2026-11`.
 */
export async function readLedger(folder: string, sinceMonth: string): Promise<LedgerContent> {
  const byBlock = new Map<number, LedgerLine>();
  let unreadable = 0;
  for (const name of await fileNames(folder)) {
    if (name.slice(0, sinceMonth.length) < sinceMonth) continue;
    const content = parseLedger(await Deno.readTextFile(join(folder, name)));
    unreadable += content.unreadable;
    for (const line of content.lines) byBlock.set(line.firstBlock, line);
  }
  const lines = [...byBlock.values()].sort((a, b) => a.firstBlock - b.firstBlock);
  return { lines, unreadable };
}

async function fileNames(folder: string): Promise<string[]> {
  try {
    const names = await Array.fromAsync(Deno.readDir(folder), ({ name }) => name);
    return names.filter((name) => NAME.test(name)).sort();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}
