import type { LogFields, Logger } from "../../src/lib/log.ts";

/** One recorded line. */
export interface LogLine {
  readonly level: string;
  readonly event: string;
  readonly fields: LogFields;
}

/** A logger that keeps what is logged. */
export class LogRecorder implements Logger {
  readonly debug = this.#at("debug");
  readonly info = this.#at("info");
  readonly warning = this.#at("warning");
  readonly error = this.#at("error");

  constructor(readonly lines: LogLine[] = [], readonly common: LogFields = {}) {}

  with(fields: LogFields): LogRecorder {
    return new LogRecorder(this.lines, { ...this.common, ...fields });
  }

  /** The events of a level, or of all. */
  events(level?: string): string[] {
    return this.lines.filter((line) => level === undefined || line.level === level).map(({ event }) => event);
  }

  /** The fields of the last line with this event. */
  fieldsOf(event: string): LogFields | undefined {
    return this.lines.findLast((line) => line.event === event)?.fields;
  }

  #at(level: string): (event: string, fields?: LogFields) => void {
    return (event, fields = {}) => {
      this.lines.push({ level, event, fields: { ...this.common, ...fields } });
    };
  }
}
