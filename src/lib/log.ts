/**
 * Logging: the one place that knows LogTape (a stand-in for `@std/log`).
 *
 * A log line is one JSON object with `event`, `timestamp` (ISO 8601, UTC), `level` and the fields of the
 * event, as the Python original wrote them; `pretty` is the same for people.
 *
 * @module
 */

import { configure, getLogger, type LogRecord, reset, type TextFormatter } from "@logtape/logtape";

/** The levels an operator can choose, least severe first. */
export const LOG_LEVELS = ["debug", "info", "warning", "error"] as const;
/** One of {@link LOG_LEVELS}. */
export type LogLevel = (typeof LOG_LEVELS)[number];

/** The output formats an operator can choose. */
export const LOG_FORMATS = ["json", "pretty"] as const;
/** One of {@link LOG_FORMATS}. */
export type LogFormat = (typeof LOG_FORMATS)[number];

/** The fields of an event. Keys are snake_case; `undefined` values are left out; bigints become text. */
export type LogFields = Readonly<Record<string, unknown>>;

/** What the program logs with. */
export interface Logger {
  debug(event: string, fields?: LogFields): void;
  info(event: string, fields?: LogFields): void;
  warning(event: string, fields?: LogFields): void;
  error(event: string, fields?: LogFields): void;
  /** A logger whose every line carries `fields` too. */
  with(fields: LogFields): Logger;
}

/** Where log lines go: `Deno.stdout`, `Deno.stderr`, or a recorder in tests. */
export interface LogStream {
  writeSync(bytes: Uint8Array): number;
}

/** Options of {@link startLogging}. */
export interface LoggingOptions {
  readonly level: LogLevel;
  readonly format: LogFormat;
  readonly stream: LogStream;
}

const CATEGORY = "ih-miner";

/**
 * Routes all log lines of this process (or worker) to one stream. Calling it again replaces the former
 * settings.
 */
export async function startLogging(options: LoggingOptions): Promise<void> {
  const { level, format, stream } = options;
  const toText = format === "json" ? formatJsonLine : formatPrettyLine;
  await configure({
    reset: true,
    sinks: { stream: (record) => writeAll(stream, toText(record)) },
    loggers: [
      { category: CATEGORY, lowestLevel: level, sinks: ["stream"] },
      // LogTape announces its own configuration at level info, which is of no use to an operator.
      { category: ["logtape", "meta"], lowestLevel: "error", sinks: ["stream"] },
    ],
  });
}

/** Ends logging; what is logged afterwards is dropped. For tests. */
export async function stopLogging(): Promise<void> {
  await reset();
}

/** The program's logger. Silent until {@link startLogging} was called. */
export function logger(): Logger {
  return wrap(getLogger(CATEGORY));
}

/** One JSON object and a line feed. */
export const formatJsonLine: TextFormatter = (record) => {
  const head = {
    event: eventOf(record),
    timestamp: new Date(record.timestamp).toISOString(),
    level: record.level,
  };
  return `${JSON.stringify({ ...head, ...record.properties }, toJson)}\n`;
};

/** `12:30:00 info     Auction results computed  won_count=2 lost_count=1`. */
export const formatPrettyLine: TextFormatter = (record) => {
  const time = new Date(record.timestamp).toISOString().slice(11, 19);
  const fields = Object.entries(record.properties)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}=${prettyValue(value)}`);
  return `${time} ${record.level.padEnd(8)} ${eventOf(record)}${fields.length > 0 ? " " : ""}${
    fields.join("")
  }\n`;
};

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

function prettyValue(value: unknown): string {
  return typeof value === "string" && !/[\s"=]/.test(value) ? value : JSON.stringify(value, toJson);
}

function writeAll(stream: LogStream, text: string): void {
  let rest = new TextEncoder().encode(text);
  while (rest.length > 0) rest = rest.subarray(stream.writeSync(rest));
}
