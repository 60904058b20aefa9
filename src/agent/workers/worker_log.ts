/**
 * Logs the lines of a worker, bounded in number and size: whatever runs in a worker must not fill the log.
 *
 * @module
 */

import { cutText } from "../../lib/cut_text.ts";
import type { LogFields, Logger } from "../../lib/log.ts";
import type { FromWorker } from "./messages.ts";

/** How many lines of one run are logged; a job has some dozens. */
export const MAX_WORKER_LOG_LINES = 500;
/** The most characters of one run, over all lines; the line that exceeds them is cut there, and the last. */
const MAX_WORKER_LOG_CHARACTERS = 512 * 1024;
/** The most entries of one list or object, and the most fields of a line. */
const MAX_ENTRIES = 50;
/** How deep lists and objects may be nested in a field. */
const MAX_DEPTH = 3;
/** No figure of this program has more digits. */
const MAX_BIGINT = 10n ** 60n;
/** The keys that say when a line was logged and by whom. */
const RESERVED: readonly string[] = ["event", "timestamp", "level", "run_id", "job"];

/** The lines of one run. */
export class WorkerLog {
  readonly #log: Logger;
  #lines = 0;
  #leftOut = 0;
  #characters = 0;

  constructor(log: Logger) {
    this.#log = log;
  }

  /** Logs a line, or only counts it once the run has logged enough. */
  add({ level, event, fields }: Extract<FromWorker, { type: "log" }>): void {
    if (this.#lines >= MAX_WORKER_LOG_LINES || this.#isFull) {
      this.#leftOut++;
      return;
    }
    this.#lines++;
    this.#counted(event);
    const own = Object.entries(fields).filter(([key]) => !RESERVED.includes(key));
    this.#log[level](event, this.#boundedEntries(own, MAX_DEPTH));
  }

  /** Logs how many lines were left out. */
  end(): void {
    if (this.#leftOut > 0) this.#log.warning("Worker's log cut", { lines_left_out: this.#leftOut });
  }

  get #isFull(): boolean {
    return this.#characters >= MAX_WORKER_LOG_CHARACTERS;
  }

  #boundedEntries(entries: readonly (readonly [string, unknown])[], depth: number): LogFields {
    return Object.fromEntries(
      this.#fitting(entries).map((
        [key, value],
      ) => [this.#counted(cutText(key)), this.#bounded(value, depth)]),
    );
  }

  /** A copy of a value that a structured clone can hold, without what is too long or too deep. */
  #bounded(value: unknown, depth: number): unknown {
    switch (typeof value) {
      case "string":
        return this.#counted(cutText(value));
      case "bigint":
        if (value >= MAX_BIGINT || value <= -MAX_BIGINT) {
          return this.#counted("(a number beyond all figures)");
        }
        break;
      case "object":
        if (value === null) break;
        if (depth === 0) return this.#counted("…");
        if (Array.isArray(value)) {
          this.#counted("[]");
          return Array.from(this.#fitting(value), (entry) => this.#bounded(entry, depth - 1));
        }
        // A typed array has an entry for each byte.
        if (Object.getPrototypeOf(value) !== Object.prototype) {
          return this.#counted(Object.prototype.toString.call(value));
        }
        this.#counted("{}");
        return this.#boundedEntries(Object.entries(value), depth - 1);
    }
    this.#counted(String(value));
    return value;
  }

  /** The entries of a list or object as long as there is room for them. */
  *#fitting<T>(entries: readonly T[]): Generator<T> {
    for (const entry of entries.slice(0, MAX_ENTRIES)) {
      if (this.#isFull) return;
      yield entry;
    }
  }

  #counted(text: string): string {
    // With what stands around it.
    this.#characters += text.length + 2;
    return text;
  }
}
