/**
 * Logging: wraps LogTape.
 *
 * A log line is one JSON object with `event`, `timestamp` (ISO 8601, UTC), `level` and the fields of the
 * event, as in the Python original; the format `pretty` is the same for people. No line has raw control characters: in both
 * formats they are escaped as in JSON.
 *
 * @module
 */

import { configure, getLogger, type LogRecord, reset, type TextFormatter } from "@logtape/logtape";
import { cutText } from "./cut_text.ts";
import { printable, printableLine } from "./printable.ts";
import { type TextStream, writeText } from "./text_stream.ts";

/** The log levels, least severe first. */
export const LOG_LEVELS = ["debug", "info", "warning", "error"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export const LOG_FORMATS = ["json", "pretty"] as const;
export type LogFormat = (typeof LOG_FORMATS)[number];

/** The fields of an event: keys in snake_case, `undefined` is left out, bigints become text. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Logs events at one of {@link LOG_LEVELS}. */
export interface Logger {
  debug(event: string, fields?: LogFields): void;
  info(event: string, fields?: LogFields): void;
  warning(event: string, fields?: LogFields): void;
  error(event: string, fields?: LogFields): void;
  /** A logger that adds `fields` to every line. */
  with(fields: LogFields): Logger;
}

/** The destination of log lines, such as `Deno.stderr`. */
export type LogStream = TextStream;

/** The longest line of the log. */
export const MAX_LOG_LINE_CHARACTERS = 64 * 1024;

const CATEGORY = "ih-miner";

/** Sends all log lines of this process or worker to one stream; a second call replaces the settings. */
export async function startLogging({ level, format, stream }: {
  readonly level: LogLevel;
  readonly format: LogFormat;
  readonly stream: LogStream;
}): Promise<void> {
  const toText = bounded(format === "json" ? formatJsonLine : formatPrettyLine);
  await configure({
    reset: true,
    sinks: { stream: (record) => writeText(stream, toText(record)) },
    loggers: [
      { category: CATEGORY, lowestLevel: level, sinks: ["stream"] },
      // LogTape announces its own configuration at level info, which is of no use to an operator.
      { category: ["logtape", "meta"], lowestLevel: "error", sinks: ["stream"] },
    ],
  });
}

/** Stops logging: later lines are dropped. For tests. */
export const stopLogging: () => Promise<void> = reset;

/** The program's logger. Silent until {@link startLogging} is called. */
export function logger(): Logger {
  return wrap(getLogger(CATEGORY));
}

/** One JSON object and a line feed. */
const formatJsonLine: TextFormatter = (record) => {
  const head = {
    event: eventOf(record),
    timestamp: new Date(record.timestamp).toISOString(),
    level: record.level,
  };
  return `${toJsonText({ ...head, ...record.properties })}\n`;
};

/** `12:30:00 info     Auction results computed  won_count=2 lost_count=1`. */
const formatPrettyLine: TextFormatter = (record) => {
  const time = new Date(record.timestamp).toISOString().slice(11, 19);
  const fields = Object.entries(record.properties)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${prettyText(key)}=${prettyText(value)}`);
  const gap = fields.length > 0 ? " " : "";
  return `${time} ${record.level.padEnd(8)} ${printableLine(eventOf(record))}${gap}${fields.join("")}\n`;
};

/** Cuts what is longest in a line that is too long, and leaves the fields out if that does not suffice. */
function bounded(toText: TextFormatter): TextFormatter {
  return (record) => {
    const line = toText(record);
    if (line.length <= MAX_LOG_LINE_CHARACTERS) return line;
    const cut = Object.entries(record.properties).map(([key, value]) => [key, shortened(value)] as const);
    const shorter = toText({ ...record, properties: Object.fromEntries(cut) });
    if (shorter.length <= MAX_LOG_LINE_CHARACTERS) return shorter;
    return toText({ ...record, properties: { left_out: `${line.length} characters` } });
  };
}

function shortened(value: unknown): unknown {
  const text = typeof value === "string" ? value : JSON.stringify(value, toJson) ?? "";
  const short = cutText(text);
  return short === text ? value : short;
}

type Inner = ReturnType<typeof getLogger>;

function wrap(inner: Inner): Logger {
  return {
    debug: (event, fields = {}) => inner.debug(event, { ...fields }),
    info: (event, fields = {}) => inner.info(event, { ...fields }),
    warning: (event, fields = {}) => inner.warn(event, { ...fields }),
    error: (event, fields = {}) => inner.error(event, { ...fields }),
    with: (fields) => wrap(inner.with({ ...fields })),
  };
}

function eventOf(record: LogRecord): string {
  return typeof record.rawMessage === "string" ? record.rawMessage : record.rawMessage.join("");
}

function toJson(_key: string, value: unknown): unknown {
  if (typeof value === "bigint") return value.toString();
  if (value instanceof Error) return value.message;
  return value;
}

/** A key or value: as it is, or as JSON if it would be ambiguous or cannot be printed. */
function prettyText(text: unknown): string {
  const isPlain = typeof text === "string" && !/[\s"=]/.test(text) && printable(text) === text;
  return isPlain ? text : toJsonText(text);
}

function toJsonText(value: unknown): string {
  return printable(JSON.stringify(value, toJson));
}
