/**
 * What a hook's program writes, into the log: bounded, and without what a terminal would obey.
 *
 * @module
 */

import { stripVTControlCharacters } from "node:util";
import type { Logger } from "../../lib/log.ts";
import type { OutputStream } from "../../lib/program.ts";

/** The event of a log line for each line that a program writes. */
export const HOOK_OUTPUT = "Hook output";
/** Lines of one run that are logged. */
const MAX_LINES = 200;

/** The output of one run. */
export class HookOutput {
  readonly #log: Logger;
  readonly #hook: string;
  #lines = 0;
  #lastError: string | undefined;

  constructor(log: Logger, hook: string) {
    this.#log = log;
    this.#hook = hook;
  }

  /** The last line of stderr that says something; `undefined`: there was none. */
  get lastError(): string | undefined {
    return this.#lastError;
  }

  /** Logs a line. Blank ones are left out, and those behind the 200th are only counted. */
  readonly add = (stream: OutputStream, line: string): void => {
    // A flood costs no more than counting it, but for the last line of stderr.
    if (this.#lines >= MAX_LINES && stream === "stdout") {
      this.#lines++;
      return;
    }
    const text = printable(line);
    if (text === "") return;
    if (stream === "stderr") this.#lastError = text;
    if (this.#lines++ < MAX_LINES) this.#log.info(HOOK_OUTPUT, { hook: this.#hook, stream, line: text });
  };

  /** There is no more. */
  end(): void {
    const leftOut = this.#lines - MAX_LINES;
    if (leftOut > 0) {
      this.#log.warning("Hook output cut", { hook: this.#hook, lines_left_out: leftOut });
    }
  }
}

/** A line without colours and other control sequences. */
function printable(line: string): string {
  return stripVTControlCharacters(line).replace(/\t/g, " ").replace(/\p{Cc}/gu, "").trimEnd();
}
