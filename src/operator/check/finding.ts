/**
 * The findings of `ih-miner check`, one line each.
 *
 * @module
 */

import { printable } from "../../lib/printable.ts";

/** The severity. `warn`: the agent works, but something needs attention. `fail`: a part of it does not work. */
export type FindingStatus = "ok" | "warn" | "fail";

/** The checked subject. */
export type Subject =
  | "config"
  | "bid"
  | "wallet"
  | "proxy"
  | "identity"
  | "asic"
  | "delivery"
  | "hook"
  | "webhook"
  | "reload"
  | "state"
  | "solver"
  | "endpoint"
  | "clock"
  | "registration"
  | "user";

/** One finding. */
export interface Finding {
  readonly status: FindingStatus;
  readonly check: Subject;
  readonly message: string;
  /** The fix, if possible as a command line; `null` if none is needed or known. */
  readonly fix: string | null;
}

/** Builds a finding. */
export function finding(
  status: FindingStatus,
  check: Subject,
  message: string,
  fix: string | null = null,
): Finding {
  return { status, check, message, fix };
}

const SEVERITY: readonly FindingStatus[] = ["ok", "warn", "fail"];

/** The worst status; `ok` without findings. */
export function worstOf(findings: readonly Finding[]): FindingStatus {
  const worst = Math.max(0, ...findings.map(({ status }) => SEVERITY.indexOf(status)));
  return SEVERITY[worst]!;
}

/** Formats a finding as a line, with its fix on a second line. The texts may be of other programs. */
export function formatFinding({ status, check, message, fix }: Finding): string {
  const indented = (text: string): string => printable(text).replaceAll("\n", `\n${" ".repeat(20)}`);
  const line = `${status.padEnd(5)} ${check.padEnd(13)} ${indented(message)}\n`;
  return fix === null ? line : `${line}${" ".repeat(20)}→ ${indented(fix)}\n`;
}
