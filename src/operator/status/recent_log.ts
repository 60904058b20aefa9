/**
 * The last log lines, for the status page: what the log says is what an operator looks for there, too.
 *
 * @module
 */

import { HOOK_OUTPUT } from "../../agent/hooks/output.ts";
import type { LogFields, Logger, LogLevel } from "../../lib/log.ts";
import { redactUrls } from "../../lib/redact.ts";

/** Lines that are kept. */
export const MAX_RECENT_LINES = 60;
/** A value that is longer is cut; the log has it in full. */
const MAX_RECENT_VALUE_CHARACTERS = 240;
/** Of no use outside the log. */
const LEFT_OUT: readonly string[] = ["run_id"];

/** One log line, or several that are alike. */
export interface RecentLine {
  /** When the last one came, by the clock of the status. */
  readonly atMs: number;
  readonly level: Exclude<LogLevel, "debug">;
  readonly event: string;
  /** In the order of the log. */
  readonly fields: readonly RecentField[];
  /** How many there were while the first of them was still remembered. */
  readonly times: number;
}

/** One field of a line, for people. */
export interface RecentField {
  readonly key: string;
  readonly value: string;
}

/** Keeps what passes through its loggers, except at level debug. */
export class RecentLog {
  readonly #lines: RecentLine[] = [];

  /** @param nowMs the clock of the status, which never steps. */
  constructor(private readonly nowMs: () => number) {}

  /** The lines kept, newest first. */
  get newestFirst(): readonly RecentLine[] {
    return this.#lines.toReversed();
  }

  /** A logger that writes to `log` and is listened to. */
  listenTo(log: Logger, common: LogFields = {}): Logger {
    const at = (level: RecentLine["level"]) => (event: string, fields: LogFields = {}): void => {
      log[level](event, fields);
      this.#keep(level, event, { ...common, ...fields });
    };
    return {
      debug: (event, fields) => log.debug(event, fields),
      info: at("info"),
      warning: at("warning"),
      error: at("error"),
      with: (fields) => this.listenTo(log.with(fields), { ...common, ...fields }),
    };
  }

  #keep(level: RecentLine["level"], event: string, given: LogFields): void {
    // What a program writes in one run would push out all else.
    if (event === HOOK_OUTPUT) return;
    const fields = Object.entries(given)
      .filter(([key, value]) => value !== undefined && !LEFT_OUT.includes(key))
      .map(([key, value]) => ({ key, value: shown(value) }));
    const line: RecentLine = { atMs: this.nowMs(), level, event, fields, times: 1 };
    // A complaint that comes again at each run must not push out what came once.
    const alike = this.#lines.findLastIndex((kept, i) =>
      isAlike(kept, line) && (level !== "info" || i === this.#lines.length - 1)
    );
    const times = alike < 0 ? 0 : this.#lines.splice(alike, 1)[0]!.times;
    this.#lines.push({ ...line, times: times + 1 });
    if (this.#lines.length > MAX_RECENT_LINES) this.#lines.shift();
  }
}

function isAlike(a: RecentLine, b: RecentLine): boolean {
  return a.level === b.level && a.event === b.event && JSON.stringify(a.fields) === JSON.stringify(b.fields);
}

function shown(value: unknown): string {
  const safe = redactUrls(toText(value));
  return safe.length <= MAX_RECENT_VALUE_CHARACTERS ? safe : `${safe.slice(0, MAX_RECENT_VALUE_CHARACTERS)}…`;
}

/** Units that stand at the end of a name, and behind the value for people. */
const UNITS: Readonly<Record<string, string>> = { ph: "PH/s", seconds: "s", ms: "ms" };

/**
 * `mode ihp, pools path /etc/ihp/pools.toml; mode …`: without the punctuation of JSON and the spelling of programs. A
 * change is `old → new`; what has parts of its own stands in brackets inside of something else.
 */
function toText(value: unknown, isInside = false): string {
  if (value instanceof Error) return value.message;
  if (value === null) return "none";
  if (Array.isArray(value)) {
    if (value.length === 0) return "none";
    const isFlat = value.every((item) => typeof item !== "object" || item === null);
    const text = value.map((item) => toText(item)).join(isFlat ? ", " : "; ");
    return isInside && value.length > 1 ? `(${text})` : text;
  }
  if (typeof value !== "object") return String(value);
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  if (isChange(entries)) return entries.map(([, item]) => toText(item)).join(" → ");
  const text = entries.map(([key, item]) => named(key, item)).join(", ");
  return isInside ? `(${text})` : text;
}

function named(key: string, value: unknown): string {
  const words = key.replace(/([a-z0-9])([A-Z])/g, "$1 $2").replaceAll("_", " ").toLowerCase().split(" ");
  const unit = typeof value === "object" || words.length < 2 ? undefined : UNITS[words.at(-1)!];
  return unit === undefined
    ? `${words.join(" ")} ${toText(value, true)}`
    : `${words.slice(0, -1).join(" ")} ${toText(value)} ${unit}`;
}

function isChange(entries: readonly (readonly [string, unknown])[]): boolean {
  return entries.map(([key]) => key).join() === "old,new";
}
