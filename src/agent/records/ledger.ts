/**
 * The ledger: a line for each window that the agent saw to its end, and one for each epoch that the chain paid, in CSV files
 * per month in the state folder. It is for people; no decision of the agent depends on it, and it can be deleted at any
 * time.
 *
 * @module
 */

import { openOwn } from "../../lib/own_file.ts";
import { join } from "node:path";
import { FileTooLargeError, readOpen } from "../../lib/bounded_file.ts";
import { columnsOf, columnsOfHeader, type CsvTable, formatLine, parseTable } from "./csv_table.ts";

/** Whose lines a ledger holds. */
export interface LedgerOwner {
  readonly netuid: number;
  /** SS58 address. */
  readonly hotkey: string;
}

/** What is read from a ledger. */
export interface LedgerContent<Line> {
  /** In the order of their blocks, each block once. */
  readonly lines: readonly Line[];
  /** Lines that cannot be read. */
  readonly unreadable: number;
}

/** The largest file of a ledger, which holds a month: five times that of a window every twelve minutes. */
export const MAX_LEDGER_FILE_BYTES = 8 * 1024 * 1024;
/** `2026-11` at the beginning of a file's name. */
const MONTH_LENGTH = 7;

/** The folder of a bidder's ledger; bidders may share a state folder. */
export function ledgerFolder(stateDirectory: string, { netuid, hotkey }: LedgerOwner): string {
  return join(stateDirectory, "ledger", `${netuid}-${hotkey}`);
}

/**
 * Writes a line, unless there is one for its block already: by one write, after it has removed a last line that was cut off.
 *
 * @returns whether a line was written.
 * @throws {Error} if the file cannot be written.
 */
export async function writeLedger<Line extends object>(
  folder: string,
  table: CsvTable<Line>,
  line: Line,
): Promise<boolean> {
  await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, `${table.timeOf(line).slice(0, MONTH_LENGTH)}${table.suffix}`);
  using file = await openOwn(path);
  const bytes = await readOfLedger(path, file);
  // In bytes, because a file that was cut off may end within a character.
  const end = bytes.lastIndexOf(0x0a) + 1;
  if (end < bytes.length) await file.truncate(end);
  const text = new TextDecoder().decode(bytes.subarray(0, end));
  const isThere = parseTable(text, table).lines.some((other) => table.blockOf(other) === table.blockOf(line));
  if (isThere) return false;
  const columns = text === "" ? columnsOf(table) : columnsOfHeader(text.slice(0, text.indexOf("\n")));
  const header = text === "" ? `${columns.join(",")}\n` : "";
  await file.seek(end, Deno.SeekMode.Start);
  await writeAll(file, new TextEncoder().encode(`${header}${formatLine(line, columns)}\n`));
  await file.syncData();
  return true;
}

async function writeAll(file: Deno.FsFile, bytes: Uint8Array): Promise<void> {
  let rest = bytes;
  while (rest.length > 0) rest = rest.subarray(await file.write(rest));
}

/**
 * Reads a table of a ledger from a month on.
 *
 * @param sinceMonth `2026-11`.
 */
export async function readLedger<Line>(
  folder: string,
  table: CsvTable<Line>,
  sinceMonth: string,
): Promise<LedgerContent<Line>> {
  const byBlock = new Map<number, Line>();
  let unreadable = 0;
  for (const name of await fileNames(folder, table)) {
    if (name.slice(0, MONTH_LENGTH) < sinceMonth) continue;
    const path = join(folder, name);
    using file = await Deno.open(path);
    const content = parseTable(new TextDecoder().decode(await readOfLedger(path, file)), table);
    unreadable += content.unreadable;
    for (const line of content.lines) byBlock.set(table.blockOf(line), line);
  }
  const lines = [...byBlock.values()].sort((a, b) => table.blockOf(a) - table.blockOf(b));
  return { lines, unreadable };
}

async function readOfLedger(path: string, file: Deno.FsFile): Promise<Uint8Array> {
  try {
    return await readOpen(file, MAX_LEDGER_FILE_BYTES);
  } catch (error) {
    if (!(error instanceof FileTooLargeError)) throw error;
    throw new Error(`Cannot use the ledger ${path}: ${error.message}; move that file away`, { cause: error });
  }
}

async function fileNames<Line>(folder: string, { suffix }: CsvTable<Line>): Promise<string[]> {
  try {
    const names = await Array.fromAsync(Deno.readDir(folder), ({ name }) => name);
    return names.filter((name) => /^\d{4}-\d{2}$/.test(name.slice(0, MONTH_LENGTH)))
      .filter((name) => name.slice(MONTH_LENGTH) === suffix).sort();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}
