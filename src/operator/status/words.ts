/**
 * What things are called in front of people, on the page as in the terminal.
 *
 * @module
 */

import { isStaying, type MinerReport } from "../../delivery/asics/fleet_report.ts";
import { clockTime, formatAgo, formatBlock, formatHashrate, trimmed } from "./format.ts";
import type { ShownValue } from "../../delivery/proxies/file_edit.ts";
import type { CbcReport, WithdrawalReport } from "./status_report.ts";

const PROXIES: Readonly<Record<string, string>> = {
  ihp: "InfiniteHash Proxy",
  braiins: "Braiins Farm Proxy",
};

const PARITIES: Readonly<Record<string, string>> = {
  "validator": "as the validators",
  "other-build": "another build than the validators'",
  "estimated": "an exact optimum",
};

/** A routing mode. */
export function proxyName(mode: string): string {
  return PROXIES[mode] ?? mode;
}

/** How close an outcome is to the validators'. */
export function parityText(parity: string): string {
  return PARITIES[parity] ?? parity;
}

/** The solver in use, as the footer of the page shows it. */
export function cbcText({ command, origin, isValidatorBuild }: CbcReport): string {
  if (command === null) return "glpk (built in)";
  const build = isValidatorBuild === null
    ? "not used yet"
    : isValidatorBuild
    ? "the validators' build"
    : "another build";
  return `cbc, ${build}${origin === "bundled" ? " (bundled)" : ""}`;
}

/** A value of the proxy's file. */
export function shownValue(value: ShownValue): string {
  return value === null ? "(not set)" : String(value);
}

/** `1 worker`, `2 workers`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/** Where an ASIC mines. */
export function placeText(place: MinerReport["found"]): string {
  if (place === null) return "no answer";
  return place === "subnet" || place === "fallback" ? place : "another pool";
}

/** What an ASIC says, of what it should have: `0.72 of 0.9 PH/s`. */
export function readingText({ readingPh, nominalHashratePh }: MinerReport): string {
  return `${readingPh === null ? "–" : trimmed(readingPh)} of ${formatHashrate(nominalHashratePh)}`;
}

/** `counts 0.72 PH/s` where that is not nominal; else `null`. */
export function countedText({ countedHashratePh, nominalHashratePh }: MinerReport): string | null {
  return countedHashratePh === nominalHashratePh ? null : `counts ${formatHashrate(countedHashratePh)}`;
}

/** What becomes of an ASIC that is no longer configured. */
export function removedText(miner: MinerReport): string {
  if (isStaying(miner)) return "no longer in [asic], stays until the others cover what was won";
  const { problem, found } = miner;
  const done = problem === null && found !== "subnet";
  return `no longer in [asic], ${done ? "" : "to be "}sent to its fallback pool`;
}

/** What is offered by a bid that was withdrawn, and why. */
export function withdrawnText({ why }: WithdrawalReport): string {
  return `nothing is offered${why === null ? "" : ` (${why})`}`;
}

/** From when on a withdrawn bid wins nothing, and what is owed until then. */
export function withdrawnEffect({ fromBlock, from }: WithdrawalReport, now: string): string {
  if (fromBlock === null) return "nothing can be won";
  const block = `block ${formatBlock(fromBlock)}`;
  const seconds = from === null ? null : (Date.parse(now) - Date.parse(from)) / 1000;
  if (seconds !== null && seconds >= 0) return `nothing can be won since ${block} (${formatAgo(seconds)})`;
  const about = from === null ? "" : ` (about ${clockTime(from)} UTC)`;
  return `nothing can be won from ${block} on${about}; what was won until then has to be delivered`;
}

/** With a capital first letter. */
export function capitalised(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;
}
