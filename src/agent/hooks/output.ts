/**
 * Logs the output of a hook's program: bounded, and without terminal control sequences.
 *
 * @module
 */

import { stripVTControlCharacters } from "node:util";
import type { Logger } from "../../lib/log.ts";
import type { OutputStream } from "../../lib/program.ts";

/** The log event of a line that a program wrote. */
export const HOOK_OUTPUT = "Hook output";
/** How many lines of one run are logged. */
export const MAX_HOOK_LINES = 200;

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

  /** The last non-blank line of stderr, if any. */
  get lastError(): string | undefined {
    return this.#lastError;
  }

  /** Logs a line. Blank lines are skipped; lines after the 200th are only counted. */
  readonly add = (stream: OutputStream, line: string): void => {
    // Counting is all that a flood costs; of stderr the last line is kept.
    if (this.#lines >= MAX_HOOK_LINES && stream === "stdout") {
      this.#lines++;
      return;
    }
    const text = withoutControls(line);
    if (text === "") return;
    if (stream === "stderr") this.#lastError = text;
    if (this.#lines++ < MAX_HOOK_LINES) this.#log.info(HOOK_OUTPUT, { hook: this.#hook, stream, line: text });
  };

  /** Logs how many lines were left out. */
  end(): void {
    const leftOut = this.#lines - MAX_HOOK_LINES;
    if (leftOut > 0) {
      this.#log.warning("Hook output cut", { hook: this.#hook, lines_left_out: leftOut });
    }
  }
}

/** Removes colours and other control sequences. */
function withoutControls(line: string): string {
  return stripVTControlCharacters(line).replace(/\t/g, " ").replace(/\p{Cc}/gu, "").trimEnd();
}
