/**
 * `ih-miner earnings [CONFIG]`: the ledger added up by day.
 *
 * @module
 */

import {
  addUpEarnings,
  type DayEarnings,
  type Earnings,
  type EarningsSum,
  firstDay,
} from "../agent/records/earnings.ts";
import { ledgerFolder, readLedger } from "../agent/records/ledger.ts";
import { WINDOW_TABLE } from "../agent/records/ledger_line.ts";
import { PAY_TABLE } from "../agent/records/pay_line.ts";
import { finished } from "../agent/workers/job_host.ts";
import { launchAddress } from "../agent/workers/launch.ts";
import { type Environment, readEnvironment } from "../config/environment.ts";
import { loadConfig, osConfigFiles } from "../config/load.ts";
import { locateConfig } from "../config/locate.ts";
import { documentText } from "../lib/document.ts";
import { describeError } from "../lib/errors.ts";
import type { Logger } from "../lib/log.ts";
import { shareText, trimmed } from "../operator/status/format.ts";
import type { Command } from "./arguments.ts";
import { EXIT_DONE, exitCodeOf } from "./exit_codes.ts";
import { alignColumns } from "./table.ts";

type EarningsCommand = Extract<Command, { name: "earnings" }>;

/** The output of the command and its exit code. */
export interface ShownEarnings {
  readonly exitCode: number;
  /** For stdout. */
  readonly text: string;
  /** For stderr: why there is nothing to show. */
  readonly error: string;
}

/** Dependencies of {@link showEarnings}. */
export interface EarningsParts {
  readonly log: Logger;
  /** Ends the command. */
  readonly signal: AbortSignal;
  /** Milliseconds since 1970. */
  readonly nowMs: number;
  /** @default that of the process */
  readonly environment?: Environment;
}

/** The earnings and where they come from. */
interface Report extends Earnings {
  /** SS58 address. */
  readonly hotkey: string;
  readonly ledger: string;
  readonly isLedgerOn: boolean;
  /** Lines of the ledger that cannot be read. */
  readonly unreadableLines: number;
}

/** How much later than now the newest window may have begun. */
const MAX_CLOCK_LAG_MS = 60_000;

/** Columns of the bar of the best day. */
const BAR = 24;

/** Adds up the ledger. Failures end in the output and the exit code. */
export async function showEarnings(command: EarningsCommand, parts: EarningsParts): Promise<ShownEarnings> {
  const { format, days } = command;
  try {
    const report = await readReport(command, parts);
    const text = format === "json"
      ? documentText({ job: "earnings", status: "done", ...report })
      : format === "csv"
      ? toCsv(report)
      : toText(report, days);
    return { exitCode: EXIT_DONE, text, error: "" };
  } catch (error) {
    const described = describeError(error);
    const document = { job: "earnings", status: "failed", error: described };
    return {
      exitCode: exitCodeOf(error),
      text: format === "json" ? documentText(document) : "",
      error: `ih-miner: ${described.message}\n`,
    };
  }
}

async function readReport(
  { configPath, days }: EarningsCommand,
  { log, signal, nowMs, environment = readEnvironment() }: EarningsParts,
): Promise<Report> {
  const config = await loadConfig(locateConfig(configPath, environment, osConfigFiles.exists), environment);
  const { netuid, stateDirectory } = config;
  const hotkey = await finished(launchAddress({ config, log, signal }));
  const ledger = ledgerFolder(stateDirectory, { netuid, hotkey });
  // The line before the first day tells which windows are missing at its beginning.
  const month = firstDay(days + 1, nowMs).slice(0, 7);
  const windows = await readLedger(ledger, WINDOW_TABLE, month);
  const epochs = await readLedger(ledger, PAY_TABLE, month);
  const newest = windows.lines.at(-1)?.firstBlockTime;
  if (newest !== undefined && Date.parse(newest) > nowMs + MAX_CLOCK_LAG_MS) {
    log.warning("The ledger has windows of the future", {
      newest,
      now: new Date(nowMs).toISOString(),
      hint: "days are counted by this host's clock: check it with timedatectl",
    });
  }
  return {
    hotkey,
    ledger,
    isLedgerOn: config.ledger,
    unreadableLines: windows.unreadable + epochs.unreadable,
    ...addUpEarnings(windows.lines, epochs.lines, days, nowMs),
  };
}

const CSV_COLUMNS: Readonly<Record<string, (day: DayEarnings) => string | number | undefined>> = {
  day: ({ day }) => day,
  windows: ({ windows }) => windows,
  missing_windows: ({ missingWindows }) => missingWindows,
  won_windows: ({ wonWindows }) => wonWindows,
  ambiguous_windows: ({ ambiguousWindows }) => ambiguousWindows,
  offered_ph: ({ offeredPh }) => offeredPh,
  won_ph: ({ wonPh }) => wonPh,
  expected_alpha: ({ expected }) => expected.alpha,
  expected_tao: ({ expected }) => expected.tao,
  expected_usdc: ({ expected }) => expected.usdc,
  credited_windows: ({ creditedWindows }) => creditedWindows,
  credited_alpha: ({ credited }) => credited?.alpha,
  credited_tao: ({ credited }) => credited?.tao,
  credited_usdc: ({ credited }) => credited?.usdc,
  paid_epochs: ({ paidEpochs }) => paidEpochs,
  paid_alpha: ({ paidAlpha }) => paidAlpha ?? undefined,
  paid_share: ({ paidShare }) => paidShare ?? undefined,
};

function toCsv({ days }: Earnings): string {
  const columns = Object.entries(CSV_COLUMNS);
  const rows = days.map((day) => columns.map(([, valueOf]) => String(valueOf(day) ?? "")));
  return [columns.map(([name]) => name), ...rows].map((row) => `${row.join(",")}\n`).join("");
}

const HEADS = [
  "day",
  "windows",
  "missing",
  "won in",
  "offered",
  "won PH/s",
  "USDC",
  "alpha",
  "TAO",
  "credited",
  "paid alpha",
  "of expected",
  "",
];

function toText({ hotkey, days, total, ledger, isLedgerOn, unreadableLines }: Report, count: number): string {
  const highest = Math.max(0, ...days.map(({ expected }) => expected.usdc));
  const bar = (usdc: number): string => highest > 0 ? "█".repeat(Math.round(BAR * usdc / highest)) : "";
  const rows = [
    ...days.map((day) => [day.day, ...cellsOf(day), bar(day.expected.usdc)]),
    ["total", ...cellsOf(total), ""],
  ];
  const lines = [
    `Earnings of ${hotkey}, last ${count} days in UTC`,
    "",
    ...(days.length === 0
      ? [`No window is recorded. A running agent writes one line each window into ${ledger}.`]
      : [
        ...alignColumns([HEADS, ...rows], [0, HEADS.length - 1]),
        "",
        "USDC, alpha and TAO by each window's consensus prices, if all that was won is credited. credited: its share,",
        "in the windows whose credit is known. missing: windows that the agent did not see; they count as nothing.",
        "paid: by the chain, some hours after the windows; of expected: the share of what our results promised for them.",
      ]),
    ...(isLedgerOn ? [] : ["The ledger is turned off: [state] ledger = false."]),
    ...(unreadableLines === 0
      ? []
      : [`${unreadableLines} lines of the ledger cannot be read and are left out.`]),
  ];
  return lines.map((line) => `${line}\n`).join("");
}

function cellsOf(sum: EarningsSum): string[] {
  const { windows, missingWindows, wonWindows, offeredPh, wonPh, expected, creditedShare } = sum;
  const { paidAlpha, paidShare } = sum;
  return [
    String(windows),
    String(missingWindows),
    String(wonWindows),
    trimmed(offeredPh),
    trimmed(wonPh),
    expected.usdc.toFixed(2),
    expected.alpha.toFixed(3),
    expected.tao.toFixed(5),
    shareText(creditedShare),
    paidAlpha === null ? "–" : paidAlpha.toFixed(3),
    shareText(paidShare),
  ];
}
