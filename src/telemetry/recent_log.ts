/**
 * The last log lines, for the status page: what the log says is what an operator looks for there, too.
 *
 * @module
 */

import { HOOK_OUTPUT } from "../hooks/output.ts";
import type { LogFields, Logger, LogLevel } from "../lib/log.ts";
import { redactUrls } from "../lib/redact.ts";

/** Lines that are kept. */
const KEPT_LINES = 60;
/** A value that is longer is cut; the log has it in full. */
const LONGEST_VALUE = 240;
/** Of no use outside the log. */
const LEFT_OUT: readonly string[] = ["run_id"];

/** One log line, or several that are alike. */
export interface RecentLine {
  /** Of the last one, in milliseconds since 1970. */
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

  /** @param nowMs milliseconds since 1970. */
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
    if (this.#lines.length > KEPT_LINES) this.#lines.shift();
  }
}

function isAlike(a: RecentLine, b: RecentLine): boolean {
  return a.level === b.level && a.event === b.event && JSON.stringify(a.fields) === JSON.stringify(b.fields);
}

function shown(value: unknown): string {
  const safe = redactUrls(toText(value));
  return safe.length <= LONGEST_VALUE ? safe : `${safe.slice(0, LONGEST_VALUE)}…`;
}

/** `key pools.main[0], value 900TH/s; key …`: without the punctuation of JSON. */
function toText(value: unknown): string {
  if (value instanceof Error) return value.message;
  if (Array.isArray(value)) return value.map(toText).join("; ");
  if (typeof value !== "object" || value === null) return String(value);
  return Object.entries(value).map(([key, item]) => `${key} ${toText(item)}`).join(", ");
}
