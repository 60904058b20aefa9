/**
 * What `ih-miner check` finds: one line each.
 *
 * @module
 */

/** How bad it is. `warn`: the agent works, and somebody should look. `fail`: some part of it does not work. */
export type FindingStatus = "ok" | "warn" | "fail";

/** What was looked at. */
export type Subject =
  | "config"
  | "bid"
  | "wallet"
  | "proxy"
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

/** One result. */
export interface Finding {
  readonly status: FindingStatus;
  readonly check: Subject;
  readonly message: string;
  /** What mends it, a command line where there is one; `null` when there is nothing to mend or to say. */
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

/** The worst of all statuses; `ok` when there are none. */
export function worstOf(findings: readonly Finding[]): FindingStatus {
  const worst = Math.max(0, ...findings.map(({ status }) => SEVERITY.indexOf(status)));
  return SEVERITY[worst]!;
}

/** A finding as a line for people, its fix on a line of its own. */
export function formatFinding({ status, check, message, fix }: Finding): string {
  const line = `${status.padEnd(5)} ${check.padEnd(13)} ${message.replaceAll("\n", `\n${" ".repeat(20)}`)}\n`;
  return fix === null ? line : `${line}${" ".repeat(20)}→ ${fix}\n`;
}
